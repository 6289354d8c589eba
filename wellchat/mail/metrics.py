"""The metrics about mails."""

from __future__ import annotations

import math
from datetime import datetime

from prometheus_client import Gauge
from sqlalchemy import func, select

from wellchat.claims import QUEUED, SENDING, UNKNOWN
from wellchat.db import db
from wellchat.mail.models import Mail

OPEN_STATES = (QUEUED, SENDING, UNKNOWN)

MAILS = Gauge(
    "wellchat_mails",
    "Mails in the ledger that are not done with, by state",
    ["state"],
    multiprocess_mode="mostrecent",
)


def measure(now: datetime | None) -> None:
    """Set the gauges. `now` is None while the database cannot be asked: they are set to NaN."""
    query = select(Mail.state, func.count()).where(Mail.state.in_(OPEN_STATES)).group_by(Mail.state)
    found = dict(db.session.execute(query).all()) if now else dict.fromkeys(OPEN_STATES, math.nan)
    for state in OPEN_STATES:
        MAILS.labels(state).set(found.get(state, 0))
