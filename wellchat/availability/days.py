"""Free times as a person reads them: by their own dates, on their own clock."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wellchat.availability import queries
from wellchat.availability.free import Wanted
from wellchat.availability.models import Service
from wellchat.clock import iso
from wellchat.i18n import format_date, format_time
from wellchat.zones import instant


class Start(NamedTuple):
    """A free start. `at` names it, whoever reads; `label` is what the reader's clock shows."""

    at: str
    label: str


class Day(NamedTuple):
    """A day of the reader's, with the free starts on it."""

    on: date
    label: str
    starts: list[Start]


def range_of(first: date, days: int, zone: str) -> tuple[datetime, datetime]:
    """Return [since, until) of so many days by the clock of a zone, in UTC."""
    begin, end = (datetime.combine(first + timedelta(days=each), time()) for each in (0, days))
    return instant(begin, ZoneInfo(zone)), instant(end, ZoneInfo(zone))


def offered_days(
    service: Service,
    zone: str,
    first: date,
    days: int,
    now: datetime,
    *,
    without: str | None = None,
    wanted: Wanted | None = None,
) -> list[Day]:
    """Return so many days of the reader's, each with the free starts of a service, also those without any."""
    since, until = range_of(first, days, zone)
    starts = queries.free(service, since=since, until=until, now=now, without=without, wanted=wanted)
    found: dict[date, list[datetime]] = {first + timedelta(days=each): [] for each in range(days)}
    for start in starts:
        there = start.astimezone(ZoneInfo(zone))
        found.setdefault(there.date(), []).append(there)
    return [Day(on, format_date(on, "long"), labelled(moments)) for on, moments in found.items()]


def labelled(moments: list[datetime]) -> list[Start]:
    """Return starts of one day with their labels; what the clock shows twice says its offset, too."""
    shown = [format_time(each) for each in moments]
    twice = {label for label, count in Counter(shown).items() if count > 1}
    return [
        Start(iso(each) or "", f"{label} ({offset_of(each)})" if label in twice else label)
        for each, label in zip(moments, shown, strict=True)
    ]


def offset_of(moment: datetime) -> str:
    """Return "UTC+2" of a moment on the clock of a zone."""
    minutes = int((moment.utcoffset() or timedelta(0)).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
