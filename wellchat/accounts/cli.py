"""Define `wellchat user create` and `wellchat token create`."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts import actions
from wellchat.accounts.credentials import refuse_own_words
from wellchat.accounts.forms import NewUser, TokenName
from wellchat.accounts.models import ROLES
from wellchat.accounts.named import account_named, external_id_option
from wellchat.accounts.scopes import DEFAULT_SCOPES, SCOPES
from wellchat.errors import Invalid, WellchatError
from wellchat.forms import fill


@click.group()
def user() -> None:
    """Accounts."""


@user.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--password", help="From standard input where it is not given.")
@click.option("--time-zone", default="UTC", show_default=True, metavar="IANA")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def create_user(
    email: str, name: str, role: str, password: str | None, time_zone: str, as_json: bool
) -> None:
    """Make an account, its address taken as verified; prints its id."""
    given = _password() if password is None else password
    try:
        form = fill(
            NewUser, {"email": email, "name": name, "role": role, "password": given, "time_zone": time_zone}
        )
        if form.password is not None:
            refuse_own_words(form.password, form.name, form.email)
        made = actions.create_user(**form.model_dump(), now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(json.dumps({"id": made.id, "email": made.email, "role": made.role}) if as_json else made.id)


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@click.group()
def token() -> None:
    """Bearer tokens."""


@token.command("create")
@click.argument("email")
@external_id_option
@click.option("--name", default="", help="To tell it from others on the settings page.")
@click.option("--days", type=click.IntRange(1, 365), help="How long it lasts; one hour if not given.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=DEFAULT_SCOPES,
    show_default=True,
    help="What it may do; can be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def create_token(email: str, name: str, days: int | None, scopes: tuple[str, ...], as_json: bool) -> None:
    """Print a new bearer token for somebody, once."""
    owner = account_named(email)
    try:
        label = fill(TokenName, {"name": name}).name
    except Invalid as refusal:
        raise click.ClickException(refusal.detail) from None
    lasts = timedelta(days=days) if days else timedelta(hours=1)
    secret = actions.create_token(user_id=owner.id, name=label, lasts=lasts, scopes=scopes, now=clock.now())
    click.echo(json.dumps({"token": secret}) if as_json else secret)
