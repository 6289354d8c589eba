"""When an email is due, on a person's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wellchat.notifications.local_time import MINUTE, next_at


def due_time(
    cadence: str, written: datetime, *, delay: timedelta, hour: int, weekday: int, zone: ZoneInfo
) -> datetime | None:
    """Return when a message written at `written` is due in an email. None: never.

    `hour` and `weekday` (Monday 0) are the person's digest time in `zone`.
    """
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
    """Return the next full hour on the clocks of `zone`; in some zones that is half past in UTC."""
    moment = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    while minute := moment.astimezone(zone).minute:
        moment += timedelta(minutes=60 - minute)  # again where a clock change of half an hour lies in between
    return moment
