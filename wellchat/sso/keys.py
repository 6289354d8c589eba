"""Make, list, find and end the keys that sign the tokens of the host."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import or_, select

from wellchat import sealing
from wellchat.audit.actions import record
from wellchat.db import db, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.sso.fetching import Unreachable
from wellchat.sso.jose import Unfit, jwk_of_text, public_key, secret_key
from wellchat.sso.key_sets import key_sets
from wellchat.sso.models import HS256, SsoKey

if TYPE_CHECKING:
    from joserfc.jwk import Key

USE = "sso.key"


def create_key(
    *,
    alg: str,
    name: str,
    now: datetime,
    public: str | None = None,
    jwks_url: str | None = None,
    joins_by_email: bool = False,
    ends_at: datetime | None = None,
) -> tuple[SsoKey, str | None]:
    """Make a key. Return it with its secret, which cannot be read again; None for a key of the host's.

    `public` is the text of a PEM or JWK. Raises Invalid.
    """
    given = [each for each in (public, jwks_url) if each is not None]
    if len(given) != (0 if alg == HS256 else 1):
        raise Invalid(
            {
                "alg": gettext(
                    "HS256 has a secret of ours. All others need the host's key: --public or --jwks."
                )
            }
        )
    kid = f"k{new_id()}"
    key = SsoKey(kid=kid, name=name, alg=alg, joins_by_email=joins_by_email, made_at=now, ends_at=ends_at)
    secret = secrets.token_urlsafe(32) if alg == HS256 else None
    if secret is not None:
        key.secret_sealed = sealing.seal(secret, use=USE, owner=kid)
    try:
        key.jwk = jwk_of_text(public, alg) if public is not None else None
    except Unfit as unfit:
        raise Invalid({"public": unfit.reason}) from None
    key.jwks_url = _web_address(jwks_url)
    with transaction() as session:
        session.add(key)
        record("sso_key.made", now=now, about=("sso_key", kid), detail={"alg": alg, "joins": joins_by_email})
    return key, secret


def _web_address(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 500 or not url.isprintable():
        raise Invalid({"jwks": gettext("This is no http(s) address.")})
    return url


def keys_in_order() -> list[SsoKey]:
    """Return all keys, oldest first."""
    return list(db.session.execute(select(SsoKey).order_by(SsoKey.made_at, SsoKey.kid)).scalars())


def end_key(*, kid: str, now: datetime) -> None:
    """End a key at once. Raises NotFound, and Conflict if it has ended."""
    with transaction() as session:
        # Locked: of two who end it, the second is told so.
        key = session.get(SsoKey, kid, populate_existing=True, with_for_update=True)
        if key is None:
            raise NotFound(gettext("There is no such key."))
        if key.is_over(now):
            raise Conflict(gettext("This key has ended already."))
        key.ended_at = now
        record("sso_key.ended", now=now, about=("sso_key", kid))


def find_key(kid: str, now: datetime) -> tuple[SsoKey, Key]:
    """Return the row and the key that a token with this `kid` must be signed with. Raises Unfit."""
    # One statement for both: the key itself, or all addresses at which it may stand.
    wanted = or_(SsoKey.kid == kid, SsoKey.jwks_url.is_not(None))
    rows = db.session.execute(select(SsoKey).where(wanted).order_by(SsoKey.made_at)).scalars().all()
    own = next((row for row in rows if row.kid == kid and row.jwks_url is None), None)
    if own is not None:
        if own.is_over(now):
            raise Unfit("key_ended", "The key of this token has ended. Use the one that came after it.")
        return own, key_of(own)
    for row, key in _at_addresses([row for row in rows if row.jwks_url and not row.is_over(now)], kid, now):
        return row, key
    raise Unfit("unknown_key", "No key has this kid. `wellchat sso-key list` shows those that are known.")


def key_of(row: SsoKey) -> Key:
    """Return the key of a row that has one itself. Raises Unfit."""
    if row.jwk is not None:
        return public_key(row.jwk, row.alg)
    try:
        return secret_key(sealing.unseal(row.secret_sealed or b"", use=USE, owner=row.kid))
    except sealing.Unreadable:
        reason = "The secret cannot be read: the SECRET_KEY was changed. Make a new key."
        raise Unfit("unreadable_key", reason) from None


def _at_addresses(rows: list[SsoKey], kid: str, now: datetime) -> Iterator[tuple[SsoKey, Key]]:
    unreachable: Unreachable | None = None
    for row in rows:
        try:
            for jwk in key_sets().find(str(row.jwks_url), kid, now):
                yield row, public_key(jwk, row.alg)
        except Unreachable as error:
            # The key may still stand at another address.
            unreachable = error
    if unreachable is not None:
        raise Unfit("keys_unreachable", str(unreachable))
