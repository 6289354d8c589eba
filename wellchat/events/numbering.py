"""Give numbers to events that are committed.

Within the transaction of an act a number would make all writers wait for one counter, and a database sequence
gives numbers in another order than they become visible: a reader with a cursor would pass what is still under
way. So committed rows are numbered afterwards, by the worker and by whoever reads the feed. Who holds the row
of the state numbers; others do not wait for it. The row and the numbers are one transaction: a crash at any
line leaves either all of a batch numbered or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from wellchat.db import db, execute, new_id, table, transaction
from wellchat.events.models import HostEvent, HostEventState

BATCH = 1000

EVENTS = table(HostEvent)
IS_DUE = select(EVENTS.c.id).where(EVENTS.c.seq.is_(None)).limit(1)
_oldest = (
    select(EVENTS.c.id, EVENTS.c.thread_id)
    .where(EVENTS.c.seq.is_(None))
    .order_by(EVENTS.c.at, EVENTS.c.id)
    .limit(BATCH)
    .cte()
)
# With all that waits of the same threads: by time alone, the first of two could be left out.
DUE = select(EVENTS).where(
    EVENTS.c.seq.is_(None),
    or_(EVENTS.c.id.in_(select(_oldest.c.id)), EVENTS.c.thread_id.in_(select(_oldest.c.thread_id))),
)
NUMBER = (
    update(EVENTS)
    .where(EVENTS.c.id == bindparam("row_id"))
    .values(seq=bindparam("new_seq"), at=bindparam("new_at"))
)


def number(now: datetime) -> int:
    """Number every committed event, about BATCH in one transaction. Return how many.

    One small statement if there is none. Events that another process is numbering are left to it.
    """
    numbered = 0
    # Asked without the lock: mostly nothing is due, and then nobody waits.
    while is_due() and (done := _number_batch(now)):
        numbered += done
    return numbered


def is_due() -> bool:
    """Return whether an event waits for its number."""
    return db.session.execute(IS_DUE).first() is not None


def locked_state(*, wait: bool = False) -> HostEventState | None:
    """Return the state of the log, locked until the end of the transaction. None: another one has it."""
    query = select(HostEventState).where(HostEventState.id == 1).with_for_update(skip_locked=not wait)
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def _number_batch(now: datetime) -> int:
    with transaction():
        state = locked_state()
        if state is None:
            return 0
        # After the lock: rows that were numbered meanwhile are not seen as due.
        rows = in_order(db.session.execute(DUE).mappings().all(), now)
        first = state.seq + 1
        values = [
            {"row_id": row["id"], "new_seq": first + i, "new_at": row["at"] or now}
            for i, row in enumerate(rows)
        ]
        if values:
            execute(NUMBER, values)
            state.seq += len(values)
    return len(values)


def in_order(rows: Sequence[Any], now: datetime) -> list[Any]:
    """Return the rows by time; those of one thread among themselves by their place in it.

    A writer holds the lock of its thread to the commit, so rows of a thread become visible in this order.
    Whatever the clock says, a later place is not numbered before an earlier one.
    """
    by_time = sorted(rows, key=lambda row: (row["at"] or now, row["id"]))
    places: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(by_time):
        if row["thread_id"] is not None:
            places[row["thread_id"]].append(i)
    for of_thread in places.values():
        # Sorting is stable: what has one place stays in the order of time.
        theirs = sorted((by_time[i] for i in of_thread), key=_place)
        for i, row in zip(of_thread, theirs, strict=True):
            by_time[i] = row
    return by_time


def _place(row: Any) -> tuple[int, int]:
    return (row["thread_seq"] or 0, row["data"].get("revision", 0))


def renew_epoch() -> None:
    """Begin another life of the log, in the caller's transaction: every cursor from before is refused."""
    db.session.execute(update(HostEventState).values(epoch=new_id()))
