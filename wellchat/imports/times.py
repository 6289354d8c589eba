"""Read the times of a file. What does not say when exactly is refused, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wellchat.imports.refusing import Refused

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)  # that the other system's clock may be ahead
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SHORTEST = len("2026-01-31T12:00")


class Clock(NamedTuple):
    """The rules for times: `latest` is the last that can be, `zone` that of times without an offset."""

    latest: datetime
    zone: ZoneInfo | None = None


def clock_of(now: datetime, zone: str | None) -> Clock:
    """Return the rules for times of a file that is read now."""
    return Clock(now + AHEAD, ZoneInfo(zone) if zone else None)


def read_time(text: object, clock: Clock) -> tuple[int, bool]:
    """Return (microseconds since 1970 in UTC, whether the hour came twice on that day and this is a choice).

    Raises Refused.
    """
    if not isinstance(text, str) or len(text) < SHORTEST:
        raise Refused("a time is a text such as 2026-01-31T12:00:00Z")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("a time is a text such as 2026-01-31T12:00:00Z") from None
    doubled = False
    if found.tzinfo is None:
        if clock.zone is None:
            raise Refused("a time without an offset from UTC: name the zone of the file")
        found = found.replace(tzinfo=clock.zone)
        first, second = found.utcoffset(), found.replace(fold=1).utcoffset()
        if first is not None and second is not None and first < second:
            raise Refused(f"there was no such time in {clock.zone.key}: the clock was set forward")
        doubled = first != second
    try:
        found = found.astimezone(UTC)
    except OverflowError:
        raise Refused("a time that cannot be") from None
    if found < EARLIEST:
        raise Refused("a time before the year 2000")
    if found > clock.latest:
        raise Refused("a time in the future")
    return to_number(found), doubled


def to_number(moment: datetime) -> int:
    """Return microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def to_moment(number: int) -> datetime:
    """Return the moment of `to_number`, in UTC."""
    return EPOCH + timedelta(microseconds=number)
