"""Reads change logs: the head of a user's log, and the changes above a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, ScalarSelect, bindparam, select

from wellchat.changes.cursor import Cursor
from wellchat.changes.models import Change, ChangeLog, Epoch
from wellchat.db import db, execute, table
from wellchat.longpoll.heads import Head

Resync = Literal["expired", "foreign", "restored", "ahead"]


def epoch() -> str:
    """Return the name of the current epoch."""
    return db.session.execute(select(Epoch.name).order_by(Epoch.id.desc()).limit(1)).scalar_one()


EPOCH = select(Epoch.name).order_by(Epoch.id.desc()).limit(1).scalar_subquery()
HEAD = select(ChangeLog.last_seq).where(ChangeLog.user_id == bindparam("whose")).scalar_subquery()


def _mark_at(seq: Any) -> ScalarSelect[int | None]:
    """Return the query for the mark of one change of a log: NULL where the row is trimmed or older."""
    return (
        select(Change.mark).where(Change.user_id == bindparam("whose"), Change.seq == seq).scalar_subquery()
    )


CURSOR_NOW = select(EPOCH, HEAD, _mark_at(HEAD))


def cursor_now(user_id: str) -> Cursor:
    """Return a cursor at the present head of the log.

    Read it BEFORE the state that goes with it. A change in between is then sent a second time; the other way
    round it would be lost.
    """
    name, seq, mark = execute(CURSOR_NOW, {"whose": user_id}).one()
    return Cursor(name, user_id, seq or 0, mark)


def heads(user_ids: Iterable[str]) -> dict[str, Head]:
    """Return the heads of these users' logs, by user id. A user without a log is left out."""
    rows = db.session.execute(
        select(ChangeLog.user_id, ChangeLog.last_seq, ChangeLog.access_seq).where(
            ChangeLog.user_id.in_(list(user_ids))
        )
    )
    return {user_id: Head(seq, access) for user_id, seq, access in rows}


class CursorCheck(NamedTuple):
    """The head of a log as `cursor`, for a client that comes with an older one.

    `access`: see Head. `acknowledged`: everything up to this seq has arrived. `refusal`: why the client's
    cursor cannot be followed; None if it can.
    """

    cursor: Cursor
    access: int
    acknowledged: int
    refusal: Resync | None


CURSOR_CHECK = select(
    EPOCH,
    ChangeLog.last_seq,
    ChangeLog.floor_seq,
    ChangeLog.access_seq,
    ChangeLog.acked_seq,
    _mark_at(HEAD),
    _mark_at(bindparam("at")),
).where(ChangeLog.user_id == bindparam("whose"))


def check_cursor(user_id: str, cursor: Cursor) -> CursorCheck:
    """Compare a client's cursor with the user's log. Makes one query."""
    row = execute(CURSOR_CHECK, {"whose": user_id, "at": cursor.seq}).one()
    name, seq, floor, access, acknowledged, last_mark, mark = row
    head = Cursor(name, user_id, seq, last_mark)
    return CursorCheck(head, access, acknowledged, _refusal(cursor, head, floor, mark))


def _refusal(cursor: Cursor, head: Cursor, floor: int, mark: int | None) -> Resync | None:
    if cursor.user_id != head.user_id:
        return "foreign"
    if cursor.epoch != head.epoch:
        return "restored"
    # Of a restore or a failover that nobody has told us of.
    if cursor.seq > head.seq:
        return "ahead"
    if None not in (cursor.mark, mark) and cursor.mark != mark:
        return "restored"
    return "expired" if cursor.seq < floor else None


CHANGES = (
    select(*table(Change).c)
    .where(Change.user_id == bindparam("whose"), Change.seq > bindparam("after"))
    .order_by(Change.seq)
    .limit(bindparam("most"))
)
MESSAGE_CHANGES = CHANGES.where(Change.seq <= bindparam("up_to"), Change.kind == "message")


def changes_after(user_id: str, seq: int, *, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows above `seq`, in order, at most `limit`, with the columns of Change."""
    return execute(CHANGES, {"whose": user_id, "after": seq, "most": limit}).all()


def message_changes(user_id: str, *, after: int, up_to: int, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows about messages, above `after` and up to `up_to`, in order, at most `limit`."""
    return execute(MESSAGE_CHANGES, {"whose": user_id, "after": after, "up_to": up_to, "most": limit}).all()
