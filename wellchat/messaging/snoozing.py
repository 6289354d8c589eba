"""Conversations that were put off come back by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from wellchat.changes.actions import record_change
from wellchat.db import db, transaction
from wellchat.messaging.models import Membership

AT_ONCE = 500  # in one sweep; the next one goes on


def sweep(now: datetime) -> dict[str, int]:
    """Wake what is due."""
    due = db.session.execute(
        select(Membership.thread_id, Membership.user_id)
        .where(Membership.snoozed_until.is_not(None), Membership.snoozed_until <= now)
        .order_by(Membership.snoozed_until)
        .limit(AT_ONCE)
    ).all()
    return {
        "snoozes_ended": sum(
            wake(thread_id=thread_id, user_id=user_id, now=now) for thread_id, user_id in due
        )
    }


def wake(*, thread_id: str, user_id: str, now: datetime) -> bool:
    """End one snooze, unless somebody else has or it was prolonged: the thread is listed again, as if it were new."""
    with transaction() as session:
        woken = session.execute(
            update(Membership)
            .where(
                Membership.thread_id == thread_id,
                Membership.user_id == user_id,
                Membership.snoozed_until <= now,
            )
            .values(snoozed_until=None, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        if not woken.rowcount:  # type: ignore[attr-defined]
            return False
        record_change(user_id=user_id, kind="thread", thread_id=thread_id)
    return True
