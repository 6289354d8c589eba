"""Gauges of /metrics about pending deliveries."""

from __future__ import annotations

import math
from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy import func, select

from wellchat.db import db
from wellchat.messaging.models import PendingDelivery

OUTBOX = Gauge(
    "wellchat_outbox_due", "Messages whose recipients are still to be told", multiprocess_mode="mostrecent"
)
OUTBOX_AGE = Gauge(
    "wellchat_outbox_oldest_seconds", "How long the oldest of them is due", multiprocess_mode="mostrecent"
)


def measure(now: datetime | None) -> None:
    """Set the gauges as of `now`; set them to NaN if it is None, because nothing is known."""
    if now is None:
        OUTBOX.set(math.nan)
        OUTBOX_AGE.set(math.nan)
        return
    pending = select(func.count(), func.min(PendingDelivery.due_at)).where(PendingDelivery.due_at <= now)
    due, oldest = db.session.execute(pending).one()
    OUTBOX.set(due)
    OUTBOX_AGE.set((now - oldest).total_seconds() if oldest else 0)
