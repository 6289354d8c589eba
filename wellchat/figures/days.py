"""Count local days of a time zone. A day ends at its own midnight, also where the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ONE = timedelta(days=1)
BY_DAY, BY_WEEK = 31, 186  # days that are shown each by itself; in weeks
By = Literal["day", "week", "month"]


def start_of(day: date, zone: str) -> datetime:
    """Return the first moment of a local day, in UTC.

    Where the clocks skip midnight it is the moment of the change; where midnight comes twice, the first.
    """
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_of(moment: datetime, zone: str) -> date:
    """Return the local day of a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True)
class Span:
    """Whole days, the last one included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """Return how many days there are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """Return what it is compared with: as many months if it is whole months, else as many days."""
        if self.first.day == 1 and (self.last + ONE).day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            at = self.first.year * 12 + self.first.month - 1 - months
            return Span(date(at // 12, at % 12 + 1, 1), self.first - ONE)
        return Span(self.first - ONE * self.length, self.first - ONE)

    @property
    def by(self) -> By:
        """Return how finely the span is shown."""
        return "day" if self.length <= BY_DAY else "week" if self.length <= BY_WEEK else "month"

    def pieces(self) -> Iterator[Span]:
        """Yield the days, weeks (from Monday) or months of the span, cut at its ends."""
        first = self.first
        while first <= self.last:
            last = min(_end_of(first, self.by), self.last)
            yield Span(first, last)
            first = last + ONE

    def whole_months(self) -> Iterator[Span]:
        """Yield the calendar months that lie in the span with all their days."""
        first = self.first if self.first.day == 1 else _end_of(self.first, "month") + ONE
        while (last := _end_of(first, "month")) <= self.last:
            yield Span(first, last)
            first = last + ONE


def _end_of(day: date, by: By) -> date:
    if by == "day":
        return day
    if by == "week":
        return day + ONE * (6 - day.weekday())
    return (day.replace(day=28) + 4 * ONE).replace(day=1) - ONE


def is_last_of_month(day: date) -> bool:
    """Return whether the next day is the first of a month."""
    return (day + ONE).day == 1
