"""Report the scanner of files to /metrics and to the doctor."""

from __future__ import annotations

import math
from datetime import datetime

from flask import Flask
from prometheus_client import Gauge
from sqlalchemy import func, select

from wellchat.attachments import scanner
from wellchat.attachments.models import SCANNING, Attachment
from wellchat.config import setting
from wellchat.db import db

WAITING = Gauge("wellchat_files_to_scan", "Files that wait for the scanner", multiprocess_mode="mostrecent")
WAITING_AGE = Gauge(
    "wellchat_files_to_scan_oldest_seconds",
    "How long the oldest of them waits",
    multiprocess_mode="mostrecent",
)


def measure(now: datetime | None) -> None:
    """Set the gauges as of `now`; set them to NaN if it is None, because nothing is known."""
    if now is None:
        WAITING.set(math.nan)
        WAITING_AGE.set(math.nan)
        return
    waiting = select(func.count(), func.min(Attachment.created_at)).where(
        # No file is scanned without a due time, so this reads the small index of those.
        Attachment.due_at.is_not(None),
        Attachment.state == SCANNING,
    )
    number, oldest = db.session.execute(waiting).one()
    WAITING.set(number)
    WAITING_AGE.set((now - oldest).total_seconds() if oldest else 0)


def check_scanner(_app: Flask) -> str:
    """Return a line for `wellchat doctor`. Raises ScannerAway."""
    name = setting("SCANNER")
    return (
        scanner.check(name) if name else "none is set (WELLCHAT_SCANNER): files are not checked for viruses"
    )
