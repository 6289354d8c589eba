"""When somebody writes, for what is suggested to them and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.messaging.models import AUTOMATIC, Membership, Message

LOOK_BACK = timedelta(days=60)
THREADS, LATEST = 200, 50  # so many threads, and of each the latest messages, are looked at


def wrote_at(viewer: User, now: datetime) -> Sequence[datetime]:
    """Return when the viewer's own latest messages were sent, without those that went automatically."""
    threads = (
        select(Membership.thread_id, Membership.last_seq)
        .where(Membership.user_id == viewer.id)
        .order_by(Membership.updated_at.desc())
        .limit(THREADS)
        .subquery()
    )
    query = (
        select(Message.created_at)
        .join(threads, Message.thread_id == threads.c.thread_id)
        .where(
            Message.seq > threads.c.last_seq - LATEST,
            Message.sender_id == viewer.id,
            Message.created_at >= now - LOOK_BACK,
            or_(Message.via.is_(None), Message.via != AUTOMATIC),
        )
    )
    return db.session.execute(query).scalars().all()
