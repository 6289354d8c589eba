"""Compute office hours: weekly times of one zone, as moments. Clock changes are told apart from both sides.

A time that a clock change leaves out is the moment of the change. A time that comes twice is its first
occurrence where hours begin, and its last one where they end (PEP 495).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

LOOK_AHEAD = 400  # days after which nobody is said to be back
SECOND = timedelta(seconds=1)

Week = Sequence[Sequence[tuple[time, time]]]  # Monday first; an end of 00:00 is the end of the day


class OfficeState(NamedTuple):
    """`opens_at`: when they are back; None while they are open, and if that is too far ahead.

    `closes_at`: when the present hours end; None outside of them.
    """

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True)
class OfficeHours:
    """The hours of somebody: a week, days off as (first, last), and the zone of both."""

    week: Week
    days_off: Sequence[tuple[date, date]]
    zone: ZoneInfo

    @classmethod
    def stored(
        cls, hours: Sequence[Sequence[Sequence[str]]], days_off: Sequence[Sequence[str]], zone: str
    ) -> OfficeHours:
        """Return them from the columns of AutomaticMessages."""
        week = [[(_clock(start), _clock(end)) for start, end in day] for day in hours]
        off = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in days_off]
        return cls(week, off, ZoneInfo(zone))

    @property
    def are_set(self) -> bool:
        """Return whether there are any hours at all."""
        return any(self.week)

    def at(self, now: datetime) -> OfficeState:
        """Return whether they are open at a moment, and when that changes. All moments are in UTC."""
        for opens, closes in self._spans(now.astimezone(self.zone).date()):
            if closes <= now:
                continue
            if opens <= now:
                return OfficeState(True, None, self._end_of(closes, now))
            return OfficeState(False, opens, None)
        return OfficeState(False, None, None)

    def _end_of(self, closes: datetime, now: datetime) -> datetime:
        """Return when they close, where one time follows on another, such as over midnight."""
        for opens, later in self._spans(now.astimezone(self.zone).date(), days=8):
            if opens <= closes < later:
                closes = later
        return closes

    def _spans(self, today: date, days: int = LOOK_AHEAD) -> Iterator[tuple[datetime, datetime]]:
        # From yesterday: its last hours may reach over midnight where the clock is changed then.
        for ahead in range(-1, days):
            try:
                day = today + timedelta(days=ahead)
                tomorrow = day + timedelta(days=1)
            except OverflowError:
                return
            if any(first <= day <= last for first, last in self.days_off):
                continue
            for start, end in self.week[day.weekday()] if self.week else ():
                opens = moment_of(datetime.combine(day, start), self.zone)
                ends = datetime.combine(tomorrow if end == time() else day, end)
                closes = moment_of(ends, self.zone, last=True)
                if opens < closes:
                    yield opens, closes


def moment_of(wall: datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return the moment of a time on the clock of a zone, in UTC.

    `last`: the second one where it comes twice. One that is left out is the moment of the change.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return second if last else first
    # Left out: `second` is before the change and `first` after it. The offset tells the two sides apart.
    before = second.astimezone(zone).utcoffset()
    while first - second > SECOND:
        middle = second + (first - second) // 2
        if middle.astimezone(zone).utcoffset() == before:
            second = middle
        else:
            first = middle
    return first.replace(microsecond=0)


def _clock(text: str) -> time:
    return time.fromisoformat(text)
