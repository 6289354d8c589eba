"""Decide whose time zone data count: those of the machine or of the `tzdata` package, whichever are newer.

Python's `zoneinfo` asks the machine first. Where its files are old, times would be an hour off in the zones
whose rules have changed since. Import this before any `ZoneInfo` is made; wellchat/__init__.py does.

Below it, wall times become moments here and nowhere else.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import tzdata

PACKAGE = "the package tzdata"


def version_in(folder: Path) -> str | None:
    """Return the version of the zone data in a folder, such as `2026f`; None where it says none."""
    # What zic compiles from says it in its first line; BSD and macOS have a file of its own.
    for name, before in (("tzdata.zi", "# version "), ("+VERSION", "")):
        try:
            with (folder / name).open(encoding="ascii") as file:
                line = file.readline(40).strip()
        except (OSError, ValueError):
            continue
        if line.startswith(before) and len(line) > len(before):
            return line.removeprefix(before)
    return None


def choose(folders: tuple[str, ...] = zoneinfo.TZPATH) -> tuple[str, str]:
    """Return (the version of the data that count, where they are from).

    The machine's count where the first folder that has any says that they are newer.
    """
    for folder in map(Path, folders):
        if (folder / "UTC").exists() or (folder / "Etc" / "UTC").exists():
            found = version_in(folder)
            # A year and a letter: they sort as text.
            if found is not None and found > tzdata.IANA_VERSION:
                return found, str(folder)
            break
    return tzdata.IANA_VERSION, PACKAGE


VERSION, SOURCE = choose()
if SOURCE == PACKAGE:
    zoneinfo.reset_tzpath(to=())
    # Celery may have made a zone before.
    zoneinfo.ZoneInfo.clear_cache()


def check() -> str:
    """Return for the doctor which data count."""
    return f"{VERSION} of {SOURCE}"


MINUTE = timedelta(minutes=1)
DAY_MINUTES = 1440


def reading(moment: datetime, day: date, zone: ZoneInfo) -> int:
    """Return what a clock shows there at a moment, in minutes since `day` began by that clock."""
    there = moment.astimezone(zone)
    return (there.date() - day).days * DAY_MINUTES + there.hour * 60 + there.minute


def instant(wall: datetime, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Return the moment, in UTC, of a wall time; of a missing one the moment at which the clock jumps.

    A wall time that comes twice is the first of the two, with `fold` 1 the second.
    """
    first, last = (wall.replace(tzinfo=zone, fold=each).astimezone(UTC) for each in (0, 1))
    if first <= last:
        return (first, last)[fold]
    # Missing: the jump lies between what the two folds say. Zones after 1972 change at whole minutes.
    low, high = last, first
    before = low.astimezone(zone).utcoffset()
    while high - low > MINUTE:
        middle = low + (high - low) // 2 // MINUTE * MINUTE
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def windows(
    day: date, spans: Iterable[tuple[int, int]], zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Yield [from, until) in UTC of spans of a day, each (from, until) in minutes by the clock there.

    A moment is within exactly if the clock shows a time within: nothing is added to local times, so a span
    over a change of the clock is longer, shorter, in two pieces, or not there at all.
    """
    midnight = datetime.combine(day, time())
    for begin, end in spans:
        opens = instant(midnight + begin * MINUTE, zone)
        closes = instant(midnight + end * MINUTE, zone, fold=1)
        if closes - opens == (end - begin) * MINUTE:
            yield opens, closes
        else:
            yield from _pieces(day, begin, end, zone, opens, closes)


def _pieces(
    day: date, begin: int, end: int, zone: ZoneInfo, opens: datetime, closes: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the pieces of a span in which the clock changes, on some days of a year, minute by minute."""
    start = None
    for number in range((closes - opens) // MINUTE + 1):
        moment = opens + number * MINUTE
        inside = moment < closes and begin <= reading(moment, day, zone) < end
        if inside and start is None:
            start = moment
        elif not inside and start is not None:
            yield start, moment
            start = None
