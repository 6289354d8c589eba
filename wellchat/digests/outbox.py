"""Working off the outbox: each new message goes into its recipient's bell now, and is considered for an email later."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.digests import week
from wellchat.digests.actions import schedule_for_message
from wellchat.messaging import dispatch
from wellchat.messaging.models import PendingDelivery
from wellchat.notifications.queries import preferences

log = logging.getLogger(__name__)

BATCH = 500  # memberships of one sweep


def process(*, thread_ids: Sequence[str], now: datetime) -> int:
    """Tell the people of these threads, as far as that is due. Answers how many messages were told."""
    return _process_each(_due(now).where(PendingDelivery.thread_id.in_(thread_ids)), now)


def sweep(now: datetime) -> dict[str, int]:
    """Everything in the outbox that is due: what a lost doorbell missed."""
    return {"told": _process_each(_due(now).limit(BATCH), now)}


def _due(now: datetime) -> Select[str, str]:
    of_membership = select(PendingDelivery.thread_id, PendingDelivery.recipient_id).where(
        PendingDelivery.due_at <= now
    )
    return of_membership.group_by(PendingDelivery.thread_id, PendingDelivery.recipient_id).order_by(
        func.min(PendingDelivery.due_at)
    )


def _process_each(due: Select[str, str], now: datetime) -> int:
    return sum(
        _process_one(thread_id, recipient_id, now)
        for thread_id, recipient_id in db.session.execute(due).all()
    )


def _process_one(thread_id: str, recipient_id: str, now: datetime) -> int:
    """One recipient, one transaction: what cannot be worked off harms nobody else and is tried again later."""
    away_after = timedelta(seconds=setting("AWAY_AFTER"))
    try:
        with transaction():
            notified = dispatch.notify_recipient(
                thread_id=thread_id, recipient_id=recipient_id, now=now, away_after=away_after
            )
            for seq in notified:
                schedule_for_message(user_id=recipient_id, thread_id=thread_id, seq=seq, now=now)
            if notified:
                week.schedule(user_id=recipient_id, prefs=preferences(recipient_id), written=now)
        return len(notified)
    except Exception:
        log.exception("could not tell %s of what is new in %s", recipient_id, thread_id)
        dispatch.postpone(thread_id=thread_id, recipient_id=recipient_id, now=now)
        return 0
