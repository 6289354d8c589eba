"""Count refusals: however many come in a minute, the log gets one row for each person and thing."""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import threading
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select, update

from wellchat.audit.actions import Detail, record
from wellchat.audit.models import REFUSED, AuditCount
from wellchat.audit.origin import Origin, current_origin
from wellchat.db import db, insert, transaction

log = logging.getLogger(__name__)

BATCH = 500
WRITE_EVERY = timedelta(seconds=1)  # per person and thing, in one process: a flood must not become writes
COMPLETE_AFTER = timedelta(seconds=65)  # since the minute began


class Pending:
    """The counts of this process that are not yet written down."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts: dict[str, tuple[datetime, int]] = {}  # id -> (when it was written last, times since)

    def add(self, count_id: str, now: datetime) -> int:
        """Count one more. Return how many are to be written down now, 0 if that has time."""
        with self.lock:
            # Taken out and put back, so that what was counted last stands last.
            written, times = self.counts.pop(count_id, (datetime.min.replace(tzinfo=now.tzinfo), 0))
            if now - written < WRITE_EVERY:
                self.counts[count_id] = written, times + 1
                return 0
            # Ids of minutes that are over come first; they are never counted again.
            # What came after their last write is dropped: the log says how often at least.
            while self.counts and now - next(iter(self.counts.values()))[0] > COMPLETE_AFTER:
                del self.counts[next(iter(self.counts))]
            self.counts[count_id] = now, 0
            return times + 1

    def take(self) -> dict[str, int]:
        """Return id -> times of all that is not written down, and count it no more."""
        with self.lock:
            taken = {count_id: times for count_id, (_, times) in self.counts.items() if times}
            self.counts.clear()
            return taken


_pending = Pending()
_flushed_at_exit = 0  # the process that has the handler: a fork registers its own


def count_refusal(kind: str, *, what: str, now: datetime, detail: Detail | None = None) -> None:
    """Count a refusal of the present request, outside of any transaction. It never raises.

    `what`: what was refused, such as the name of a route. The row of the log comes when the minute is over.
    """
    read_origin = current_origin.get()
    if read_origin is None:
        return
    origin = read_origin()
    minute = _minute_of(now)
    who = origin.actor_id or origin.network or origin.address
    count_id = hashlib.sha256(f"{kind}|{who}|{what}|{minute}".encode()).hexdigest()
    _flush_at_exit()
    times = _pending.add(count_id, now)
    if not times:
        return
    values = {
        "id": count_id,
        "kind": kind,
        "minute": minute,
        "times": times,
        "actor_id": origin.actor_id,
        "address": origin.address,
        "network": origin.network,
        "device": origin.device,
        "request_id": origin.request_id,
        "detail": dict(detail or {}),
    }
    # Added by the database: several processes count into one row.
    more = {"times": AuditCount.times + times}
    try:
        with transaction() as session:
            made = insert(AuditCount).values(values)
            session.execute(made.on_conflict_do_update(index_elements=["id"], set_=more))
    except Exception:
        log.exception("%s could not be counted for the security log", kind)


def _minute_of(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def flush_counts() -> None:
    """Write down what this process has counted and not written. It never raises."""
    counted = _pending.take()
    if not counted:
        return
    try:
        with transaction() as session:
            for count_id, times in sorted(counted.items()):
                # Without a row its minute is over, and in the log.
                mine = update(AuditCount).where(AuditCount.id == count_id)
                session.execute(mine.values(times=AuditCount.times + times))
    # At the end of a process the database may be gone already.
    except Exception as error:
        reason = type(error).__name__
        log.warning("the last refusals could not be counted for the security log: %s", reason)


def _flush_at_exit() -> None:
    global _flushed_at_exit
    if _flushed_at_exit == os.getpid():
        return
    _flushed_at_exit = os.getpid()
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def flush() -> None:
        with app.app_context():
            flush_counts()

    # Also after SIGTERM, on which the web server ends its processes in order.
    atexit.register(flush)


def write_counts(now: datetime) -> dict[str, int]:
    """Make a row of the log from each count whose minute is over."""
    due = select(AuditCount).where(AuditCount.minute <= now - COMPLETE_AFTER).limit(BATCH)
    written = 0
    # A look first: nearly always there is nothing, and a write takes SQLite's one writer.
    while db.session.execute(due.with_only_columns(AuditCount.id).limit(1)).first():
        with transaction() as session:
            # Two workers share the work: each takes the rows that the other has not locked.
            counts = session.execute(due.with_for_update(skip_locked=True)).scalars().all()
            for count in counts:
                _write(count)
            # In the transaction of the new rows: a crash in between counts no minute twice, and loses none.
            session.execute(delete(AuditCount).where(AuditCount.id.in_([count.id for count in counts])))
        # What is left is locked by another worker.
        if not counts:
            break
        written += len(counts)
    return {"audit_counted": written}


def _write(count: AuditCount) -> None:
    came = Origin(count.actor_id, count.address, count.network, count.device, count.request_id)
    # The sweep has no request. The row must name the place that was refused, not the worker.
    before = current_origin.set(lambda: came)
    try:
        detail = {**count.detail, "times": count.times}
        record(count.kind, now=count.minute, outcome=REFUSED, detail=detail)
    finally:
        current_origin.reset(before)
