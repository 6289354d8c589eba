"""Find moments on a person's own clock, across changes of daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def next_at(after: datetime, at: time, zone: ZoneInfo, *, weekday: int | None = None) -> datetime:
    """Return the first moment after `after` when the clocks of `zone` show `at`.

    With a `weekday` (Monday 0), only on that day of the week.
    """
    today = after.astimezone(zone).date()
    days = (today + n * DAY for n in range(9))
    return next(m for d in days if weekday in (None, d.weekday()) and (m := moment_on(d, at, zone)) > after)


def moment_on(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first moment of that day when the clocks of `zone` show `at` or later.

    In the hour that is skipped in spring, that is the moment of the change. In the hour that comes twice in
    autumn, it is the first one.
    """
    shown = datetime.combine(day, at)
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    while (moment - MINUTE).astimezone(zone).replace(tzinfo=None) >= shown:
        moment -= MINUTE
    return moment


def moments_showing(shown: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moments when the clocks of `zone` show this, in UTC, in order.

    None in the hour that is skipped in spring, two in the hour that comes twice in autumn; else one. `shown`
    has no offset.
    """
    moments = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(each for each in moments if each.astimezone(zone).replace(tzinfo=None) == shown)
