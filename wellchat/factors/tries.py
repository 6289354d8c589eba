"""Count tries at second factors: five a minute and twenty an hour for one account, over all doors together.

They are counted in the database, so that many processes share one count, and a Redis that is away opens no
door.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from wellchat.accounts.actions import lock_user
from wellchat.audit.actions import record_refusal
from wellchat.config import setting
from wellchat.db import transaction
from wellchat.errors import WellchatError
from wellchat.factors.models import FactorTry
from wellchat.i18n import N_, gettext

LIMITS = ((timedelta(minutes=1), 5), (timedelta(hours=1), 20))


class TooManyTries(WellchatError):
    """The account has used up its tries."""

    status = 429
    heading = N_("Too many requests")


def spend_try(*, user_id: str, now: datetime) -> None:
    """Count one more try of this account. Raises TooManyTries, and then counts nothing."""
    if not setting("RATE_LIMITS"):
        return
    try:
        with transaction() as session:
            # Tries at the same moment wait for each other here, so none of them is overlooked.
            lock_user(user_id)
            for span, most in LIMITS:
                since = select(func.count()).where(FactorTry.user_id == user_id, FactorTry.at > now - span)
                if session.execute(since).scalar_one() >= most:
                    raise TooManyTries(_wait(span))
            session.add(FactorTry(user_id=user_id, at=now))
    except TooManyTries:
        # Here, because the transaction of the try has rolled back.
        record_refusal("limit.reached", now=now, person_id=user_id, detail={"limit": "second factor"})
        raise


def _wait(span: timedelta) -> str:
    if span <= timedelta(minutes=1):
        return gettext("These were many tries. Wait a minute, then try again.")
    return gettext("These were many tries. Wait an hour, then try again.")


def trim_tries(*, now: datetime) -> int:
    """Delete tries that no limit counts any more. Return how many."""
    with transaction() as session:
        gone = session.execute(delete(FactorTry).where(FactorTry.at < now - LIMITS[-1][0]))
        return int(gone.rowcount)  # type: ignore[attr-defined]
