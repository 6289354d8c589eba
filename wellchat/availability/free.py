"""List the free times of a calendar, and decide about one, by one function without a database or a clock.

A free start is a moment. Hours say what the clock of the place must show (wellchat/zones.py); lengths,
buffers and notice are elapsed time. Nothing here adds hours to local times.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wellchat.zones import MINUTE, instant, windows

Piece = tuple[datetime, datetime]
Span = tuple[int, int]
ONE_DAY = timedelta(days=1)
# Zones are up to 14 hours off UTC, and a session that begins in hours of one day may run into the next.
AROUND = 2 * ONE_DAY


class Hours(NamedTuple):
    """Weekly hours on one weekday (0 is Monday), in minutes of its clock; every second week by an anchor."""

    weekday: int
    begin: int
    end: int
    every: int = 1
    anchor: date | None = None

    def are_on(self, day: date) -> bool:
        """Return whether these are hours of this day."""
        if day.weekday() != self.weekday:
            return False
        if self.every == 1 or self.anchor is None:
            return True
        # By a date, not by the number of the week: 53 weeks of a year would give two odd ones in a row.
        return (monday(day) - monday(self.anchor)).days // 7 % self.every == 0


class Stay(NamedTuple):
    """Days on which the calendar goes by the clock of another place, the last one included."""

    first: date
    last: date
    zone: str


class Taken(NamedTuple):
    """An entry of a calendar. `blocks` is false for what only counts: its time is over."""

    starts_at: datetime
    blocks_from: datetime
    blocks_until: datetime
    blocks: bool = True


class Wanted(NamedTuple):
    """A time that is wanted: its length and what must be free before and after it, in minutes."""

    minutes: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class Rules:
    """When somebody works, and what they set about bookings."""

    zone: str
    hours: Sequence[Hours] = ()
    special: Mapping[date, Sequence[Span]] = field(default_factory=dict)
    days_off: Sequence[tuple[date, date]] = ()
    stays: Sequence[Stay] = ()
    step: int = 30
    notice: timedelta = timedelta(0)
    horizon_days: int | None = None
    most_per_day: int | None = None
    most_per_week: int | None = None
    week_starts: int = 0

    def zone_on(self, day: date) -> ZoneInfo:
        """Return the zone whose clock counts on a day."""
        stay = next((each for each in self.stays if each.first <= day <= each.last), None)
        return ZoneInfo(stay.zone if stay else self.zone)

    def spans(self, day: date) -> list[Span]:
        """Return the hours of a day: a special day beats the week, a day off beats both."""
        if any(first <= day <= last for first, last in self.days_off):
            return []
        if day in self.special:
            return list(self.special[day])
        return [(each.begin, each.end) for each in self.hours if each.are_on(day)]

    def day_of(self, moment: datetime) -> date:
        """Return the date on which a session counts: that of its start, in the zone of the calendar."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def end_of_horizon(self, now: datetime) -> datetime | None:
        """Return the end of the last local day that can be booked, as a moment; None without a horizon."""
        if self.horizon_days is None:
            return None
        after = self.day_of(now) + timedelta(days=self.horizon_days + 1)
        return instant(datetime.combine(after, time()), ZoneInfo(self.zone), fold=1)

    def week_of(self, day: date) -> date:
        """Return the first day of the week in which a day counts."""
        return day - timedelta(days=(day.weekday() - self.week_starts) % 7)


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def open_pieces(rules: Rules, since: datetime, until: datetime) -> list[Piece]:
    """Return the hours around [since, until), as pieces in UTC, each as it is set."""
    day, last = (since - AROUND).date(), (until + AROUND).date()
    found: list[Piece] = []
    while day <= last:
        if spans := rules.spans(day):
            found += windows(day, spans, rules.zone_on(day))
        day += ONE_DAY
    return sorted(found)


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return sorted pieces with those that meet made one: hours until midnight go on with those after it."""
    found: list[Piece] = []
    for begin, end in pieces:
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def free_starts(
    rules: Rules, wanted: Wanted, taken: Iterable[Taken], *, since: datetime, until: datetime, now: datetime
) -> list[datetime]:
    """Return the moments, in UTC, in [since, until) at which what is wanted may begin.

    `taken` holds what blocks around that time, and what counts in the weeks that it touches.
    """
    since = max(since, now + rules.notice).astimezone(UTC)
    until = min(until, rules.end_of_horizon(now) or until)
    if since >= until:
        return []
    taken = list(taken)
    pieces = open_pieces(rules, since, until)
    whole = merged(pieces)
    blocked = merged(sorted((each.blocks_from, each.blocks_until) for each in taken if each.blocks))
    full = _Full(rules, taken)
    ends = [end for _, end in blocked]
    opened = [begin for begin, _ in whole]
    found = []
    for start in sorted(set(_steps(pieces, rules.step, since, until))):
        end = start + wanted.minutes * MINUTE
        # The last open piece that begins by then. It holds the start, which comes from one of its parts.
        if end > whole[bisect_right(opened, start) - 1][1]:
            continue
        at = bisect_right(ends, start - wanted.before * MINUTE)
        if at < len(blocked) and blocked[at][0] < end + wanted.after * MINUTE:
            continue
        if not full.on(start):
            found.append(start)
    return found


def is_free(rules: Rules, wanted: Wanted, taken: Iterable[Taken], start: datetime, now: datetime) -> bool:
    """Return whether what is wanted may begin at this moment. It asks the list: the two never differ."""
    # A start is a whole minute: the list from here to the next minute holds it or nothing.
    return start in free_starts(rules, wanted, taken, since=start, until=start + MINUTE, now=now)


def _steps(pieces: Iterable[Piece], step: int, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the starts that a calendar offers: at its step, counted from where each of its hours begin."""
    # Not from where merged hours begin: those of a whole week have no beginning.
    width = step * MINUTE
    for begin, end in pieces:
        start = begin + max(0, -((begin - since) // width)) * width
        while start < min(end, until):
            if start >= since:
                yield start
            start += width


class _Full:
    """Days and weeks in which no more may be booked."""

    def __init__(self, rules: Rules, taken: Iterable[Taken]) -> None:
        self.rules = rules
        self.has_limits = rules.most_per_day is not None or rules.most_per_week is not None
        # A day costs a look at the zone for each booking: only where it is asked for.
        days = [rules.day_of(each.starts_at) for each in taken] if self.has_limits else []
        self.per_day = Counter(days)
        self.per_week = Counter(rules.week_of(day) for day in days)

    def on(self, start: datetime) -> bool:
        if not self.has_limits:
            return False
        rules, day = self.rules, self.rules.day_of(start)
        return (rules.most_per_day is not None and self.per_day[day] >= rules.most_per_day) or (
            rules.most_per_week is not None and self.per_week[rules.week_of(day)] >= rules.most_per_week
        )
