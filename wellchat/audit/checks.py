"""Check for `wellchat doctor`: whether the security log is sealed, and where it goes."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from wellchat.audit.models import AuditEvent, AuditState
from wellchat.clock import now
from wellchat.config import setting
from wellchat.db import db

LATE = timedelta(minutes=10)


def check_log(_app: Flask) -> str:
    """Return one line about the log. Raises ValueError where rows wait too long to be sealed or sent."""
    oldest = db.session.execute(select(func.min(AuditEvent.at)).where(AuditEvent.seq.is_(None))).scalar()
    if oldest is not None and now() - oldest > LATE:
        minutes = (now() - oldest) // timedelta(minutes=1)
        raise ValueError(f"rows wait to be sealed for {minutes} minutes: is there a worker?")
    seq, shipped = db.session.execute(select(AuditState.seq, AuditState.shipped)).one()
    if setting("AUDIT_TO") == "off":
        return f"{seq} rows sealed; they go nowhere: see WELLCHAT_AUDIT_TO"
    query = select(AuditEvent.at).where(AuditEvent.seq == shipped + 1)
    first_waiting = db.session.execute(query).scalar()
    if first_waiting is not None and now() - first_waiting > LATE:
        raise ValueError(f"{seq - shipped} rows wait: {setting('AUDIT_TO')} does not take them")
    return f"{seq} rows sealed, {shipped} sent to {setting('AUDIT_TO')}"
