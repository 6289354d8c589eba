"""Read conversations and messages for the host, and say them as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, raiseload

from wellchat.accounts.models import SYSTEM_ID
from wellchat.clock import iso
from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.identities.queries import external_ids
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.shown import Hidden, hidden_in, shown_body
from wellchat.subjects.models import Subject

SYSTEM = "system"  # what the host calls the sender of messages of this site itself


@cache
def _threads() -> Select[Any]:
    """Return the query for (thread, kind and id of its subject, unread of client, of professional)."""
    unread = [_unread(side) for side in (Thread.client_id, Thread.professional_id)]
    return (
        select(Thread, Subject.kind, Subject.external_id, *unread)
        .outerjoin(Subject, Subject.id == Thread.subject_id)
        .order_by(Thread.id)
        .execution_options(populate_existing=True)
    )


def _unread(user_id: Any) -> Any:
    theirs = aliased(Membership)
    marked = theirs.unread_from <= theirs.last_read_seq
    read = case((marked, theirs.unread_from - 1), else_=theirs.last_read_seq)
    return (
        select(func.count())
        .select_from(theirs)
        .join(Message, and_(Message.thread_id == theirs.thread_id, Message.seq > read))
        .where(theirs.thread_id == Thread.id, theirs.user_id == user_id)
        .where(Message.sender_id != user_id, Message.deleted_at.is_(None))
        .correlate(Thread)
        .scalar_subquery()
    )


def threads_json(*which: ColumnElement[bool], limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return (conversations in the order of our ids, without a word of them; the id to go on after or None).

    Two statements, however many there are.
    """
    rows = db.session.execute(_threads().where(*which).limit(limit + 1)).all()
    shown = rows[:limit]
    names = external_ids({each for row in shown for each in (row[0].client_id, row[0].professional_id)})
    following = shown[-1][0].id if len(rows) > limit else None
    return [_thread_json(row, names) for row in shown], following


def thread_json(thread_id: str) -> dict[str, Any]:
    """Return one conversation, without a word of it."""
    return threads_json(Thread.id == thread_id, limit=1)[0][0]


def of_person(user_id: str) -> ColumnElement[bool]:
    """Return the condition that a thread is one of this person's."""
    return or_(Thread.client_id == user_id, Thread.professional_id == user_id)


def about(subject: Subject) -> ColumnElement[bool]:
    """Return the condition that a thread is the one in which a subject is talked about."""
    if subject.declared.scope != "connection":
        return Thread.subject_id == subject.id
    pair = (Thread.client_id == subject.client_id, Thread.professional_id == subject.professional_id)
    return and_(*pair, Thread.subject_id.is_(None))


def _thread_json(row: Any, names: dict[str, str]) -> dict[str, Any]:
    thread, kind, external_id, client_unread, professional_unread = row
    return {
        "id": thread.id,
        "client": ref_of(thread.client_id, names),
        "professional": ref_of(thread.professional_id, names),
        "subject": {"kind": kind, "external_id": external_id} if kind else None,
        "scope": thread.key_scope,
        "open": thread.closed_at is None,
        "messages": thread.last_seq,
        "unread": {"client": client_unread, "professional": professional_unread},
        "created_at": iso(thread.created_at),
        "updated_at": iso(thread.updated_at),
    }


def ref_of(user_id: str, names: dict[str, str]) -> str:
    """Return what the host calls a person: its own id, or `id:` and ours; SYSTEM for the site itself."""
    return SYSTEM if user_id == SYSTEM_ID else names.get(user_id) or OURS + user_id


def messages_after(thread_id: str, after: int, limit: int) -> tuple[Sequence[Message], int | None]:
    """Return (messages of a thread, ascending; the seq to go on after or None). It marks nothing."""
    query = select(Message).where(Message.thread_id == thread_id, Message.seq > after)
    # Neither read nor delivered: no watermark belongs to the host.
    query = query.order_by(Message.seq).limit(limit + 1).options(raiseload(Message.quoted))
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars().all()
    return found[:limit], found[limit - 1].seq if len(found) > limit else None


def messages_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages as the host reads them, in one statement for the ids of their senders."""
    names, hidden = external_ids({each.sender_id for each in messages}), hidden_in(messages)
    return [_message_json(each, names, hidden) for each in messages]


def _message_json(message: Message, names: dict[str, str], hidden: Hidden) -> dict[str, Any]:
    return {
        "thread": message.thread_id,
        "seq": message.seq,
        "from": ref_of(message.sender_id, names),
        "body": shown_body(message, None, hidden),
        "client_key": message.client_key,
        "subject": message.subject.named if message.subject else None,
        "reply_to": message.reply_to,
        "files": [
            {"id": each["id"], "name": each["name"], "media_type": each["media_type"], "size": each["size"]}
            for each in message.files or ()
        ],
        "via": message.via,
        "created_at": iso(message.created_at),
        "edited_at": iso(message.edited_at),
        "deleted": message.deleted_at is not None,
        "removed_by": message.removed_by,
        "revision": message.revision,
    }
