"""Define `wellchat connect`."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from wellchat import branding, clock
from wellchat.accounts.queries import user_by_email
from wellchat.connections import actions
from wellchat.db import transaction
from wellchat.errors import WellchatError


@click.command()
@click.argument("client_email")
@click.argument("professional_email")
@click.option("--trade", help="The key of a trade, which says what the two are called; empty for none.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def connect(client_email: str, professional_email: str, trade: str | None, as_json: bool) -> None:
    """Let a client and a professional talk; prints the connection's id, the same however often."""
    branding.keep_fresh()
    if trade and trade not in branding.trades():
        raise click.ClickException(f"There is no trade {trade}. Make it with `wellchat trade put {trade}`.")
    try:
        with transaction():
            made = actions.connect(
                client_id=_id_of(client_email), professional_id=_id_of(professional_email), now=clock.now()
            )
            if trade is not None:
                made.trade = trade or None
    except WellchatError as error:
        raise click.ClickException(error.detail) from None
    click.echo(json.dumps({"id": made.id}) if as_json else made.id)


def _id_of(email: str) -> str:
    user = user_by_email(email)
    if user is None:
        raise click.ClickException(f"Nobody here has the address {email}.")
    return user.id
