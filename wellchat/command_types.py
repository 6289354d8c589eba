"""Types of command-line options that several features take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from wellchat import clock


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601, with its offset from UTC. `or_day`: a day alone will do, and begins at 0:00 UTC.

    A time of day without an offset is refused: whoever writes it means the time on their own clock.
    """

    name = "TIME"

    def __init__(self, *, or_day: bool = False) -> None:
        self.or_day = or_day

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """Return the moment in UTC; fail with a line that shows how to write it."""
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None and not (self.or_day and _is_day(value)):
                self.fail(f"{value} says no time zone: {_with_zone(found)}", param, ctx)
            return clock.moment(value)
        except ValueError:
            day = "a day or a time, such as 2026-01-31 or " if self.or_day else "a time in ISO 8601, such as "
            self.fail(f"{value!r} is no time; write {day}2026-01-31T12:00:00Z", param, ctx)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _with_zone(found: datetime) -> str:
    text = found.isoformat(timespec="seconds")
    return f"write {text}Z for UTC, or {text}+01:00 with your own offset from it"
