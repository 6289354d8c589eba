"""When an email may come: moments on a person's own clock, whatever daylight saving does to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def due_time(
    cadence: str, written: datetime, *, delay: timedelta, hour: int, weekday: int, zone: ZoneInfo
) -> datetime | None:
    """When a message written then is to be mailed if nobody reads it; None: never."""
    match cadence:
        case "soon":
            return written + delay
        case "hourly":
            return next_hour(written, zone)
        case "daily":
            return next_at(written, time(hour), zone)
        case "weekly":
            return next_at(written, time(hour), zone, weekday=weekday)
    return None


def next_hour(after: datetime, zone: ZoneInfo) -> datetime:
    """The next full hour on the clocks there; in some zones that is half past in UTC."""
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    while minute := moment.astimezone(zone).minute:
        moment += timedelta(minutes=60 - minute)  # again where a clock change of half an hour lies in between
    return moment


def next_at(after: datetime, at: time, zone: ZoneInfo, *, weekday: int | None = None) -> datetime:
    """The next moment after `after` when the clocks there show `at`, on that weekday (Monday 0) if one is given."""
    today = after.astimezone(zone).date()
    days = (today + n * DAY for n in range(9))
    return next(m for d in days if weekday in (None, d.weekday()) and (m := moment_on(d, at, zone)) > after)


def moment_on(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first moment of that day when the clocks there show `at` or later.

    In the hour that is skipped in spring that is the moment of the change; of the hour that comes twice in autumn it is
    the first.
    """
    shown = datetime.combine(day, at)
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    while (moment - MINUTE).astimezone(zone).replace(tzinfo=None) >= shown:
        moment -= MINUTE
    return moment


def quiet_until(
    now: datetime, quiet_from: str | None, quiet_to: str | None, zone: ZoneInfo
) -> datetime | None:
    """When the quiet hours end that `now` lies in; None outside of them. They may go over midnight."""
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return None
    begins, ends = time.fromisoformat(quiet_from), time.fromisoformat(quiet_to)
    today = now.astimezone(zone).date()
    began = max(m for n in range(-2, 1) if (m := moment_on(today + n * DAY, begins, zone)) <= now)
    until = next_at(began, ends, zone)
    return until if now < until else None
