"""Messages as updates tell of them: read past the ORM, fifty at a time on the hottest path there is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select, tuple_

from wellchat.attachments.serializers import File
from wellchat.changes.models import Change
from wellchat.db import execute, table
from wellchat.messaging.models import Membership, Message
from wellchat.subjects.models import Subject
from wellchat.subjects.queries import subjects_by_id


class QuoteRow(NamedTuple):
    """What of an answered message a quote shows."""

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    files: list[File] | None


QUOTES = select(Message.thread_id, Message.seq, Message.sender_id, Message.body, Message.files).where(
    tuple_(Message.thread_id, Message.seq).in_(bindparam("keys", expanding=True))
)


class MessageRow(NamedTuple):
    """A message read past the ORM, for updates: `state.message_state` tells it to clients."""

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    client_key: str
    reply_to: int | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    revision: int
    reactions: list[dict[str, Any]] | None
    pinned_at: datetime | None
    files: list[File] | None
    subject: Subject | None
    quoted: QuoteRow | None


_columns = table(Message).c
CHANGED = (
    select(
        *(_columns[name] for name in MessageRow._fields if name not in ("subject", "quoted")),
        Message.subject_id,
    )
    .join(Change, and_(Change.thread_id == Message.thread_id, Change.message_seq == Message.seq))
    .join(Membership, and_(Membership.thread_id == Message.thread_id, Membership.user_id == Change.user_id))
    .where(Change.user_id == bindparam("viewer"), Change.kind == "message")
    .where(Change.seq > bindparam("after"), Change.seq <= bindparam("up_to"))
    .order_by(Message.thread_id, Message.seq)
)


def changed_messages(user_id: str, *, after: int, up_to: int) -> list[MessageRow]:
    """The messages that a stretch of the user's change log names, of their own threads only."""
    rows = execute(CHANGED, {"viewer": user_id, "after": after, "up_to": up_to}).all()
    subjects = subjects_by_id({row.subject_id for row in rows if row.subject_id})
    quotes = _quotes({(row.thread_id, row.reply_to) for row in rows if row.reply_to})
    messages = {
        (row.thread_id, row.seq): MessageRow._make(
            (*row[:-1], subjects.get(row.subject_id), quotes.get((row.thread_id, row.reply_to)))
        )
        for row in rows
    }
    return list(messages.values())


def _quotes(keys: set[tuple[str, int]]) -> dict[tuple[str, int], QuoteRow]:
    if not keys:
        return {}
    return {(row.thread_id, row.seq): QuoteRow._make(row) for row in execute(QUOTES, {"keys": list(keys)})}
