"""Read the clock. No other module does: all are given `now`."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment: aware, in UTC."""
    return datetime.now(UTC)


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text, in UTC; without an offset it is UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # the offset leads outside the years 1 to 9999
        raise ValueError(text) from None


def iso(moment: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with milliseconds and `Z`, as every time in the JSON; None for None."""
    # Milliseconds are what JavaScript's Date can hold, so a round trip changes nothing.
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
    )


def steady() -> float:
    """Return seconds of a clock that nobody sets, from an unknown beginning. Only differences mean anything.

    Where the machine has one, it runs on while the machine sleeps (Linux: CLOCK_BOOTTIME).
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
