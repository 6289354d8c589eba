"""Gather a person's threads by what they are about: by coupon, by lead."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.subjects.models import Subject

MOST = 20  # groups that are shown


def groups_of(viewer: User, kind: str, *, archived: bool = False) -> list[dict[str, Any]]:
    """Return [{"id", "title", "threads": number of conversations, "unread": of them with unread messages}].

    They are the subjects of this kind with threads of their own in the viewer's inbox, or archive; the one
    spoken of last comes first, and at most MOST are returned.
    """
    unread = exists().where(
        Message.thread_id == Membership.thread_id,
        Message.seq > func.coalesce(Membership.unread_from - 1, Membership.last_read_seq),
        Message.sender_id != viewer.id,
        Message.deleted_at.is_(None),
    )
    query = (
        select(Subject.id, Subject.title, func.count(), func.count().filter(unread))
        .select_from(Membership)
        .join(Thread, Thread.id == Membership.thread_id)
        .join(Subject, Subject.id == Thread.subject_id)
        # The condition and the columns of ix_memberships_kind.
        .where(Membership.kind.is_not(None), Membership.user_id == viewer.id, Membership.kind == kind)
        .where(Membership.archived.is_(archived), Subject.kind == kind)
        .group_by(Subject.id, Subject.title)
        .order_by(func.max(Membership.updated_at).desc(), Subject.id)
        .limit(MOST)
    )
    names = ("id", "title", "threads", "unread")
    return [dict(zip(names, row, strict=True)) for row in db.session.execute(query)]
