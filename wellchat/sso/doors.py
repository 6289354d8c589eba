"""What every door does that takes a token of the host: find the person, use it up, write down refusals."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from wellchat.accounts.links import use_once
from wellchat.accounts.models import User
from wellchat.audit.actions import record_refusal
from wellchat.audit.models import STRANGER
from wellchat.db import transaction
from wellchat.identities.models import HOST
from wellchat.sso.jose import Unfit
from wellchat.sso.people import Stranger, person_of
from wellchat.sso.tokens import BadToken, HostClaims

log = logging.getLogger(__name__)

# What says at home that a second factor was asked for (RFC 8176 and what providers send).
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face"})


def person_of_token(claims: HostClaims, now: datetime) -> User:
    """Return the active person of a token that was read, made if need be. Raises BadToken."""
    stranger = Stranger(
        source=HOST,
        external_id=claims.sub,
        joins_by_email=claims.joins_by_email,
        name=claims.name,
        email=claims.email,
        email_verified=claims.email_verified,
        role=claims.role,
        role_label=claims.role_label,
        locale=claims.locale,
        zoneinfo=claims.zoneinfo,
        as_of=claims.as_of,
    )
    try:
        return person_of(stranger, now)
    except Unfit as unfit:
        raise BadToken(unfit.code, unfit.reason, kid=claims.kid) from None


def use_up(claims: HostClaims, now: datetime) -> None:
    """Use up a token, so that it is good once. Raises BadToken without `jti`, and the second time."""
    if claims.jti is None:
        raise BadToken("no_jti", "The token needs jti, a text that no other token has.", kid=claims.kid)
    with transaction():
        # The primary key lets one of two at once through. It is kept far longer than the token is good.
        is_first = use_once(f"sso:{claims.kid}:{claims.jti}", now=now)
    if not is_first:
        raise BadToken(
            "used_before", "A token with this jti came before. Make a new one each time.", kid=claims.kid
        )


def note_refusal(error: BadToken, door: str, now: datetime) -> None:
    """Write a refusal down: one row of the security log, and one line of the log with the reason."""
    detail = {"code": error.code, "reason": error.reason, "kid": error.kid, "door": door}
    log.warning("sign-on refused at %s: %s: %s", door, error.code, error.reason)
    record_refusal("sso.refused", now=now, actor_kind=STRANGER, detail=detail)


def asked_second_factor(amr: tuple[str, ...]) -> bool:
    """Return whether those who signed the person in asked for a second factor (RFC 8176)."""
    # A one-time code alone is one factor; beside a password it is the second.
    return "mfa" in amr or ("pwd" in amr and not SECOND_FACTORS.isdisjoint(amr))


def proved_lately(auth_time: int | None, now: datetime, within: timedelta) -> bool:
    """Return whether the person signed in at home within this time; True where home does not say."""
    return auth_time is None or now.timestamp() - auth_time < within.total_seconds()
