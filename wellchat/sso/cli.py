"""`wellchat sso-key`: the keys that sign the tokens of the host."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, TextIO

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.errors import Invalid, WellchatError
from wellchat.sso import keys
from wellchat.sso.models import ALGORITHMS, HS256, SsoKey

sso_key = AppGroup("sso-key", help="Keys that sign the tokens with which the host's people sign in.")


@sso_key.command("create")
@click.argument("name", default="")
@click.option("--alg", type=click.Choice(ALGORITHMS), default=HS256, show_default=True)
@click.option("--public", type=click.File(), help="The host's public key: PEM or JWK.")
@click.option("--jwks", "jwks_url", metavar="URL", help="Where the host's public keys stand.")
@click.option("--joins-by-email", is_flag=True, help="A verified address may join an account that stands.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it lasts; if not given, until ended.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def create(
    name: str,
    alg: str,
    public: TextIO | None,
    jwks_url: str | None,
    joins_by_email: bool,
    days: int | None,
    as_json: bool,
) -> None:
    """Make a key; prints its kid, and the secret of HS256, once."""
    now = clock.now()
    if len(name) > 80 or not name.isprintable():
        raise click.ClickException("A name has at most 80 characters, on one line.")
    try:
        key, secret = keys.create_key(
            alg=alg,
            name=name,
            now=now,
            public=public.read() if public else None,
            jwks_url=jwks_url,
            joins_by_email=joins_by_email,
            ends_at=now + timedelta(days=days) if days else None,
        )
    except Invalid as refusal:
        raise click.ClickException(refusal.detail) from None
    except UnicodeDecodeError:
        raise click.ClickException("The file holds no text; give a PEM or a JWK.") from None
    if as_json:
        click.echo(json.dumps(_as_data(key, now) | ({"secret": secret} if secret else {})))
        return
    click.echo(f"kid     {key.kid}" if not jwks_url else f"id      {key.kid}")
    if secret:
        click.echo(f"secret  {secret}")


@sso_key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def list_keys(as_json: bool) -> None:
    """Print all keys, without secrets."""
    now = clock.now()
    found = [_as_data(key, now) for key in keys.keys_in_order()]
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        joins = "joins by email" if each["joins_by_email"] else ""
        parts = (each["kid"], f"{each['alg']:5}", each["state"], each["name"], each["jwks"] or "", joins)
        click.echo("  ".join(filter(None, parts)))
    if not found:
        click.echo("No keys. `wellchat sso-key create` makes one.")


@sso_key.command("end")
@click.argument("kid")
def end(kid: str) -> None:
    """End a key at once: no token that it signed is taken any more."""
    try:
        keys.end_key(kid=kid, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None


def _as_data(key: SsoKey, now: datetime) -> dict[str, Any]:
    over_at = key.ended_at or key.ends_at
    return {
        "kid": key.kid,
        "name": key.name,
        "alg": key.alg,
        "state": "ended" if key.is_over(now) else "good",
        "jwks": key.jwks_url,
        "joins_by_email": key.joins_by_email,
        "made_at": clock.iso(key.made_at),
        "ends_at": clock.iso(over_at),
    }
