"""Define `wellchat key`: make, list, rotate and end the keys of the host."""

from __future__ import annotations

import json
from typing import Any

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.clock import iso
from wellchat.errors import WellchatError
from wellchat.host import keys
from wellchat.host.models import HostKey

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")


def _as_data(key: HostKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "networks": key.networks,
        "made_at": iso(key.made_at),
        "ends_at": iso(key.ends_at),
        "last_used_at": iso(key.last_used_at),
        "last_used_from": key.last_used_from,
        "rotated_to": key.rotated_to,
        "ended_at": iso(key.ended_at),
    }


def _print(made: keys.Made, as_json: bool) -> None:
    click.echo(json.dumps({**_as_data(made.key), "key": made.secret}) if as_json else made.secret)


@click.group("key")
def key_group() -> None:
    """Keys with which the platform's servers call the host API."""


@key_group.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; several times.")
@click.option("--days", type=int, default=keys.LASTS_DAYS, show_default=True, help="How long it lasts.")
@click.option(
    "--network", "networks", multiple=True, metavar="CIDR", help="From where; everywhere if not given."
)
@as_json_option
@with_appcontext
def create(name: str, scopes: tuple[str, ...], days: int, networks: tuple[str, ...], as_json: bool) -> None:
    """Make a key, and print it, once."""
    try:
        made = keys.make_key(name=name, scopes=scopes, days=days, networks=networks, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    _print(made, as_json)


@key_group.command("list")
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@as_json_option
@with_appcontext
def list_keys(ended: bool, as_json: bool) -> None:
    """List the keys that work, without their secrets."""
    found = keys.keys(now=clock.now(), ended=ended)
    if as_json:
        click.echo(json.dumps([_as_data(key) for key in found], indent=2))
        return
    for key in found:
        used = iso(key.last_used_at) or "not used yet"
        click.echo("\t".join((key.id, key.name, " ".join(key.scopes), f"ends {iso(key.ends_at)}", used)))


@key_group.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace", type=int, default=keys.GRACE_HOURS, show_default=True, help="Hours that the old one works."
)
@as_json_option
@with_appcontext
def rotate(key_id: str, grace: int, as_json: bool) -> None:
    """Make a key like this one, and print it, once. The old one works a while longer."""
    try:
        made = keys.rotate_key(key_id=key_id, grace_hours=grace, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    _print(made, as_json)


@key_group.command("end")
@click.argument("key_id", metavar="ID")
@as_json_option
@with_appcontext
def end(key_id: str, as_json: bool) -> None:
    """End a key at once."""
    try:
        key = keys.end_key(key_id=key_id, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    click.echo(json.dumps(_as_data(key)) if as_json else "Ended.")
