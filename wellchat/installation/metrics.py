"""Gauges of /metrics about the database, the disk, and everything that waits for the worker."""

from __future__ import annotations

import math
import shutil
from datetime import datetime
from typing import Any

from prometheus_client import Gauge

from wellchat.config import setting
from wellchat.installation import database
from wellchat.installation.waiting import QUEUES, waiting


def _gauge(name: str, about: str, labels: tuple[str, ...] = ()) -> Gauge:
    return Gauge(f"wellchat_{name}", about, labels, multiprocess_mode="mostrecent")


SIZE = _gauge("database_bytes", "Size of the database")
WAL = _gauge("database_wal_bytes", "SQLite: size of its log that is not yet in the file")
FREE = _gauge("database_free_bytes", "SQLite: pages of the file that hold nothing")
SESSIONS = _gauge("database_sessions", "PostgreSQL: connections of all programs to this database")
MAX_SESSIONS = _gauge("database_sessions_max", "PostgreSQL: connections that it takes at the most")
OLDEST = _gauge("database_oldest_transaction_seconds", "PostgreSQL: age of the oldest open transaction")
LOCKS = _gauge("database_locks_waiting", "PostgreSQL: statements that wait for a lock")
POOL = _gauge("database_pool_connections", "Connections that the pool of one process may have at the most")
DISK = _gauge("disk_free_bytes", "Free space on the disk of the instance folder")
WAITING = _gauge("queue_due", "Rows that are due and wait for the worker", ("queue",))
OLDEST_WAITING = _gauge("queue_oldest_seconds", "How long the oldest of them is due", ("queue",))
ENDED = _gauge("queue_rows", "Rows that ended without success, and stand", ("queue", "state"))


def measure(now: datetime | None) -> None:
    """Set the gauges as of `now`; set them to NaN if it is None, because nothing is known."""
    DISK.set(shutil.disk_usage(setting("INSTANCE")).free)
    _measure_database(database.health(tables=False) if now else None)
    _measure_queues(now)


def _measure_database(found: database.Health | None) -> None:
    values: dict[Gauge, Any] = {
        SIZE: found and found.size,
        WAL: found and found.wal,
        FREE: found and found.free,
        SESSIONS: found and found.connections,
        MAX_SESSIONS: found and found.max_connections,
        OLDEST: found and found.oldest_transaction,
        LOCKS: found and len(found.locks),
        POOL: found and found.pool.get("most"),
    }
    for gauge, value in values.items():
        gauge.set(math.nan if value is None else value)


def _measure_queues(now: datetime | None) -> None:
    for queue in QUEUES:
        found = waiting(queue, now) if now else None
        WAITING.labels(queue.name).set(found.due if found else math.nan)
        OLDEST_WAITING.labels(queue.name).set(found.oldest if found else math.nan)
        for state in queue.bad_states:
            ENDED.labels(queue.name, state).set(found.bad.get(state, 0) if found else math.nan)
