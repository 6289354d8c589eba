"""Build an update: the current state of everything that changed after a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from wellchat.accounts.models import User
from wellchat.changes.cursor import Cursor
from wellchat.changes.queries import changes_after
from wellchat.feature import plural, registry
from wellchat.messaging.queries import threads_by_id, typing_to
from wellchat.messaging.serializers import changed_messages, messages_json, threads_json
from wellchat.messaging.unread import counts
from wellchat.notifications import queries as notifications

TYPING_FOR = timedelta(seconds=6)  # how long somebody counts as typing


def update_after(
    viewer: User, cursor: Cursor, *, limit: int, now: datetime
) -> tuple[dict[str, Any], datetime | None]:
    """Return (the update as schemas.Update, when its newest message was sent or None).

    The head of the log must be above `cursor`. Call it inside one db.snapshot(), so that the unread counts
    belong to the messages in the same update.
    """
    # One row more than asked for tells whether there is more.
    rows = changes_after(viewer.id, cursor.seq, limit=limit + 1)
    has_more, rows = len(rows) > limit, rows[:limit]
    up_to, mark = rows[-1].seq, rows[-1].mark
    # A message changes its thread too: the last message, the unread count and the position in the list.
    threads = {r.thread_id for r in rows if r.kind in ("thread", "message")}
    notes = {r.notification_id for r in rows if r.kind == "notification"}
    found = threads_by_id(viewer.id, threads) if threads else []
    views = [view for view in found if view.mine.is_listed]
    messages = []
    if any(r.kind == "message" for r in rows):
        messages = changed_messages(viewer.id, after=cursor.seq, up_to=up_to)
    unread, in_inbox = counts(viewer.id)
    state = {
        "cursor": str(cursor._replace(seq=up_to, mark=mark)),
        "has_more": has_more,
        "threads": threads_json(views, viewer, now=now),
        "messages": messages_json(messages, viewer.id),
        "notifications": [notifications.notification_json(n) for n in notifications.by_ids(viewer, notes)]
        if notes
        else [],
        "unread": unread,
        "inbox": in_inbox,
        "typing": _typing(viewer.id, rows, now),
        **_declared(viewer, rows, now),
    }
    return state, max((message.created_at for message in messages), default=None)


def _declared(viewer: User, rows: Sequence[Any], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return what the features load for their kinds of change, by plural; no key for a kind without a row."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, load in registry().changes.items():
        if ids := list(dict.fromkeys(r.ref_id for r in rows if r.kind == kind)):
            found[plural(kind)] = load(viewer, ids, now)
    return found


def _typing(user_id: str, rows: Sequence[Any], now: datetime) -> list[dict[str, str]]:
    """Return [{"thread_id", "user_id"}] of everybody who typed within TYPING_FOR."""
    threads = {r.thread_id for r in rows if r.kind == "typing"}
    if not threads:
        return []
    found = typing_to(user_id, threads, since=now - TYPING_FOR)
    return [{"thread_id": thread_id, "user_id": typist} for thread_id, typist in found]
