"""Make one thread of two of the same two people: the messages of the later one go behind the earlier one's.

That is their order by time, as long as nobody wrote into one while the other ran. The earlier thread keeps
its id and its numbers; the later one is gone, with links to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, delete, func, insert, literal, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import String

from wellchat.db import Base, db, execute, table, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.messaging import statements
from wellchat.messaging.models import Membership, Message, Thread

NUMBERS = (
    "seq",
    "message_seq",
    "reply_to",
    "shown_from",
    "shown_to",
)  # columns that hold the number of a message
# Moved by hand, or made anew from what is moved.
BY_HAND = ("messages", "memberships", "outbox", "notifications", "changes", "search_entries", "search_queue",
           "host_events", "presences")  # fmt: skip


class BothLive(Conflict):
    """The two threads ran at the same time."""


def join_threads(one: Thread, other: Thread) -> Thread:
    """Put the messages of the later of two locked threads behind the earlier one's. Return what is left.

    An empty thread is the later one. Call in a transaction, after all of both belongs to the same two people.
    Raises BothLive where neither ended before the other began.
    """
    first, second = _in_order(one, other)
    with transaction() as session:
        offset = first.last_seq
        _copy_messages(first, second, offset)
        for each in _tables():
            _move(each, first.id, second.id, offset)
        _join_memberships(first, second, offset)
        _forget(second.id, "outbox", "notifications", "search_entries", "changes", "memberships", "messages")
        first.last_seq, first.updated_at = offset + second.last_seq, max(first.updated_at, second.updated_at)
        session.flush()
        session.execute(delete(Thread).where(Thread.id == second.id))
        execute(statements.RECOUNT_WAITING, {"thread": first.id})
        session.expire_all()
    return session.get_one(Thread, first.id)


def _forget(thread_id: str, *names: str) -> None:
    for name in names:
        gone = Base.metadata.tables[name]
        db.session.execute(delete(gone).where(gone.c.thread_id == thread_id))


def _in_order(one: Thread, other: Thread) -> tuple[Thread, Thread]:
    spans = {each.id: _span(each.id) for each in (one, other)}
    if spans[other.id] is None:
        return one, other
    if spans[one.id] is None:
        return other, one
    (begin, end), (other_begin, other_end) = spans[one.id], spans[other.id]  # type: ignore[misc]
    if end <= other_begin:
        return one, other
    if other_end <= begin:
        return other, one
    raise BothLive(gettext("Both have written to the same person at the same time, so they stay two."))


def _span(thread_id: str) -> tuple[Any, Any] | None:
    at = Message.created_at
    first, last = db.session.execute(
        select(func.min(at), func.max(at)).where(Message.thread_id == thread_id)
    ).one()
    return None if first is None else (first, last)


def _copy_messages(first: Thread, second: Thread, offset: int) -> None:
    columns = table(Message).c
    # Two people that are one now may have chosen the same key.
    key = literal(f"merged-{second.id}-") + sql_cast(columns.seq, String)
    changed = {
        "thread_id": literal(first.id),
        "seq": columns.seq + offset,
        "reply_to": columns.reply_to + offset,
        "client_key": key,
    }
    names = [column.name for column in columns]
    rows = select(*(changed.get(name, columns[name]) for name in names))
    rows = rows.where(columns.thread_id == second.id).order_by(columns.seq)
    db.session.execute(insert(table(Message)).from_select(names, rows))


def _tables() -> Iterator[Table]:
    for each in Base.metadata.sorted_tables:
        if "thread_id" in each.c and each.name not in BY_HAND:
            yield each


def _move(moved: Table, first_id: str, second_id: str, offset: int) -> None:
    numbers = [name for name in NUMBERS if name in moved.c]
    if moved.c.thread_id.primary_key and not numbers:
        # The state of a thread as a whole: that of the earlier one counts.
        db.session.execute(delete(moved).where(moved.c.thread_id == second_id))
        return
    values: dict[str, Any] = {"thread_id": first_id}
    values |= {name: moved.c[name] + offset for name in numbers}
    db.session.execute(update(moved).where(moved.c.thread_id == second_id).values(values))


def _join_memberships(first: Thread, second: Thread, offset: int) -> None:
    for user_id in (first.client_id, first.professional_id):
        mine, later = (
            db.session.get_one(Membership, (thread.id, user_id), populate_existing=True)
            for thread in (first, second)
        )
        for mark in ("last_read_seq", "delivered_seq", "mailed_seq"):
            # A watermark goes on only where all below it is done.
            if getattr(mine, mark) == offset:
                setattr(mine, mark, offset + getattr(later, mark))
        if mine.unread_from is None and later.unread_from is not None:
            mine.unread_from = later.unread_from + offset
        mine.last_seq = offset + second.last_seq
        mine.archived = mine.archived and later.archived
        mine.awaits_word = mine.awaits_word and later.awaits_word
        mine.pinned = mine.pinned or later.pinned
        mine.kind = later.kind or mine.kind
        mine.muted_until = max(filter(None, (mine.muted_until, later.muted_until)), default=None)
        mine.updated_at = max(mine.updated_at, later.updated_at)
    db.session.flush()
