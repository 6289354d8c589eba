"""The figures of one pair, for the professional of it: how they stand at the end of the last measured day.

They are read when somebody opens them: one row, however much the two have written. No words are in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.connections.queries import connection_between
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.figures import histogram
from wellchat.figures.days import ONE
from wellchat.figures.models import FigurePair
from wellchat.figures.queries import series_of


@dataclass(frozen=True)
class PairFigures:
    """What two people have been to each other. Times of answers are medians, in seconds."""

    measured: date | None
    first_at: datetime | None
    last_at: datetime | None
    messages_client: int
    messages_professional: int
    answer: int | None
    answer_client: int | None
    bookings: int
    booked_at: datetime | None
    months: list[tuple[date, int, int]]  # first day; messages of the client, of the professional


def link(viewer: User, connection: Connection, _now: datetime) -> dict[str, Any] | None:
    """Return the address of a pair's figures, for the page of the client. It takes no statement."""
    return (
        {"path": f"/figures/with/{connection.client_id}"} if connection.professional_id == viewer.id else None
    )


def pair_figures(viewer: User, client_id: str) -> PairFigures:
    """Return the figures of a professional and one of their clients. Raises NotFound for anybody else."""
    connection = connection_between(viewer.id, client_id)
    if connection is None or connection.professional_id != viewer.id:
        raise NotFound
    series = series_of(viewer, everybody=False)
    if series is None or series.next_day == series.first_day:
        return _of(None, None)
    row = db.session.execute(
        select(FigurePair).where(FigurePair.series_id == series.id, FigurePair.connection_id == connection.id)
    ).scalar_one_or_none()
    return _of(series.next_day - ONE, row)


def _of(measured: date | None, row: FigurePair | None) -> PairFigures:
    if row is None:
        return PairFigures(measured, None, None, 0, 0, None, None, 0, None, [])
    months = [
        (date.fromisoformat(f"{month}-01"), client, professional)
        for month, (client, professional) in sorted(row.detail.get("months", {}).items())
    ]
    return PairFigures(
        measured,
        row.first_at,
        row.last_at,
        sum(each[1] for each in months),
        sum(each[2] for each in months),
        histogram.quantile(row.detail.get("answers_professional", {}), 0.5),
        histogram.quantile(row.detail.get("answers_client", {}), 0.5),
        row.bookings,
        row.booked_at,
        months,
    )
