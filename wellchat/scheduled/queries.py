"""Read messages that are sent later. Only their author sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.claims import QUEUED, SENT
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.models import Thread
from wellchat.messaging.queries import thread_for
from wellchat.notifications.chosen_time import both_clocks
from wellchat.scheduled.models import REFUSED, ScheduledMessage
from wellchat.subjects.models import Subject

STATES = {QUEUED: "scheduled", REFUSED: "refused", SENT: "sent"}  # in the JSON
Row = tuple[ScheduledMessage, User, Subject | None]
"""(the message, the other person of its thread, what it is about)"""


def _mine(viewer: User) -> Any:
    other = aliased(User)
    other_id = case((Thread.client_id == viewer.id, Thread.professional_id), else_=Thread.client_id)
    return (
        select(ScheduledMessage, other, Subject)
        .join(Thread, Thread.id == ScheduledMessage.thread_id)
        .join(other, other.id == other_id)
        .outerjoin(Subject, Subject.id == ScheduledMessage.subject_id)
        .where(ScheduledMessage.author_id == viewer.id)
        .execution_options(populate_existing=True)
    )


def waiting_for(viewer: User, thread_id: str | None = None) -> Sequence[Row]:
    """Return what the viewer has not sent yet, the refused first, then by time. There are at most MAX_KEPT.

    With a thread, only what is for it. Raises NotFound for a thread of others.
    """
    query = _mine(viewer).where(ScheduledMessage.state != SENT)
    if thread_id is not None:
        thread_for(viewer, thread_id)
        query = query.where(ScheduledMessage.thread_id == thread_id)
    refused_first = case((ScheduledMessage.state == REFUSED, 0), else_=1)
    order = (refused_first, ScheduledMessage.send_at, ScheduledMessage.id)
    return [(row[0], row[1], row[2]) for row in db.session.execute(query.order_by(*order))]


def scheduled_for(viewer: User, scheduled_id: str) -> Row:
    """Return one of the viewer's. Raises NotFound."""
    found = db.session.execute(_mine(viewer).where(ScheduledMessage.id == scheduled_id)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1], found[2]


def count_kept(viewer: User) -> int:
    """Return how many messages of the viewer's wait for their time, or were refused."""
    kept = select(func.count()).where(ScheduledMessage.author_id == viewer.id, ScheduledMessage.state != SENT)
    return db.session.execute(kept).scalar_one()


def scheduled_json(row: Row, viewer: User) -> dict[str, Any]:
    """Return what the JSON calls answer (api.ScheduledShape)."""
    one, other, about = row
    return {
        "id": one.id,
        "thread_id": one.thread_id,
        "body": one.body,
        "reply_to": one.reply_to,
        "subject": about.named if about else None,
        "at": iso(one.send_at),
        "zone": one.zone_of,
        "my_time": _on_clock(one.send_at, viewer.time_zone),
        "their_time": _on_clock(one.send_at, other.time_zone),
        "state": STATES[one.state],
        "reason": one.reason,
        "message_seq": one.message_seq,
        "created_at": iso(one.created_at),
    }


def _on_clock(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def shown(row: Row, viewer: User) -> dict[str, Any]:
    """Return what a page shows of one: the message, the other person, and its time on both clocks."""
    one, other, about = row
    clocks = both_clocks(one.send_at, mine=viewer.time_zone, theirs=other.time_zone)
    return {"message": one, "other": other, "about": about, "clocks": clocks}
