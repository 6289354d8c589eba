"""Define `wellchat user reset-factors`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.named import account_named, external_id_option
from wellchat.clock import iso
from wellchat.errors import WellchatError
from wellchat.factors.forms import ResetReason
from wellchat.factors.resets import ask_reset, reset_now
from wellchat.forms import fill


@click.command("reset-factors")
@click.argument("email")
@external_id_option
@click.option("--reason", required=True, help="Why, such as a case number. It stays in the security log.")
@click.option("--now", "at_once", is_flag=True, help="Do not wait 24 hours: you have seen who asks.")
@with_appcontext
def reset_factors(email: str, reason: str, at_once: bool) -> None:
    """Take all second factors from somebody who lost them, after 24 hours in which they can stop it."""
    owner = account_named(email)
    try:
        words = fill(ResetReason, {"reason": reason}).reason
        if at_once:
            reset_now(user_id=owner.id, now=clock.now(), reason=words)
            click.echo("Reset. They sign in with their password alone until they set up a factor.")
            return
        due_at = ask_reset(user_id=owner.id, reason=words, asked_by=None, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(f"Due at {iso(due_at)}. They were mailed how to stop it.")
