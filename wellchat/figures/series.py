"""Decide whose figures are measured, in which zone and from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from wellchat.accounts.models import ADMIN, PROFESSIONAL, User
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, table, transaction
from wellchat.figures.days import ONE, day_of
from wellchat.figures.measuring import due_after
from wellchat.figures.models import FigureSeries
from wellchat.messaging.models import Thread
from wellchat.subjects.models import Subject

BATCH = 500  # professionals of one run
LONGEST = timedelta(days=3650)  # what is older is not measured


def tidy(now: datetime) -> dict[str, int]:
    """Begin the series that are missing, and begin anew those of people whose time zone is another one."""
    return {"figure_series": begin_missing(now)}


def begin_missing(now: datetime) -> int:
    """Begin what is missing. Return how many series were begun.

    A professional has one, in their zone; "everybody" has one for each zone of an administrator. Who has
    neither a thread nor a booking has none yet.
    """
    moved = and_(FigureSeries.professional_id == User.id, FigureSeries.zone != User.time_zone)
    others = select(FigureSeries.id).join(User, moved)
    missing = (
        select(User.id, User.time_zone)
        .outerjoin(FigureSeries, FigureSeries.professional_id == User.id)
        .where(User.role == PROFESSIONAL, User.disabled_at.is_(None))
        .where(or_(FigureSeries.id.is_(None), FigureSeries.zone != User.time_zone))
        .where(_has_anything())
        .order_by(User.id)
        .limit(BATCH)
    )
    with transaction() as session:
        rows = session.execute(missing).all()
        moved_ids = session.execute(others.limit(BATCH)).scalars().all()
        _remove(FigureSeries.id.in_(moved_ids))
        first = _first_moments([row.id for row in rows])
        begun = sum(_begin(row.id, row.time_zone, first[row.id], now) for row in rows if row.id in first)
        return begun + _begin_everybody(now)


def begin_again(professional_id: str | None, now: datetime) -> int:
    """Forget what was measured, of one professional or of all, and begin anew. Return how many series."""
    chosen = FigureSeries.professional_id == professional_id if professional_id else None
    with transaction():
        _remove(chosen if chosen is not None else FigureSeries.id.is_not(None))
        return begin_missing(now)


def _has_anything() -> ColumnElement[bool]:
    has_thread = (
        select(Thread.id).join(Connection, Connection.id == Thread.connection_id)
        .where(Connection.professional_id == User.id).exists()
    )  # fmt: skip
    has_booking = select(Subject.id).where(Subject.professional_id == User.id, Subject.starts_at.is_not(None))
    return or_(has_thread, has_booking.exists())


def _first_moments(ids: Sequence[str]) -> dict[str, datetime]:
    """Return professional -> when their first thread was opened, or their first booking took place."""
    threads = (
        select(Connection.professional_id, func.min(Thread.created_at))
        .join(Thread, Thread.connection_id == Connection.id)
        .where(Connection.professional_id.in_(ids))
        .group_by(Connection.professional_id)
    )
    bookings = (
        select(Subject.professional_id, func.min(Subject.starts_at))
        .where(Subject.professional_id.in_(ids), Subject.starts_at.is_not(None))
        .group_by(Subject.professional_id)
    )
    found: dict[str, datetime] = {}
    for query in (threads, bookings):
        for id_, moment in db.session.execute(query):
            if moment is not None:
                found[id_] = min(moment, found.get(id_, moment))
    return found


def _begin_everybody(now: datetime) -> int:
    zones = set(
        db.session.execute(
            select(User.time_zone).where(User.role == ADMIN, User.disabled_at.is_(None)).distinct()
        ).scalars()
    )
    have = set(
        db.session.execute(select(FigureSeries.zone).where(FigureSeries.professional_id.is_(None))).scalars()
    )
    first = db.session.execute(
        select(func.min(FigureSeries.first_day)).where(FigureSeries.professional_id.is_not(None))
    ).scalar_one()
    _remove(and_(FigureSeries.professional_id.is_(None), FigureSeries.zone.in_(have - zones)))
    if first is None:
        return 0
    # Their first day may be another date in another zone.
    values = [_values(None, zone, first - ONE) for zone in sorted(zones - have)]
    return _put(values)


def _begin(professional_id: str, zone: str, first: datetime, now: datetime) -> int:
    first = min(max(first, now - LONGEST), now)
    return _put([_values(professional_id, zone, day_of(first, zone))])


def _values(professional_id: str | None, zone: str, first_day: object) -> dict[str, object]:
    due_at = due_after(first_day, zone)  # type: ignore[arg-type]
    return {"id": new_id(), "professional_id": professional_id, "zone": zone, "first_day": first_day,
            "next_day": first_day, "due_at": due_at, "standing": {}, "waiting": {}}  # fmt: skip


def _put(values: list[dict[str, object]]) -> int:
    # Two workers may do this at once: the second one finds the series there.
    statement = insert(table(FigureSeries)).on_conflict_do_nothing()
    return sum(db.session.connection().execute(statement, [each]).rowcount for each in values)


def _remove(condition: ColumnElement[bool]) -> None:
    """Delete series with their days and pairs (ON DELETE CASCADE)."""
    db.session.execute(delete(FigureSeries).where(condition).execution_options(synchronize_session=False))
