"""Threads and messages as clients see them: the same shapes in every list, answer and update.

An update is state, not an event, so these shapes are the whole truth about a thing at one moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.attachments.serializers import file_json
from wellchat.clock import iso
from wellchat.i18n import gettext
from wellchat.messaging.message_rows import MessageRow, QuoteRow
from wellchat.messaging.models import Message, preview_of
from wellchat.messaging.queries import ThreadView
from wellchat.subjects.models import Subject

Json = dict[str, Any]


def thread_json(view: ThreadView, viewer: User, *, now: datetime, away_after: float) -> Json:
    thread, mine, theirs, other = view.thread, view.mine, view.theirs, view.other
    client, professional = (viewer, other) if viewer.id == thread.client_id else (other, viewer)
    here = view.other_seen_at is not None and now - view.other_seen_at <= timedelta(seconds=away_after)
    return {
        "id": thread.id,
        "key_scope": thread.key_scope,
        "title": other.name,
        "context": gettext("Re: %(title)s", title=thread.subject.title) if thread.subject else None,
        "client": person_json(client),
        "professional": person_json(professional),
        "other": person_json(other)
        | {"presence": "here" if here else "away", "seen_at": iso(_roughly(view.other_seen_at, now))},
        "subject": subject_json(thread.subject),
        "last_message": message_json(view.last_message, viewer.id) if view.last_message else None,
        "last_seq": thread.last_seq,
        "unread": view.unread,
        "last_read_seq": mine.last_read_seq,
        "unread_from": mine.unread_from,
        "other_read_seq": theirs.last_read_seq,
        "other_delivered_seq": max(theirs.delivered_seq, theirs.last_read_seq),
        "archived": mine.archived,
        "pinned": mine.pinned,
        "kind": mine.kind,
        "waiting_since": iso(mine.waiting_since),
        "muted": mine.is_muted(now),
        "muted_until": iso(mine.muted_until),
        "snoozed_until": iso(mine.snoozed_until),
        "listed_at": iso(mine.updated_at),
        "created_at": iso(thread.created_at),
        "updated_at": iso(thread.updated_at),
    }


SEEN_LATELY = timedelta(days=7)
SEEN_STEP = timedelta(minutes=5)


def _roughly(seen_at: datetime | None, now: datetime) -> datetime | None:
    """When somebody was here last, no finer than others need to know, and not for ever."""
    if seen_at is None or now - seen_at > SEEN_LATELY:
        return None
    return seen_at - (seen_at - datetime.min.replace(tzinfo=seen_at.tzinfo)) % SEEN_STEP


def membership_json(view: ThreadView) -> Json:
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


def message_json(message: Message | MessageRow, viewer_id: str) -> Json:
    state = {
        "thread_id": message.thread_id,
        "seq": message.seq,
        "sender_id": message.sender_id,
        "body": message.body,
        "subject": subject_json(message.subject),
        "reply_to": message.reply_to,
        "quote": _quote(message.quoted),
        "attachments": [file_json(file) for file in message.files or ()],
        "reactions": message.reactions or [],
        "created_at": iso(message.created_at),
        "edited_at": iso(message.edited_at),
        "deleted": message.deleted_at is not None,
        "pinned_at": iso(message.pinned_at),
        "revision": message.revision,
    }
    if message.sender_id == viewer_id:
        state["client_key"] = message.client_key
    return state


def _quote(quoted: Message | QuoteRow | None) -> Json | None:
    """The message that one answers, as it is now."""
    if quoted is None:
        return None
    body = preview_of(quoted.body, quoted.files)
    return {"seq": quoted.seq, "sender_id": quoted.sender_id, "body": body, "deleted": body is None}


def subject_json(subject: Subject | None) -> Json | None:
    """A subject as a label on a thread or message; what can be done with it is on its card."""
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
