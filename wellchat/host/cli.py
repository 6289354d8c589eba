"""Define what `wellchat user`, `connection` and `subject` do with the host's ids, as the host API does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.errors import WellchatError
from wellchat.host.calls import Answer, Caller, HostCall
from wellchat.host.connections_calls import put_connection
from wellchat.host.people_calls import get_user, make_sign_in_link, put_user, rename_user
from wellchat.host.performing import Given, perform
from wellchat.host.scopes import SCOPES
from wellchat.host.subjects_calls import delete_subject

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")


def do(call: HostCall, args: Mapping[str, str], body: Any = None, *, dry_run: bool = False) -> Answer:
    """Do a call of the host API as the operator, who may do all of them. Raises ClickException."""
    caller = Caller("", tuple(SCOPES), clock.now())
    # A command is repeated by hand, if at all: a key of its own each time.
    given = Given("", args, body, {}, clock.now().isoformat(), dry_run)
    try:
        return perform(call, caller, given)
    except WellchatError as error:
        raise click.ClickException(error.line) from None


def say(answer: Answer, as_json: bool, text: str) -> None:
    """Print the answer as JSON, or the text."""
    click.echo(json.dumps(answer.body or {}) if as_json else text)


def changes(answer: Answer) -> str:
    """Return in words what a call has changed."""
    body = answer.body or {}
    if body.get("stale"):
        return "nothing, for a newer change was taken"
    return "made" if answer.status == 201 else ", ".join(body.get("changed", [])) or "nothing changed"


@click.command("put")
@click.argument("external_id")
@click.option("--name")
@click.option("--role", type=click.Choice(("client", "professional")))
@click.option("--email", help="Empty for none.")
@click.option("--email-verified/--email-unverified", default=None)
@click.option("--role-label", help="Empty for none.")
@click.option("--locale", help="Empty for none.")
@click.option("--time-zone", metavar="IANA")
@click.option("--open-to-clients/--closed-to-clients", default=None)
@click.option("--as-of", metavar="ISO", help="When the platform changed it.")
@dry_run_option
@as_json_option
@with_appcontext
def put_person(external_id: str, dry_run: bool, as_json: bool, **given: Any) -> None:
    """Make or change the person with this id of the platform's. What is not given is kept."""
    body = {
        name: value or None if value == "" else value for name, value in given.items() if value is not None
    }
    answer = do(put_user, {"ext": external_id}, body, dry_run=dry_run)
    say(answer, as_json, f"{(answer.body or {})['user']['id']}\t{changes(answer)}")


@click.command("find")
@click.argument("external_id")
@as_json_option
@with_appcontext
def find_person(external_id: str, as_json: bool) -> None:
    """Show the person with this id of the platform's."""
    answer = do(get_user, {"ext": external_id})
    user = (answer.body or {})["user"]
    say(answer, as_json, "\t".join((user["id"], user["name"], user["role"], user["email"] or "")).rstrip())


@click.command("rename")
@click.argument("external_id")
@click.argument("new_id")
@dry_run_option
@as_json_option
@with_appcontext
def rename_person(external_id: str, new_id: str, dry_run: bool, as_json: bool) -> None:
    """Give a person another id of the platform's."""
    answer = do(rename_user, {"ext": external_id}, {"external_id": new_id}, dry_run=dry_run)
    say(answer, as_json, changes(answer))


@click.command("sign-in-link")
@click.argument("external_id")
@click.option("--to", default="/", show_default=True)
@as_json_option
@with_appcontext
def sign_in_link(external_id: str, to: str, as_json: bool) -> None:
    """Print a link that signs a person in, once, within 60 seconds."""
    answer = do(make_sign_in_link, {"ext": external_id}, {"to": to})
    say(answer, as_json, (answer.body or {})["url"])


USER_COMMANDS = (put_person, find_person, rename_person, sign_in_link)


@click.group()
def connection() -> None:
    """Which client and which professional may write to each other."""


@connection.command("put")
@click.argument("client")
@click.argument("professional")
@click.option("--ended/--open", "ended", default=None, help="Close writing on both sides, or open it again.")
@click.option("--trade")
@dry_run_option
@as_json_option
@with_appcontext
def put_pair(
    client: str, professional: str, ended: bool | None, trade: str | None, dry_run: bool, as_json: bool
) -> None:
    """Connect two people by the platform's ids, or end that."""
    body: dict[str, Any] = {"client": client, "professional": professional, "ended": ended, "trade": trade}
    body = {name: value for name, value in body.items() if value is not None}
    answer = do(put_connection, {}, body, dry_run=dry_run)
    say(answer, as_json, f"{(answer.body or {})['connection']['id']}\t{changes(answer)}")


@click.command("delete")
@click.argument("kind")
@click.argument("external_id")
@dry_run_option
@as_json_option
@with_appcontext
def delete(kind: str, external_id: str, dry_run: bool, as_json: bool) -> None:
    """Take a subject out of every list. Messages keep its title, and its conversation stays."""
    answer = do(delete_subject, {"kind": kind, "ext": external_id}, dry_run=dry_run)
    say(answer, as_json, "Hidden.")


SUBJECT_COMMANDS = (delete,)
