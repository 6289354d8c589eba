"""Suggest quiet hours from the hours in which somebody rarely writes. Only a suggestion: nothing is set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

FEWEST = 30  # messages; fewer say nothing
RARELY = 50  # one message of so many may lie in them
SHORTEST, LONGEST = 6, 14  # hours


def rare_hours(moments: Iterable[datetime], zone: ZoneInfo) -> tuple[str, str] | None:
    """Return the longest stretch of hours with hardly a message, such as ("21:00", "08:00"), or None.

    Of two as long as each other it is the quieter one, then the one that begins earlier.
    """
    hours = Counter(moment.astimezone(zone).hour for moment in moments)
    total = hours.total()
    if total < FEWEST:
        return None
    stretches = [
        (length, -number, -begin)
        for length in range(SHORTEST, LONGEST + 1)
        for begin in range(24)
        if (number := sum(hours[(begin + n) % 24] for n in range(length))) * RARELY <= total
    ]
    if not stretches:
        return None
    length, _, begin = max(stretches)
    return f"{-begin:02}:00", f"{(-begin + length) % 24:02}:00"
