"""Put messages into the search index. The worker does it; no request waits for it.

A database trigger fills the queue whenever a message is written (models.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, exists, func, literal, select, tuple_

from wellchat.db import db, table, transaction
from wellchat.db import insert as put
from wellchat.messaging.models import Message, Thread
from wellchat.search import tokens
from wellchat.search.models import SearchEntry, SearchQueueEntry, SearchVersion

BATCH = 200  # messages per transaction
STEP = 1_000  # entries of an earlier version that are queued at once
TIME_LIMIT = 2.0  # seconds per sweep: other work waits behind it


def index(*, limit: int = BATCH, only_new: bool = False) -> int:
    """Index waiting messages, new ones first. Return how many were done.

    The messages are locked (FOR SHARE) until the entries are committed. A later change of a text then finds
    its entry and removes it.
    """
    with transaction() as session:
        waiting = select(SearchQueueEntry.old, SearchQueueEntry.thread_id, SearchQueueEntry.seq)
        if only_new:
            waiting = waiting.where(SearchQueueEntry.old.is_(False))
        in_turn = waiting.order_by(
            SearchQueueEntry.old, SearchQueueEntry.thread_id, SearchQueueEntry.seq
        ).limit(limit)
        # SKIP LOCKED: several workers index at once, and none takes the rows of another.
        taken = session.execute(in_turn.with_for_update(skip_locked=True)).all()
        if not taken:
            return 0
        keys = sorted({(thread_id, seq) for _, thread_id, seq in taken})
        # A message without text has no row here: it was deleted, and its queue entry just goes.
        rows = [_entry(message, thread) for message, thread in _messages(keys)]
        if rows:
            kept = put(table(SearchEntry)).values(rows)
            session.execute(
                kept.on_conflict_do_update(
                    index_elements=["thread_id", "seq"],
                    set_={"tokens": kept.excluded.tokens, "at": kept.excluded.at},
                )
            )
        these = (
            # redundant, but SQLite uses no index for a tuple of three
            SearchQueueEntry.old.in_({row.old for row in taken}),
            SearchQueueEntry.thread_id.in_({row.thread_id for row in taken}),
            tuple_(SearchQueueEntry.old, SearchQueueEntry.thread_id, SearchQueueEntry.seq).in_(
                [tuple(row) for row in taken]
            ),
        )
        session.execute(delete(SearchQueueEntry).where(*these).execution_options(synchronize_session=False))
    return len(taken)


def _messages(keys: list[tuple[str, int]]) -> list[tuple[Message, Thread]]:
    """Return the messages that still have text, with their threads, locked against changes."""
    query = (
        select(Message, Thread)
        .join(Thread, Thread.id == Message.thread_id)
        .where(Message.thread_id.in_({thread_id for thread_id, _ in keys}))  # as above
        .where(tuple_(Message.thread_id, Message.seq).in_(keys), Message.body.is_not(None))
        .order_by(Message.thread_id, Message.seq)
        # FOR SHARE: writers wait for the entry, other readers do not.
        .with_for_update(read=True, of=Message)
    )
    rows = db.session.execute(query.execution_options(populate_existing=True))
    return [(message, thread) for message, thread in rows]


def _entry(message: Message, thread: Thread) -> dict[str, object]:
    return {
        "thread_id": message.thread_id,
        "seq": message.seq,
        "at": message.created_at,
        "tokens": tokens.message_tokens(
            message.body or "",
            at=message.created_at,
            people=(thread.client_id, thread.professional_id),
            thread_id=thread.id,
            subjects=filter(None, (message.subject_id, thread.subject_id)),
            has_file=bool(message.files),
        ),
    }


def sweep(_now: datetime) -> dict[str, int]:
    """Index what a lost task message missed, and some of the old messages. Return {"indexed": count}."""
    done, began = 0, time.monotonic()
    for count in index_all():
        done += count
        if time.monotonic() - began >= TIME_LIMIT:
            break
    return {"indexed": done}


def index_all() -> Iterator[int]:
    """Index what waits, and then what is of an earlier version. Yield how many were done, batch by batch."""
    # First, so that what is indexed below is known to be of this version.
    queue_outdated()
    while (count := index()) or queue_outdated():
        yield count


def queue_outdated(*, limit: int = STEP) -> bool:
    """Queue some entries of an earlier version for the index again, the newest first. Return whether it did.

    Each entry is queued once for each version of the tokens, however many workers there are, and only when
    no other old message waits. Until then an entry is found by the tokens that it has.
    """
    with transaction() as session:
        if not _is_outdated():
            return False
        mine = select(SearchVersion).where(
            SearchVersion.version == tokens.VERSION, SearchVersion.before_id.is_not(None)
        )
        # SKIP LOCKED: another worker takes this step.
        found = session.execute(mine.with_for_update(skip_locked=True)).scalar()
        waits = exists().where(SearchQueueEntry.old.is_(True))
        if found is None or session.execute(select(waits)).scalar():
            return False
        older = (
            select(SearchEntry.id, SearchEntry.thread_id, SearchEntry.seq)
            .where(SearchEntry.id < found.before_id)
            .order_by(SearchEntry.id.desc())
            .limit(limit)
        )
        rows = session.execute(older).all()
        found.before_id = rows[-1].id if rows else None
        if rows:
            again = [{"old": True, "thread_id": row.thread_id, "seq": row.seq} for row in rows]
            session.execute(put(table(SearchQueueEntry)).values(again).on_conflict_do_nothing())
    return bool(rows)


def _is_outdated() -> bool:
    """Return whether entries may be of an earlier version. Note where this version begins, the first time."""
    known = select(SearchVersion.before_id).where(SearchVersion.version == tokens.VERSION)
    found = db.session.execute(known).one_or_none()
    if found is None:
        # An index that is empty has nothing to do again: what comes is of this version.
        newest = select(literal(tokens.VERSION), select(func.max(SearchEntry.id) + 1).scalar_subquery())
        begun = put(table(SearchVersion)).from_select(["version", "before_id"], newest)
        db.session.execute(begun.on_conflict_do_nothing())
        found = db.session.execute(known).one()
    return found.before_id is not None


def rebuild() -> int:
    """Queue every message for the index again. Return how many wait."""
    with transaction() as session:
        every = select(literal(True), Message.thread_id, Message.seq).where(Message.body.is_not(None))
        session.execute(
            put(table(SearchQueueEntry))
            .from_select(["old", "thread_id", "seq"], every)
            # A message that waits already keeps its place in the queue.
            .on_conflict_do_nothing()
        )
    return waiting()


def waiting() -> int:
    """Return how many messages wait for the index."""
    return db.session.execute(select(func.count()).select_from(SearchQueueEntry)).scalar_one()
