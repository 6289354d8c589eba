"""Read what is measured: the messages and bookings of a stretch of time, by indexes on the time alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from wellchat.connections.models import Connection
from wellchat.db import db, table
from wellchat.figures.counting import CLIENT, PROFESSIONAL, Booked, Said
from wellchat.figures.models import FigurePair
from wellchat.messaging.models import AUTOMATIC, Message, Thread
from wellchat.subjects.models import Subject

BATCH = 2000
KINDS = ("booking", "session")


def messages_between(start: datetime, end: datetime) -> Select[Any]:
    """Return the query for the messages of [start, end) by one of the two people, oldest first.

    What goes out by itself is left out, also in a person's name: it answers nobody. A deleted message is
    there: its row and its time stay.
    """
    of, thread = table(Message).c, table(Thread).c
    side = case((of.sender_id == thread.client_id, CLIENT), else_=PROFESSIONAL)
    return (
        select(
            of.created_at, side, of.seq == 1, thread.connection_id, thread.client_id, thread.professional_id
        )
        .join(table(Thread), thread.id == of.thread_id)
        .where(of.created_at >= start, of.created_at < end)
        .where(or_(of.sender_id == thread.client_id, of.sender_id == thread.professional_id))
        .where(func.coalesce(of.via, "") != AUTOMATIC)
        .order_by(of.created_at, of.thread_id, of.seq)
    )


def said_between(start: datetime, end: datetime) -> Iterator[Said]:
    """Yield the messages of [start, end), oldest first. Memory does not grow with their number."""
    found = db.session.connection().execute(
        messages_between(start, end), execution_options={"stream_results": True, "max_row_buffer": BATCH}
    )
    for row in found:
        yield Said(*row)


def is_booking(of: Any) -> ColumnElement[bool]:
    """Return the condition that a subject is a booking or a session."""
    # lower(): without it SQLite takes the index on (kind, external_id), and so reads every booking there is.
    return func.lower(of.kind).in_(KINDS)


def bookings_between(start: datetime, end: datetime) -> Select[Any]:
    """Return the query for the bookings and sessions of pairs that begin in [start, end), oldest first."""
    of, before = table(Subject).c, table(Subject).alias().c
    connection, thread = table(Connection).c, table(Thread).c
    same_pair = and_(before.professional_id == of.professional_id, before.client_id == of.client_id)
    cancelled = func.lower(func.coalesce(before.status, "")).in_(("cancelled", "canceled"))
    is_again = exists().where(
        same_pair, before.starts_at < of.starts_at, is_booking(before), ~cancelled,
        before.hidden_at.is_(None),
    )  # fmt: skip
    # A booking of long ago may have been put today: then its own time is what counts.
    put_at = case((of.created_at < of.starts_at, of.created_at), else_=of.starts_at)
    had_thread = exists().where(thread.connection_id == connection.id, thread.created_at < put_at)
    return (
        select(
            of.starts_at, of.status, of.cancelled_at, is_again, had_thread, connection.id,
            of.client_id, of.professional_id,
        )
        .join(
            table(Connection),
            and_(connection.client_id == of.client_id, connection.professional_id == of.professional_id),
        )
        .where(of.starts_at >= start, of.starts_at < end, is_booking(of), of.hidden_at.is_(None))
        .order_by(of.starts_at, of.id)
    )  # fmt: skip


def booked_between(start: datetime, end: datetime) -> list[Booked]:
    """Return the bookings that begin in [start, end), oldest first."""
    return [Booked(*row) for row in db.session.connection().execute(bookings_between(start, end))]


COUNTS = ("active", "clients", "open", "open_long", "month_pairs", "seen", "fell_silent")


def moment_query(
    series_ids: Collection[str],
    *,
    silent: datetime,
    silent_before: datetime,
    active: datetime,
    waits: datetime,
    month: datetime,
) -> Select[Any]:
    """Return the query for the counts of pairs as of a day's end, for each series: COUNTS.

    `silent`: who was seen last before it is silent now; `silent_before`: was a day earlier. It reads the
    pairs seen since then, by an index; those who are silent longer are known without being read.
    """
    of = table(FigurePair).c

    def count(*conditions: Any) -> Any:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    asked = of.asked_by == CLIENT
    counts = (
        count(of.client_at >= active, of.professional_at >= active),
        count(or_(of.client_at >= active, of.booked_at >= active)),
        count(asked),
        count(asked, of.asked_at < waits),
        count(of.last_at >= month),
        count(of.seen_at >= silent),
        count(of.seen_at < silent),
    )
    return (
        select(of.series_id, *counts)
        .where(of.series_id.in_(series_ids), of.seen_at >= silent_before)
        .group_by(of.series_id)
    )


def moment_counts(series_ids: Collection[str], **days: datetime) -> dict[str, dict[str, int]]:
    """Return series id -> counts of moment_query by name."""
    found = db.session.connection().execute(moment_query(series_ids, **days))
    return {id_: dict(zip(COUNTS, map(int, counts), strict=True)) for id_, *counts in found}


def fallen_silent(series_id: str, since: datetime, until: datetime) -> list[str]:
    """Return the client of each pair that was seen last in [since, until)."""
    of, connection = table(FigurePair).c, table(Connection).c
    query = (
        select(connection.client_id)
        .join(table(FigurePair), connection.id == of.connection_id)
        .where(of.series_id == series_id, of.seen_at >= since, of.seen_at < until)
    )
    return list(db.session.connection().execute(query).scalars())


def clients_of_two(series_id: str, active: datetime) -> tuple[int, int]:
    """Return how many clients have two active conversations or more, and how many have any."""
    of, connection = table(FigurePair).c, table(Connection).c
    each = (
        select(func.count().label("pairs"))
        .select_from(table(FigurePair))
        .join(table(Connection), connection.id == of.connection_id)
        .where(of.series_id == series_id, of.seen_at >= active)
        .where(of.client_at >= active, of.professional_at >= active)
        .group_by(connection.client_id)
        .subquery()
    )
    several = func.coalesce(func.sum(case((each.c.pairs > 1, 1), else_=0)), 0)
    two, all_ = db.session.connection().execute(select(several, func.count()).select_from(each)).one()
    return int(two), int(all_)
