"""Trim the security log: delete what is older than its period, by whole months, on record.

A gap keeps the place of the deleted rows in the chain. The row `audit.trimmed` holds a digest of its gaps, so
that a gap made by somebody else is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select

from wellchat.audit.actions import record
from wellchat.audit.models import HOST, OPERATOR, SYSTEM, AuditAddress, AuditEvent, AuditGap, AuditSuspicion
from wellchat.audit.sealing import locked_state
from wellchat.config import setting
from wellchat.db import new_id, table, transaction
from wellchat.feature import registry

AUDIT = table(AuditEvent)
BATCH = 5000  # rows of one transaction
NOT_PEOPLE = (OPERATOR, SYSTEM, HOST)


def trim(now: datetime, *, actor_kind: str | None = None, dry_run: bool = False) -> int:
    """Delete the rows whose period is over. Return how many they are, or would be.

    Rows that have not gone out yet stay, where they are to go out.
    """
    trimmed = 0
    # A dry run deletes nothing, so it has to step over what it has counted.
    while found := _trim_batch(now, actor_kind, dry_run, after=trimmed if dry_run else 0):
        trimmed += found
    return trimmed


def _trim_batch(now: datetime, actor_kind: str | None, dry_run: bool, after: int) -> int:
    with transaction() as session:
        state = locked_state()
        last = state.seq if setting("AUDIT_TO") == "off" else state.shipped
        over = _is_over(now)
        query = select(AUDIT.c.id, AUDIT.c.seq, AUDIT.c.hash).where(AUDIT.c.seq <= last, over)
        rows = session.execute(query.order_by(AUDIT.c.seq).offset(after).limit(BATCH)).all()
        if not rows or dry_run:
            return len(rows)
        trim_id = new_id()
        gaps = _gaps(rows, trim_id)
        detail = {"rows": len(rows), "first": rows[0].seq, "last": rows[-1].seq, "digest": gaps_digest(gaps)}
        # Its id is chosen before: the gaps name this row, and this row holds their digest.
        record("audit.trimmed", now=now, actor_kind=actor_kind, detail=detail, event_id=trim_id)
        session.add_all(gaps)
        # The triggers of the database let a row go only where a gap covers it already.
        session.flush()
        ids = [row.id for row in rows]
        # In parts: a database takes only so many values in one statement.
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            session.execute(delete(AuditAddress).where(AuditAddress.audit_id.in_(some)))
            session.execute(delete(AuditEvent).where(AuditEvent.id.in_(some)))
    return len(rows)


def _is_over(now: datetime) -> Any:
    """Return the condition of rows whose period is over."""
    for_long = [name for name, kind in registry().audited.items() if kind.of_admin]
    is_long = or_(AUDIT.c.actor_kind.in_(NOT_PEOPLE), AUDIT.c.kind.in_(for_long))
    short, long = (month_start(now - timedelta(days=setting(n))) for n in ("AUDIT_DAYS", "AUDIT_ADMIN_DAYS"))
    over = or_(and_(AUDIT.c.at < short, ~is_long), and_(AUDIT.c.at < long, is_long))
    # The gaps are held to these rows for ever; there is one a month.
    return and_(over, AUDIT.c.kind != "audit.trimmed")


def month_start(at: datetime) -> datetime:
    """Return the first moment of the month: whole months are trimmed."""
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _gaps(rows: Sequence[Any], trim_id: str) -> list[AuditGap]:
    """Return one gap for each run of numbers."""
    gaps: list[AuditGap] = []
    for row in rows:
        if gaps and gaps[-1].last == row.seq - 1:
            gaps[-1].last, gaps[-1].hash = row.seq, row.hash
        else:
            gaps.append(AuditGap(first=row.seq, last=row.seq, hash=row.hash, trim_id=trim_id))
    return gaps


def gaps_digest(gaps: Iterable[AuditGap]) -> str:
    """Return the SHA-256 in hex of the gaps of one trim."""
    lines = sorted((gap.first, gap.last, gap.hash) for gap in gaps)
    return hashlib.sha256(repr(lines).encode()).hexdigest()


def tidy(now: datetime) -> dict[str, int]:
    """Trim once a month, and delete full addresses and told suspicions that are old enough."""
    with transaction() as session:
        state = locked_state()
        is_due = state.trimmed_at is None or state.trimmed_at < month_start(now)
        # Before the trim, which commits in batches: what a crash leaves is trimmed a month later.
        state.trimmed_at = now
        session.execute(delete(AuditAddress).where(AuditAddress.kept_until <= now))
        session.execute(delete(AuditSuspicion).where(AuditSuspicion.raised_at <= now - timedelta(days=90)))
    return {"audit_trimmed": trim(now, actor_kind=SYSTEM) if is_due else 0}
