"""How long a conversation stays quiet or away, in the words people choose from."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

MuteFor = Literal["hour", "tomorrow", "week", "always"]
SnoozeFor = Literal["hour", "tomorrow", "week"]
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
MORNING = time(8)


def until(duration: MuteFor, *, now: datetime, zone: str) -> datetime:
    """When it ends; tomorrow and a week on it is at eight in the morning, on the clocks of `zone`."""
    if duration == "always":
        return FOREVER
    if duration == "hour":
        return now + timedelta(hours=1)
    there = ZoneInfo(zone)
    day = now.astimezone(there).date() + timedelta(days=1 if duration == "tomorrow" else 7)
    return datetime.combine(day, MORNING, there).astimezone(UTC)
