"""Let `wellchat user create`, `connect` and `subject put` name people by the platform's ids.

With `--external-id` they do what the call of the host API does, and `--json` prints its answer. Without it
they are the commands of the features below, as those define them.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import click
from flask.cli import with_appcontext

from wellchat.accounts.cli import create_user
from wellchat.clock import iso
from wellchat.connections.cli import connect
from wellchat.host.cli import changes, do, say
from wellchat.host.connections_calls import put_connection
from wellchat.host.people_calls import put_user
from wellchat.host.subjects_calls import put_subject
from wellchat.subjects.cli import put


def _wider(command: click.Command, option: click.Option, act: Callable[..., None]) -> click.Command:
    """Return the command with this option: where it is given, `act` is called in place of the command."""
    wider = copy(command)
    wider.params = [*command.params, option]
    usual = command.callback
    assert usual is not None

    def either(platform_id: Any, **given: Any) -> Any:
        if not platform_id:
            return usual(**given)
        return act(**given) if platform_id is True else act(platform_id, **given)

    wider.callback = with_appcontext(either)
    return wider


def _flag() -> click.Option:
    help_line = "People are named by the platform's ids."
    return click.Option(["--external-id", "platform_id"], is_flag=True, help=help_line)


def _create(
    platform_id: str, email: str, role: str, password: str | None, as_json: bool, **given: str
) -> None:
    if password is not None:
        raise click.UsageError("People of the platform have no password here.")
    if role == "admin":
        raise click.UsageError("An administrator is nobody of the platform's.")
    body = {"email": email, "email_verified": True, "role": role, **given}
    answer = do(put_user, {"ext": platform_id}, body)
    say(answer, as_json, f"{(answer.body or {})['user']['id']}\t{changes(answer)}")


def _connect(client_email: str, professional_email: str, as_json: bool, **given: Any) -> None:
    # Empty clears, as in the command without ids.
    body = {name: value or None for name, value in given.items() if value is not None}
    body |= {"client": client_email, "professional": professional_email}
    answer = do(put_connection, {}, body)
    say(answer, as_json, f"{(answer.body or {})['connection']['id']}\t{changes(answer)}")


def _put(kind: str, external_id: str, quiet: bool, as_json: bool, starts_at: Any, **given: Any) -> None:
    body = {name: value for name, value in given.items() if value is not None}
    body |= {"silent": quiet, **({"starts_at": iso(starts_at)} if starts_at else {})}
    answer = do(put_subject, {"kind": kind, "ext": external_id}, body)
    say(answer, as_json, f"{(answer.body or {})['subject']['id']}\t{changes(answer)}")


_own_id = click.Option(
    ["--external-id", "platform_id"], metavar="ID", help="The platform's own id of this person."
)

CREATE = _wider(create_user, _own_id, _create)
CONNECT = _wider(connect, _flag(), _connect)
PUT = _wider(put, _flag(), _put)
