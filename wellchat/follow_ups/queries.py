"""Read reminders to oneself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.follow_ups.models import DONE, FollowUp
from wellchat.messaging.models import Thread
from wellchat.messaging.queries import thread_for

Row = tuple[FollowUp, User]
"""(the reminder, the other person of its conversation)"""


def _mine(user_id: str) -> Any:
    other = aliased(User)
    other_id = case((Thread.client_id == user_id, Thread.professional_id), else_=Thread.client_id)
    return (
        select(FollowUp, other)
        .join(Thread, Thread.id == FollowUp.thread_id)
        .join(other, other.id == other_id)
        .where(FollowUp.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def open_reminders(viewer: User, thread_id: str | None = None) -> Sequence[Row]:
    """Return the viewer's reminders that are not done, by time. There are at most MAX_OPEN.

    With a thread, only its own. Raises NotFound for a thread of others.
    """
    query = _mine(viewer.id).where(FollowUp.state != DONE)
    if thread_id is not None:
        thread_for(viewer, thread_id)
        query = query.where(FollowUp.thread_id == thread_id)
    rows = db.session.execute(query.order_by(FollowUp.remind_at, FollowUp.id))
    return [(row[0], row[1]) for row in rows]


def reminder_of(user_id: str, follow_up_id: str) -> Row:
    """Return one of this person's. Raises NotFound."""
    found = db.session.execute(_mine(user_id).where(FollowUp.id == follow_up_id)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def count_open(user_id: str) -> int:
    """Return how many of this person's reminders are not done."""
    still = select(func.count()).where(FollowUp.user_id == user_id, FollowUp.state != DONE)
    return db.session.execute(still).scalar_one()


def reminder_json(one: FollowUp) -> dict[str, Any]:
    """Return what the JSON calls answer (api.ReminderShape)."""
    return {
        "id": one.id,
        "thread_id": one.thread_id,
        "note": one.note,
        "at": iso(one.remind_at),
        "state": one.state,
        "created_at": iso(one.created_at),
    }
