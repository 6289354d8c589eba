"""`wellchat subject`: commands with which scripts of the host platform put subjects."""

from __future__ import annotations

import json
from datetime import datetime

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.queries import user_by_email
from wellchat.command_types import Moment
from wellchat.errors import WellchatError
from wellchat.subjects.actions import put_subject


@click.group()
def subject() -> None:
    """Things of the host platform that threads are about."""


@subject.command("put")
@click.argument("kind")
@click.argument("external_id")
@click.option("--title", required=True)
@click.option("--professional", required=True, metavar="EMAIL")
@click.option("--client", metavar="EMAIL")
@click.option("--url")
@click.option("--starts-at", type=Moment(), help="With its zone, such as 2026-11-21T14:00:00Z.")
@click.option("--status")
@click.option("--quiet", is_flag=True, help="Tell nobody that it was booked, moved or cancelled.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def put(
    kind: str,
    external_id: str,
    title: str,
    professional: str,
    client: str | None,
    url: str | None,
    starts_at: datetime | None,
    status: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Create or update a subject; prints its id."""
    try:
        made = put_subject(
            kind=kind,
            external_id=external_id,
            title=title,
            professional_id=_id_of(professional),
            client_id=_id_of(client) if client else None,
            url=url,
            starts_at=starts_at,
            status=status,
            notify=not quiet,
            now=clock.now(),
        )
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(json.dumps({"id": made.id}) if as_json else made.id)


def _id_of(email: str) -> str:
    user = user_by_email(email)
    if user is None:
        raise click.ClickException(f"Nobody here has the address {email}.")
    return user.id
