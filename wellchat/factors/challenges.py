"""Keep what is under way: challenges for passkeys, and sign-ins whose second step is to come.

Each is good once and for five minutes. The browser's signed cookie holds the key to it and nothing else.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select

from wellchat.accounts.models import User, sha256_hex
from wellchat.db import db, transaction
from wellchat.factors.models import FactorChallenge, HalfSignIn

LASTS = timedelta(minutes=5)
# What a passkey is asked for: to be added, to sign in alone, to be the second step, to prove who is there.
ADD, ALONE, SECOND, PROVE = ("add", "alone", "second", "prove")


def make_challenge(*, purpose: str, user_id: str | None, now: datetime) -> FactorChallenge:
    """Store a new challenge of 32 random bytes. Its `id` is for the cookie of the browser."""
    made = FactorChallenge(purpose=purpose, user_id=user_id, challenge=secrets.token_bytes(32))
    made.ends_at = now + LASTS
    with transaction() as session:
        session.add(made)
        session.flush()
    return made


def take_challenge(
    challenge_id: str | None, *, purpose: str, user_id: str | None, now: datetime
) -> bytes | None:
    """Use up a challenge. Return None if it is used, too old, or for another purpose or person."""
    if not challenge_id:
        return None
    # DELETE decides: of two that come at once only one gets the row.
    taken = (
        delete(FactorChallenge)
        .where(
            FactorChallenge.id == challenge_id,
            FactorChallenge.purpose == purpose,
            FactorChallenge.ends_at > now,
            FactorChallenge.user_id.is_(None) if user_id is None else FactorChallenge.user_id == user_id,
        )
        .returning(FactorChallenge.challenge)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        return session.execute(taken).scalar_one_or_none()


class Half(NamedTuple):
    """A sign-in whose second step is to come."""

    user: User
    remember: bool


def begin_half(*, user: User, remember: bool, now: datetime) -> str:
    """Remember that this person's password was right. Return the secret for the browser's cookie."""
    secret = secrets.token_urlsafe(24)
    # Only the digest is stored: who can read the table cannot finish anybody's sign-in.
    half = HalfSignIn(digest=sha256_hex(secret), user_id=user.id, session_epoch=user.session_epoch)
    half.remember, half.ends_at = remember, now + LASTS
    with transaction() as session:
        session.add(half)
    return secret


def half_of(secret: str | None, *, now: datetime) -> Half | None:
    """Return the sign-in that the secret of a cookie stands for, or None if it is over."""
    if not secret:
        return None
    query = (
        select(User, HalfSignIn.remember)
        .join(HalfSignIn, HalfSignIn.user_id == User.id)
        .where(
            HalfSignIn.digest == sha256_hex(secret),
            HalfSignIn.ends_at > now,
            HalfSignIn.session_epoch == User.session_epoch,
            User.disabled_at.is_(None),
        )
    )
    found = db.session.execute(query).one_or_none()
    return Half(*found) if found else None


def finish_half(secret: str) -> bool:
    """Use up a sign-in whose second step was right. Return False if another request did so before."""
    done = (
        # DELETE decides: a cookie that was copied makes one session, not two.
        delete(HalfSignIn).where(HalfSignIn.digest == sha256_hex(secret)).returning(HalfSignIn.digest)
    ).execution_options(synchronize_session=False)
    with transaction() as session:
        return session.execute(done).scalar_one_or_none() is not None


def trim_challenges(*, now: datetime) -> int:
    """Delete what is over. Return how many."""
    gone = 0
    with transaction() as session:
        for model in (FactorChallenge, HalfSignIn):
            done = session.execute(delete(model).where(model.ends_at < now))
            gone += int(done.rowcount)  # type: ignore[attr-defined]
    return gone
