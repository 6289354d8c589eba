"""Read the threads and messages that emails are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, case, select
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.attachments.serializers import File
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.shown import hidden_in, shown_body
from wellchat.subjects.models import Subject

Other = aliased(User, name="other_person")
About = aliased(Subject, name="about")

# A thread has two people; the other one is who the reader is not.
_other_id = case((Thread.client_id == Membership.user_id, Thread.professional_id), else_=Thread.client_id)

_THREAD_ROWS: Any = (
    select(
        Membership.user_id,
        Membership.thread_id,
        Membership.last_seq,
        Membership.last_read_seq,
        Membership.mailed_seq,
        Membership.muted_until,
        Membership.snoozed_until,
        About.title.label("about"),
        Other.id.label("other_id"),
        Other.name.label("other_name"),
        Other.role.label("other_role"),
        Other.role_label.label("other_role_label"),
        Connection.trade,
    )
    .join(Thread, Thread.id == Membership.thread_id)
    .join(Other, Other.id == _other_id)
    .join(Connection, Connection.id == Thread.connection_id)
    .outerjoin(About, About.id == Thread.subject_id)
)

# By the reader's own watermark. Conditions on mailed_seq and on stretches are added by whoever executes it.
_UNREAD_MESSAGES: Any = (
    select(
        Membership.user_id,
        Message.thread_id,
        Message.seq,
        Message.sender_id,
        Message.via,
        Message.body,
        Message.files,
        Message.created_at,
        Subject.kind,
        Subject.title,
    )
    .join(Message, Message.thread_id == Membership.thread_id)
    .outerjoin(Subject, Subject.id == Message.subject_id)
    .where(
        Message.seq > Membership.last_read_seq,
        # A digest that was put down before a conversation was closed does not hold it any more.
        Membership.closed_as.is_(None),
        Message.sender_id != Membership.user_id,
        Message.deleted_at.is_(None),
        # The platform wanted nobody to be mailed of the others.
        Message.told.is_(None),
    )
    .order_by(Message.thread_id, Message.seq)
)


def thread_rows(which: ColumnElement[bool]) -> dict[tuple[str, str], Row[Any]]:
    """Return (user id, thread id) -> the membership, the other person and the subject's title, in one row."""
    return {(row.user_id, row.thread_id): row for row in db.session.execute(_THREAD_ROWS.where(which))}


class UnreadMessage(NamedTuple):
    """An unread message, with its text as the reader `user_id` sees it."""

    user_id: str
    thread_id: str
    seq: int
    sender_id: str
    via: str | None
    body: str
    files: list[File] | None
    created_at: datetime
    kind: str | None
    title: str | None


def unread_messages(which: ColumnElement[bool]) -> Mapping[tuple[str, str], list[UnreadMessage]]:
    """Return (user id, thread id) -> unread messages that others wrote, ascending by seq."""
    found = defaultdict(list)
    rows = [UnreadMessage._make(row) for row in db.session.execute(_UNREAD_MESSAGES.where(which))]
    hidden = hidden_in(rows)
    for row in rows:
        body = shown_body(row, row.user_id, hidden) or ""
        found[row.user_id, row.thread_id].append(row._replace(body=body))
    return found
