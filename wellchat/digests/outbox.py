"""Working off the outbox: each new message goes into its recipient's bell now, and is considered for an email later."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.digests.actions import consider
from wellchat.messaging import actions as messaging
from wellchat.messaging.models import Outbox

log = logging.getLogger(__name__)

BATCH = 500  # rows of one sweep
PLACE = select(Outbox.thread_id, Outbox.seq, Outbox.recipient_id)


def tell(*, thread_id: str, seq: int, now: datetime) -> int:
    """Tell the recipients of one message, as far as that is due. Answers how many were told."""
    due = PLACE.where(Outbox.thread_id == thread_id, Outbox.seq == seq, Outbox.due_at <= now)
    return _tell_each(due, now)


def sweep(now: datetime) -> dict[str, int]:
    """Everything in the outbox that is due: what a lost doorbell missed."""
    due = PLACE.where(Outbox.due_at <= now).order_by(Outbox.due_at).limit(BATCH)
    return {"told": _tell_each(due, now)}


def _tell_each(due: Select[str, int, str], now: datetime) -> int:
    return sum(_tell_one(*place, now) for place in db.session.execute(due).all())


def _tell_one(thread_id: str, seq: int, recipient_id: str, now: datetime) -> bool:
    """One recipient, one transaction: a row that cannot be worked off harms nobody else and is tried again later."""
    away_after = timedelta(seconds=setting("AWAY_AFTER"))
    try:
        with transaction():
            told = messaging.tell(
                thread_id=thread_id, seq=seq, recipient_id=recipient_id, now=now, away_after=away_after
            )
            if told:
                consider(user_id=recipient_id, thread_id=thread_id, seq=seq, now=now)
        return told
    except Exception:
        log.exception("could not tell %s of message %s in %s", recipient_id, seq, thread_id)
        messaging.postpone(thread_id=thread_id, seq=seq, recipient_id=recipient_id, now=now)
        return False
