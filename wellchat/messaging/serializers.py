"""JSON of threads and messages. Lists, single responses and updates all use these shapes.

An update is state, not an event. So each shape says everything about a thing at one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select, tuple_

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.accounts.queries import person_json
from wellchat.attachments.models import Attachment
from wellchat.attachments.serializers import File, as_file, file_json
from wellchat.changes.models import Change
from wellchat.clock import iso
from wellchat.config import setting
from wellchat.db import execute, table
from wellchat.feature import registry
from wellchat.i18n import gettext
from wellchat.messaging.closing import closed_sentence, paused_sentence
from wellchat.messaging.hooks import thread_facts
from wellchat.messaging.models import BLOCKED, ENDED, Membership, Message
from wellchat.messaging.queries import ThreadView
from wellchat.messaging.shown import Hidden, hidden_in, shown_body, shown_preview, something_hides
from wellchat.messaging.triage import State
from wellchat.subjects.models import Subject
from wellchat.subjects.queries import subjects_by_id

Json = dict[str, Any]


def threads_json(views: Sequence[ThreadView], viewer: User, *, now: datetime) -> list[Json]:
    """Return `thread_json` of each. What is hidden in the last messages is asked for once."""
    hidden = _hidden_around(view.last_message for view in views)
    return [thread_json(view, viewer, now=now, hidden=hidden) for view in views]


def thread_json(view: ThreadView, viewer: User, *, now: datetime, hidden: Hidden | None = None) -> Json:
    """Return a thread as the viewer sees it (schemas.ThreadShape).

    The other person is "here" if they did something within the last AWAY_AFTER seconds. In a closed thread
    nobody sees what the other one does: presence and read marks stay as they were.
    """
    thread, mine, theirs, other = view.thread, view.mine, view.theirs, view.other
    client, professional = (viewer, other) if viewer.id == thread.client_id else (other, viewer)
    closed = mine.closed_as is not None
    seen_at = None if closed else view.other_seen_at
    here = seen_at is not None and now - seen_at <= timedelta(seconds=setting("AWAY_AFTER"))
    read, delivered = (
        (theirs.shown_read_seq or 0, theirs.shown_delivered_seq or 0)
        if closed
        else (theirs.last_read_seq, theirs.delivered_seq)
    )
    more: Json = {}
    for facts in thread_facts(view, viewer, now):
        more.update(facts)
    why_closed = closed_sentence(mine.closed_as, other.shown_name)
    if why_closed is None and viewer.is_paused(now):
        why_closed = paused_sentence()
    return {
        "id": thread.id,
        "key_scope": thread.key_scope,
        "title": other.shown_name,
        "context": gettext("Re: %(title)s", title=thread.subject.title) if thread.subject else None,
        "client": person_json(client, view.trade),
        "professional": person_json(professional, view.trade),
        "other": person_json(other, view.trade)
        | {"presence": "here" if here else "away", "seen_at": iso(_roughly(seen_at, now))},
        "subject": subject_json(thread.subject),
        "last_message": message_json(view.last_message, viewer.id, hidden) if view.last_message else None,
        "last_seq": thread.last_seq,
        "unread": view.unread,
        "last_read_seq": mine.last_read_seq,
        "unread_from": mine.unread_from,
        "other_read_seq": read,
        # What was read has arrived, even if no poll has acknowledged it yet (read by mail, or without
        # script).
        "other_delivered_seq": max(delivered, read),
        "can_write": why_closed is None,
        "closed": why_closed,
        "closed_by_me": mine.closed_as if mine.closed_as in (BLOCKED, ENDED) else None,
        "archived": mine.archived,
        "pinned": mine.pinned,
        "kind": mine.kind,
        "waiting_since": None if closed else iso(mine.waiting_since),
        "muted": mine.is_muted(now),
        "muted_until": iso(mine.muted_until),
        "snoozed_until": iso(mine.snoozed_until),
        "listed_at": iso(mine.updated_at),
        "created_at": iso(thread.created_at),
        "updated_at": iso(thread.updated_at),
        **more,
    }


SEEN_LATELY = timedelta(days=7)
SEEN_STEP = timedelta(minutes=5)


def _roughly(seen_at: datetime | None, now: datetime) -> datetime | None:
    """Return when somebody was last here, rounded down to SEEN_STEP, or None if it is too long ago.

    The limit is SEEN_LATELY. Others need no finer times, for privacy.
    """
    if seen_at is None or now - seen_at > SEEN_LATELY:
        return None
    return seen_at - (seen_at - datetime.min.replace(tzinfo=seen_at.tzinfo)) % SEEN_STEP


def membership_json(view: ThreadView) -> Json:
    """Return the viewer's own state of a thread (schemas.MembershipShape)."""
    mine = view.mine
    return {
        "thread_id": mine.thread_id,
        "last_read_seq": mine.last_read_seq,
        "unread_from": mine.unread_from,
        "unread": view.unread,
        "archived": mine.archived,
        "pinned": mine.pinned,
        "muted_until": iso(mine.muted_until),
        "snoozed_until": iso(mine.snoozed_until),
    }


def state_json(state: State) -> Json:
    """Return the viewer's state of a thread before a change (schemas.ThreadState)."""
    moments = {"muted_until": iso(state.muted_until), "snoozed_until": iso(state.snoozed_until)}
    return state._asdict() | moments


