"""Read figures. A page takes two statements, and reads as many rows as it shows days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.figures.days import ONE, Span, day_of
from wellchat.figures.definitions import BY_NAME, CHARTS, FIGURES, Figure, Period, Value
from wellchat.figures.models import FigureDay, FigureSeries


@dataclass(frozen=True)
class Line:
    """One figure of a span, and of the span before. `change` is in the figure's own unit."""

    figure: Figure
    value: Value
    before: Value

    @property
    def change(self) -> Value:
        """Return how much more it is than before; None where one of the two is not known."""
        if self.value is None or self.before is None:
            return None
        return round(self.value - self.before, 4)


@dataclass(frozen=True)
class Report:
    """All figures of a span: {lines, pieces}. `measured` is the last measured day; None: none yet."""

    span: Span
    zone: str
    measured: date | None
    first: date | None
    to_measure: int  # days that are over and not measured yet
    of_everybody: bool
    days: dict[date, dict[str, Any]]

    def period(self, span: Span) -> Period:
        """Return the days of a part of what was read."""
        return Period(span, self.days, whole=not self.of_everybody)

    def lines(self) -> list[Line]:
        """Return every figure, with what it was in the span before."""
        now, then = self.period(self.span), self.period(self.span.before)
        return [Line(each, each.compute(now), each.compute(then)) for each in self.figures]

    @property
    def figures(self) -> list[Figure]:
        """Return the figures that this reader sees."""
        return [each for each in FIGURES if self.of_everybody or not each.of_everybody]

    def pieces(self, names: tuple[str, ...]) -> Iterator[tuple[Span, list[Value]]]:
        """Yield each day, week or month of the span with some figures of it."""
        for piece in self.span.pieces():
            period = self.period(piece)
            yield piece, [BY_NAME[name].compute(period) for name in names]


DRAWN = tuple(name for chart in CHARTS for name in chart.names)


def series_of(viewer: User, *, everybody: bool) -> FigureSeries | None:
    """Return the series that somebody reads, in their own time zone; None while there is none."""
    whose = FigureSeries.professional_id == (None if everybody else viewer.id)
    return db.session.execute(
        select(FigureSeries).where(whose, FigureSeries.zone == viewer.time_zone)
    ).scalar_one_or_none()


def report(series: FigureSeries | None, span: Span, *, zone: str, now: datetime, everybody: bool) -> Report:
    """Return the figures of a span. It takes one statement, whatever there is."""
    days: dict[date, dict[str, Any]] = {}
    if series is not None:
        query = select(FigureDay.day, FigureDay.numbers).where(
            FigureDay.series_id == series.id,
            FigureDay.day >= span.before.first - ONE,
            FigureDay.day <= span.last,
        )
        days = {day: numbers for day, numbers in db.session.execute(query)}  # noqa: C416 - rows, not pairs
    yesterday = day_of(now, zone) - ONE
    started = series is not None and series.next_day > series.first_day
    return Report(
        span,
        zone,
        series.next_day - ONE if series and started else None,
        series.first_day if series else None,
        max(0, (yesterday - series.next_day).days + 1) if series else 0,
        everybody,
        days,
    )
