"""Change a person's own state of many threads at once, and put it back.

However many threads there are, the statements are as many. A change returns the states before it, with which
`restore` puts back exactly what was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, null, select, update

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table, transaction
from wellchat.errors import NotFound
from wellchat.event_types import tell_host
from wellchat.messaging.memberships import RECOUNT_OWN
from wellchat.messaging.models import Membership, Thread
from wellchat.notifications import actions as notifications

MOST = 300  # threads of one call


class State(NamedTuple):
    """A person's own state of one thread, as `restore` takes it back."""

    thread_id: str
    archived: bool
    pinned: bool
    muted_until: datetime | None
    snoozed_until: datetime | None
    until_answer: bool
    unread_from: int | None
    settled_seq: int
    last_read_seq: int
    last_seq: int


_columns = table(Membership).c
LOCK = (
    select(
        *(_columns[name] for name in State._fields),
        Thread.client_id,
        Thread.professional_id,
        Thread.closed_at,
    )
    .join(Thread, Thread.id == _columns.thread_id)
    .where(_columns.user_id == bindparam("whose"), _columns.thread_id.in_(bindparam("ids", expanding=True)))
    # In ascending order, as all who lock several: two in different orders could deadlock.
    .order_by(_columns.thread_id)
    .with_for_update(of=table(Membership))
)
READ_ALL = (
    update(table(Membership))
    .where(Membership.thread_id.in_(bindparam("ids", expanding=True)))
    .where(Membership.user_id == bindparam("whose"))
    .values(last_read_seq=Membership.last_seq, unread_from=null())
)


def change_many(
    *, viewer: User, thread_ids: Sequence[str], changes: Mapping[str, Any], read: bool, now: datetime
) -> list[State]:
    """Change the viewer's own state of these threads, and mark them as read if `read`.

    Return what was before. `changes` is as `memberships.change_membership` takes it. Marking as read tells
    the other people as reading does. Raises NotFound if one of the threads is not the viewer's; then nothing
    is changed.
    """
    with transaction():
        rows = _lock(viewer, thread_ids)
        ids = [row.thread_id for row in rows]
        if changes:
            _change(viewer, ids, dict(changes))
        unread = [row for row in rows if read and _has_unread(row)]
        if unread:
            _read(viewer, unread, now)
        for thread_id in ids:
            record_change(user_id=viewer.id, kind="thread", thread_id=thread_id)
    return [State._make(row[: len(State._fields)]) for row in rows]


def _lock(viewer: User, thread_ids: Sequence[str]) -> Sequence[Any]:
    wanted = sorted(set(thread_ids))
    rows = execute(LOCK, {"whose": viewer.id, "ids": wanted}).all()
    if len(rows) != len(wanted):
        raise NotFound
    return rows


def _mine(viewer: User, ids: Sequence[str]) -> Any:
    return update(Membership).where(Membership.thread_id.in_(ids), Membership.user_id == viewer.id)


def _change(viewer: User, ids: Sequence[str], changes: dict[str, Any]) -> None:
    needs_answer = changes.pop("needs_answer", None)
    if needs_answer is not None:
        changes["settled_seq"] = 0 if needs_answer else Membership.last_seq
    statement = _mine(viewer, ids).values(**changes).execution_options(synchronize_session=False)
    db.session.execute(statement)
    if needs_answer is not None:
        execute(RECOUNT_OWN, {"ids": list(ids), "whose": viewer.id})


def _has_unread(row: Any) -> bool:
    return bool(row.last_read_seq < row.last_seq or row.unread_from is not None)


def _read(viewer: User, rows: Sequence[Any], now: datetime) -> None:
    ids = [row.thread_id for row in rows]
    execute(READ_ALL, {"ids": ids, "whose": viewer.id})
    notifications.read_threads(user_id=viewer.id, thread_ids=ids, now=now)
    for row in rows:
        # Of a closed thread the other person sees no marks, so nothing changed for them.
        if row.closed_at is None:
            other = row.professional_id if row.client_id == viewer.id else row.client_id
            record_change(user_id=other, kind="thread", thread_id=row.thread_id)
        told = {"thread": row.thread_id, "reader": viewer.id, "seq": row.last_seq}
        tell_host("thread.read", told, now, thread_id=row.thread_id, thread_seq=row.last_seq)


def fields_of(changes: Mapping[str, Any], *, read: bool) -> list[str]:
    """Return which fields of State a change changes, so that an undo puts back these alone."""
    named = ["settled_seq" if name == "needs_answer" else name for name in changes]
    return [*named, "unread_from"] if read else named


def restore(*, viewer: User, states: Sequence[State], fields: Sequence[str]) -> None:
    """Put back these fields of the viewer's own state of threads, as `change_many` returned it.

    What changed otherwise in the meantime stays. A watermark never moves back: what was marked as read is
    marked as unread instead, from where it was, and the other people go on to see it as read. Raises NotFound
    if one of the threads is not the viewer's.
    """
    by_id = {state.thread_id: state for state in states}
    with transaction():
        rows = _lock(viewer, list(by_id))
        wanted = {row.thread_id: _possible(by_id[row.thread_id], row) for row in rows}
        values = {
            name: case(
                {thread_id: getattr(state, name) for thread_id, state in wanted.items()},
                value=Membership.thread_id,
            )
            for name in fields
        }
        values = {name: _typed(name, value, wanted) for name, value in values.items()}
        db.session.execute(
            _mine(viewer, list(wanted)).values(**values).execution_options(synchronize_session=False)
        )
        if "settled_seq" in fields:
            execute(RECOUNT_OWN, {"ids": list(wanted), "whose": viewer.id})
        for thread_id in wanted:
            record_change(user_id=viewer.id, kind="thread", thread_id=thread_id)


def _possible(state: State, row: Any) -> State:
    """Return the state with what was unread then as marked, and no mark above the last message."""
    unread_from = state.unread_from
    if unread_from is None and state.last_read_seq < row.last_read_seq:
        unread_from = state.last_read_seq + 1
    if unread_from is not None and unread_from > row.last_read_seq:
        unread_from = None
    return state._replace(unread_from=unread_from, settled_seq=min(state.settled_seq, row.last_seq))


def _typed(name: str, value: Any, wanted: Mapping[str, State]) -> Any:
    """Return the expression, or NULL where all are: a CASE of nothing but NULL has no type on PostgreSQL."""
    return null() if all(getattr(state, name) is None for state in wanted.values()) else value