class QuoteRow(NamedTuple):
    """The columns of a message that a quote shows."""

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    files: list[File] | None


QUOTES = select(Message.thread_id, Message.seq, Message.sender_id, Message.body, Message.files).where(
    tuple_(Message.thread_id, Message.seq).in_(bindparam("keys", expanding=True))
)


class MessageRow(NamedTuple):
    """A message for updates, read without the ORM. `message_json` makes its JSON.

    An update is the most frequent response with content. Fifty rows cost a fraction of fifty ORM objects.
    """

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    client_key: str
    reply_to: int | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    removed_by: str | None
    revision: int
    reactions: list[dict[str, Any]] | None
    pinned_at: datetime | None
    by_email: bool
    via: str | None
    card: dict[str, Any] | None
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
    """Return the messages that a part of the user's change log names, ordered by thread id and seq.

    The part is after `after` and up to `up_to`. Messages of threads that the user is not in are left out.
    """
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
    """Return {(thread id, seq): QuoteRow}."""
    if not keys:
        return {}
    return {(row.thread_id, row.seq): QuoteRow._make(row) for row in execute(QUOTES, {"keys": list(keys)})}


def messages_json(messages: Sequence[Message | MessageRow], viewer_id: str) -> list[Json]:
    """Return `message_json` of each. What is hidden in them is asked for once."""
    hidden = _hidden_around(messages)
    return [message_json(message, viewer_id, hidden) for message in messages]


def whole_messages_json(messages: Sequence[Message], moderator_id: str) -> list[Json]:
    """Return messages for somebody who judges them: with the whole text, also what the other one cannot see.

    `partly_hidden` says where the other person sees less.
    """
    hidden = _hidden_around(messages)
    return [
        message_json(each, moderator_id, NOTHING if hidden is NOTHING else {})
        | {"body": each.body}
        | {"partly_hidden": (each.thread_id, each.seq) in hidden}
        for each in messages
    ]


# Where no feature hides anything. It is known by identity: no message of a long list asks for the features.
NOTHING: Hidden = {}


def _hidden_around(messages: Iterable[Message | MessageRow | None]) -> Hidden:
    """Return what is hidden in these messages and in those that they quote."""
    if not something_hides():
        return NOTHING
    known = [each for each in messages if each is not None]
    return hidden_in([*known, *(each.quoted for each in known)])


def message_json(message: Message | MessageRow, viewer_id: str, hidden: Hidden | None = None) -> Json:
    """Return a message as one person sees it (schemas.MessageShape). Only its sender gets `client_key`.

    `hidden` is what is hidden in it and in what it quotes; without it, this asks itself.
    """
    if hidden is None:
        hidden = _hidden_around([message])
    state = {
        "thread_id": message.thread_id,
        "seq": message.seq,
        "sender_id": message.sender_id,
        "body": shown_body(message, viewer_id, hidden),
        "subject": subject_json(message.subject),
        "reply_to": message.reply_to,
        "quote": _quote(message.quoted, viewer_id, hidden),
        "attachments": [file_json(file) for file in message.files or ()],
        "reactions": message.reactions or [],
        "created_at": iso(message.created_at),
        "edited_at": iso(message.edited_at),
        "deleted": message.deleted_at is not None,
        "removed_by": message.removed_by,
        "pinned_at": iso(message.pinned_at),
        "by_email": bool(message.by_email),
        "via": message.via,
        "system": message.sender_id == SYSTEM_ID,
        "revision": message.revision,
    }
    # The sender's pages recognise their own pending message by its key. To others it means nothing.
    if message.sender_id == viewer_id:
        state["client_key"] = message.client_key
    # Off means absent: a card of a feature that is off would ask what nobody answers.
    if message.card is not None and registry().has(message.card["kind"]):
        state["card"] = message.card
    if hidden is not NOTHING:
        state["masked"] = (message.thread_id, message.seq) in hidden
    return state


def _quote(quoted: Message | QuoteRow | None, viewer_id: str, hidden: Hidden) -> Json | None:
    """Return the quoted message in its present state; `body` is its preview, None when it was deleted."""
    if quoted is None:
        return None
    body = shown_preview(quoted, viewer_id, hidden)
    return {"seq": quoted.seq, "sender_id": quoted.sender_id, "body": body, "deleted": body is None}


def subject_json(subject: Subject | None) -> Json | None:
    """Return a subject as the label of a thread or message (schemas.SubjectLabel).

    Its card, with what the viewer can do, is subjects.queries.subject_json.
    """
    if subject is None:
        return None
    return {
        "id": subject.id,
        "kind": subject.kind,
        "kind_label": gettext(subject.declared.label),
        "external_id": subject.external_id,
        "title": subject.title,
        "status": subject.status,
        "starts_at": iso(subject.starts_at),
        "url": subject.url,
    }


def attachment_json(row: Attachment) -> Json:
    """Return a file of a thread, with the message that carries it (attachments.schemas.AttachmentPage)."""
    return file_json(as_file(row)) | {
        "seq": row.message_seq,
        "sender_id": row.owner_id,
        "created_at": iso(row.created_at),
    }
