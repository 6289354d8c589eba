"""Define `wellchat user list|show|disable|enable|role|sign-out`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.duties import ADMIN_ROLES
from wellchat.accounts.models import ADMIN, ROLES, User
from wellchat.accounts.named import account_named, external_id_option
from wellchat.accounts.queries import tokens_of
from wellchat.clock import iso
from wellchat.errors import WellchatError
from wellchat.safety import people
from wellchat.safety.queries import list_people

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")
reason_option = click.option("--reason", required=True, help="Why. It is kept on record.")


def _as_data(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "admin_roles": user.admin_roles.split(),
        "verified_at": iso(user.verified_at),
        "disabled_at": iso(user.disabled_at),
        "paused_until": iso(user.paused_until),
        "created_at": iso(user.created_at),
    }


def _done(email: str, as_json: bool, act: Callable[[User], None], text: str) -> None:
    """Do something about a person, and print what they are now."""
    user = account_named(email)
    try:
        act(user)
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(json.dumps(_as_data(account_named(email))) if as_json else text)


@click.command("list")
@click.option("--role", type=click.Choice(ROLES))
@click.option("--disabled/--active", "disabled", default=None, help="Only these.")
@click.option("--find", "q", default="", metavar="TEXT", help="In the address or the name.")
@as_json_option
@with_appcontext
def list_users(role: str | None, disabled: bool | None, q: str, as_json: bool) -> None:
    """List people, by address."""
    found = list_people(role=role, disabled=disabled, q=q)
    if as_json:
        click.echo(json.dumps([_as_data(user) for user in found], indent=2))
        return
    for user in found:
        state = "disabled" if not user.is_active else user.admin_roles.replace(" ", ",")
        click.echo("\t".join((user.email or user.id, user.name, user.role, state)).rstrip())


@click.command("show")
@click.argument("email")
@external_id_option
@as_json_option
@with_appcontext
def show_user(email: str, as_json: bool) -> None:
    """Show one person: what they are, since when, and whether they may sign in and send."""
    user = account_named(email)
    data = _as_data(user) | {"tokens": len(tokens_of(user))}
    if as_json:
        click.echo(json.dumps(data))
        return
    for name, value in data.items():
        shown = ",".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<14}{'-' if shown in (None, '') else shown}")


@click.command("disable")
@click.argument("email")
@external_id_option
@reason_option
@as_json_option
@with_appcontext
def disable_user(email: str, reason: str, as_json: bool) -> None:
    """Disable an account: nobody signs in, every session ends, nothing is lost. They are mailed that."""
    _done(
        email,
        as_json,
        lambda user: people.disable(by=None, user_id=user.id, reason=reason, now=clock.now()),
        "Disabled.",
    )


@click.command("enable")
@click.argument("email")
@external_id_option
@click.option("--reason", default="By the operator", show_default=True)
@as_json_option
@with_appcontext
def enable_user(email: str, reason: str, as_json: bool) -> None:
    """Enable an account again, with everything that it had."""
    _done(
        email,
        as_json,
        lambda user: people.enable(by=None, user_id=user.id, reason=reason, now=clock.now()),
        "Enabled.",
    )


@click.command("sign-out")
@click.argument("email")
@external_id_option
@click.option("--reason", default="By the operator", show_default=True)
@as_json_option
@with_appcontext
def sign_out_user(email: str, reason: str, as_json: bool) -> None:
    """End every session and token of a person."""
    _done(
        email,
        as_json,
        lambda user: people.sign_out(by=None, user_id=user.id, reason=reason, now=clock.now()),
        "Signed out everywhere.",
    )


@click.command("role")
@click.argument("email")
@external_id_option
@click.argument("roles")
@click.option("--reason", default="By the operator", show_default=True)
@as_json_option
@with_appcontext
def change_role(email: str, roles: str, reason: str, as_json: bool) -> None:
    """Make a person a client or professional, or an administrator with ROLES such as owner,support.

    What they are changes only while they have no conversations and bookings. The last owner cannot go.
    """
    names = [name.strip() for name in roles.split(",") if name.strip()]
    role = names[0] if len(names) == 1 and names[0] in ROLES else ADMIN
    if role == ADMIN and (unknown := [name for name in names if name not in ADMIN_ROLES] or not names):
        wrong = ", ".join(unknown) if isinstance(unknown, list) else "nothing"
        choices = ", ".join((*ROLES[:2], *ADMIN_ROLES))
        raise click.UsageError(
            f"ROLES says {wrong}; choose from {choices}. Several of the last four go together."
        )

    def act(user: User) -> None:
        admin_roles = names if role == ADMIN else ()
        people.change_role(
            by=None, user_id=user.id, role=role, admin_roles=admin_roles, reason=reason, now=clock.now()
        )

    _done(email, as_json, act, f"Is now {', '.join(names)}.")


commands = (list_users, show_user, disable_user, enable_user, sign_out_user, change_role)
