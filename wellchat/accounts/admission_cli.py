"""Define `wellchat user invite` and `wellchat user confirm`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts import admission
from wellchat.accounts.forms import ForgotPassword
from wellchat.accounts.models import CLIENT, PROFESSIONAL
from wellchat.accounts.named import account_named, external_id_option
from wellchat.config import setting
from wellchat.errors import WellchatError
from wellchat.forms import fill


@click.command("invite")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice((CLIENT, PROFESSIONAL)))
@with_appcontext
def invite(email: str, role: str) -> None:
    """Mail somebody an invitation, and print its link. It works once, for 7 days."""
    try:
        address = fill(ForgotPassword, {"email": email}).email
        path = admission.invite(email=address, role=role, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(setting("BASE_URL") + path)


@click.command("confirm")
@click.argument("email")
@external_id_option
@with_appcontext
def confirm(email: str) -> None:
    """Confirm a professional who signed up while WELLCHAT_CONFIRM_PROFESSIONALS is on."""
    found = account_named(email)
    done = admission.confirm_professional(user_id=found.id, now=clock.now())
    click.echo("Confirmed." if done else "They were confirmed already.")


COMMANDS = (invite, confirm)
