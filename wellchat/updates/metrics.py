"""The gauge of /metrics about clients that lag behind their change log."""

from __future__ import annotations

import math
from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy import func, select

from wellchat.accounts.models import Presence
from wellchat.changes.models import ChangeLog
from wellchat.db import db

LAG = Gauge(
    "wellchat_change_log_unconfirmed",
    "Most changes any one present person has not confirmed",
    multiprocess_mode="mostrecent",
)


def measure(now: datetime | None) -> None:
    """Set the gauge; set it to NaN if `now` is None, because nothing is known."""
    if now is None:
        LAG.set(math.nan)
        return
    behind = func.max(ChangeLog.last_seq - ChangeLog.acked_seq)
    query = select(behind).join(Presence, Presence.user_id == ChangeLog.user_id)
    LAG.set(db.session.execute(query).scalar() or 0)
