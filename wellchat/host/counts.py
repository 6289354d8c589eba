"""Keep the unread counts of people for a moment: a native menu asks at every screen."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app

from wellchat.messaging.unread import unread_counts

FRESH = timedelta(seconds=2)
MOST = 5_000  # people


def counts_of(user_id: str, now: datetime) -> dict[str, int]:
    """Return {"messages": unread messages, "notifications": unread ones}, at most FRESH old."""
    kept: dict[str, tuple[datetime, dict[str, int]]]
    kept = current_app.extensions.setdefault("host_counts", {})
    at, counts = kept.get(user_id, (None, {}))
    if at is not None and timedelta() <= now - at < FRESH:
        return counts
    if len(kept) >= MOST:
        kept.clear()
    counts = unread_counts(user_id)
    kept[user_id] = (now, counts)
    return counts
