"""Quiet hours: no email and no push is sent in them. They may go over midnight."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from wellchat.notifications.local_time import DAY, moment_on, next_at
from wellchat.notifications.queries import EffectivePreferences


def quiet_for(prefs: EffectivePreferences, now: datetime) -> datetime | None:
    """Return when the person's quiet hours that `now` lies in end. None: outside of them."""
    return quiet_until(now, prefs.quiet_from, prefs.quiet_to, ZoneInfo(prefs.time_zone))


def quiet_until(
    now: datetime, quiet_from: str | None, quiet_to: str | None, zone: ZoneInfo
) -> datetime | None:
    """Return when the quiet hours from "22:00" to "07:00", say, end. None: `now` lies outside of them."""
    if quiet_from is None or quiet_to is None or quiet_from == quiet_to:
        return None
    begins, ends = time.fromisoformat(quiet_from), time.fromisoformat(quiet_to)
    today = now.astimezone(zone).date()
    # The last beginning is at most two days back, also across a change of the clocks.
    began = max(m for n in range(-2, 1) if (m := moment_on(today + n * DAY, begins, zone)) <= now)
    until = next_at(began, ends, zone)
    return until if now < until else None
