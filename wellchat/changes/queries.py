"""Reading change logs: where a user's log stands, and what lies above a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from sqlalchemy import select

from wellchat.changes.cursor import Cursor
from wellchat.changes.models import Change, ChangeLog, Epoch
from wellchat.db import db

Resync = Literal["expired", "foreign", "restored", "ahead"]


def epoch() -> str:
    return db.session.execute(select(Epoch.name).order_by(Epoch.id.desc()).limit(1)).scalar_one()


def cursor_now(user_id: str) -> Cursor:
    """The present head of the log. Read it BEFORE the state it goes with: what comes between is told twice."""
    name, seq = db.session.execute(
        select(
            select(Epoch.name).order_by(Epoch.id.desc()).limit(1).scalar_subquery(),
            select(ChangeLog.last_seq).where(ChangeLog.user_id == user_id).scalar_subquery(),
        )
    ).one()
    return Cursor(name, user_id, seq or 0)


def heads(user_ids: Iterable[str]) -> dict[str, int]:
    rows = db.session.execute(
        select(ChangeLog.user_id, ChangeLog.last_seq).where(ChangeLog.user_id.in_(list(user_ids)))
    )
    return dict(rows.all())


def check(user_id: str, cursor: Cursor) -> tuple[Cursor, Resync | None]:
    """The head of the log, and why `cursor` cannot be followed from, if it cannot."""
    epoch_name, last_seq, floor_seq = db.session.execute(
        select(
            select(Epoch.name).order_by(Epoch.id.desc()).limit(1).scalar_subquery(),
            select(ChangeLog.last_seq).where(ChangeLog.user_id == user_id).scalar_subquery(),
            select(ChangeLog.floor_seq).where(ChangeLog.user_id == user_id).scalar_subquery(),
        )
    ).one()
    head = Cursor(epoch_name, user_id, last_seq or 0)
    if cursor.user_id != user_id:
        return head, "foreign"
    if cursor.epoch != epoch_name:
        return head, "restored"
    if cursor.seq > head.seq:
        return head, "ahead"
    if cursor.seq < (floor_seq or 0):
        return head, "expired"
    return head, None


def changes_after(
    user_id: str, seq: int, *, limit: int, up_to: int | None = None, kind: str | None = None
) -> Sequence[Change]:
    """The rows above `seq`, in order, at most `limit`."""
    query = select(Change).where(Change.user_id == user_id, Change.seq > seq).order_by(Change.seq).limit(limit)
    if up_to is not None:
        query = query.where(Change.seq <= up_to)
    if kind is not None:
        query = query.where(Change.kind == kind)
    return db.session.execute(query).scalars().all()
