"""Notice that the clock of this machine was set ahead, so that nothing which waits for its time goes early.

A clock that is set ahead by mistake is set back soon. So for DISTRUST seconds nothing is done that people
have set a time for; then the new time is believed. Each process watches by itself, from its start.
"""

from __future__ import annotations

from datetime import datetime

from wellchat import clock

TOLERANCE = 60.0  # seconds between two looks that a clock may be corrected by, without doubts
DISTRUST = 600.0


class ClockWatch:
    """Compares the clock on the wall with one that nobody sets."""

    def __init__(self, wall: datetime, steady: float) -> None:
        self._wall, self._steady = wall, steady
        self._doubts_until: float | None = None

    def trusts(self, wall: datetime, steady: float) -> bool:
        """Return whether the wall clock may be believed. Looks at how far both went since the last look."""
        ahead = (wall - self._wall).total_seconds() - (steady - self._steady)
        self._wall, self._steady = wall, steady
        if ahead > TOLERANCE:
            self._doubts_until = steady + DISTRUST
        elif ahead < -TOLERANCE:
            # It was set back, and is right again. What is due is due by the time of now.
            self._doubts_until = None
        return self._doubts_until is None or steady >= self._doubts_until


_watch = ClockWatch(clock.now(), clock.steady())


def may_act() -> bool:
    """Return whether this process may do what is due by the clock, see above.

    It asks the real clock, and not the `now` of a sweep, which tests and commands choose.
    """
    return _watch.trusts(clock.now(), clock.steady())
