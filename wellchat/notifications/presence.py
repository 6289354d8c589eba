"""Presence: a person is present while they do something. An open tab is not presence."""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat.config import setting


def present_until(seen_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a person who was last active at `seen_at` counts as away. None: they are away already."""
    if seen_at is None:
        return None
    away_at = seen_at + timedelta(seconds=setting("AWAY_AFTER"))
    return away_at if away_at > now else None
