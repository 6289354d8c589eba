"""Write down which commands about people the operator runs, before they do anything."""

from __future__ import annotations

import getpass
from copy import copy
from typing import Any

import click
from click.core import ParameterSource
from flask import Flask
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.queries import id_by_email
from wellchat.audit.actions import record
from wellchat.audit.models import OPERATOR

GROUPS = ("user", "token", "subject", "mail")  # they read or change people
COMMANDS = ("connect",)  # the same, outside of a group
MACHINES = ("mail receive", "mail serve")  # run for each mail by the mail server, not by a person


class RecordedGroup(click.Group):
    """A group of commands that are in the security log."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, recorded, unless a machine runs it."""
        found = super().get_command(ctx, cmd_name)
        name = f"{self.name} {cmd_name}"
        if found is None or isinstance(found, click.Group) or name in MACHINES:
            return found
        return recorded(found, name)


def recorded(command: click.Command, name: str) -> click.Command:
    """Return a copy of the command that first writes that it is run. If that fails, it does not run."""
    changed, act = copy(command), command.callback

    @with_appcontext
    def run(*args: Any, **kwargs: Any) -> Any:
        _record(name, click.get_current_context())
        return act(*args, **kwargs) if act else None

    changed.callback = run
    return changed


def _record(name: str, ctx: click.Context) -> None:
    given = [
        option
        for option in ctx.params
        if option != "email" and ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
    ]
    email = ctx.params.get("email")
    record(
        "operator.command",
        now=clock.now(),
        actor_kind=OPERATOR,
        person_id=id_by_email(email) if isinstance(email, str) else None,
        # Names of options only: a value may be a password.
        detail={"command": name, "options": " ".join(sorted(given)), "system_user": system_user()},
    )


def system_user() -> str:
    """Return the name of the user of the operating system who runs this, "" if it has none."""
    try:
        return getpass.getuser()[:80]
    except (KeyError, OSError):
        return ""


def init_app(app: Flask) -> None:
    """Put the commands on record. Features above may still add some to the groups."""
    for name in COMMANDS:
        app.cli.commands[name] = recorded(app.cli.commands[name], name)
    for name in GROUPS:
        group = app.cli.commands[name]
        assert isinstance(group, click.Group)
        app.cli.commands[name] = RecordedGroup(name=group.name, help=group.help, commands=group.commands)
