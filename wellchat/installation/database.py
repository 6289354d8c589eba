"""Look at the health of the database: sizes, index use, pool, locks, slow statements. It reads no words.

PostgreSQL counts by itself (its statistics views, documentation chapter "Monitoring Database Activity").
SQLite keeps no count of what uses an index; it has its file, its log and its free pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from wellchat.db import db, is_postgresql
from wellchat.slow_statements import SlowStatement, slow_statements, without_values

MOST_TABLES = 20
MAX_SCANNED = 256 * 1024 * 1024  # bytes of a SQLite file that is read whole for the sizes of its tables


@dataclass(frozen=True)
class TableSize:
    """One table with its indexes. Without numbers where the database does not count them."""

    name: str
    size: int  # bytes
    rows: int | None = None  # as last estimated
    dead: int | None = None  # rows that wait to be cleaned up
    scans: int | None = None  # times it was read from end to end
    index_scans: int | None = None


@dataclass(frozen=True)
class Lock:
    """A statement that waits for a lock, for how many seconds, and how many sessions it waits for."""

    statement: str
    seconds: float
    blockers: int


@dataclass
class Health:
    """What the page shows. Sizes in bytes, times in seconds; None: this database does not say."""

    engine: str
    size: int
    wal: int | None = None  # SQLite: the log that is not yet in the file
    free: int | None = None  # SQLite: pages in the file that hold nothing
    pool: dict[str, int] = field(default_factory=dict)
    connections: int | None = None  # PostgreSQL: of all programs, and how many there may be
    max_connections: int | None = None
    oldest_transaction: float | None = None
    locks: list[Lock] = field(default_factory=list)
    tables: list[TableSize] = field(default_factory=list)
    unused_indexes: list[TableSize] = field(default_factory=list)
    slow: list[SlowStatement] = field(default_factory=list)


def health(*, tables: bool = True) -> Health:
    """Return the health of the database now. `tables`: with the sizes of tables, which take longer."""
    with db.engine.connect() as connection:
        found = _postgresql(connection, tables) if is_postgresql() else _sqlite(connection, tables)
    found.pool = pool()
    found.slow = slow_statements().worst()
    return found


def pool() -> dict[str, int]:
    """Return the connections of this process: {"in_use", "idle", "most"}; empty for a pool without counts."""
    kept = db.engine.pool
    if not isinstance(kept, QueuePool):
        return {}
    # overflow() counts up from minus the size, as long as connections are still to be made.
    most = kept.size() + kept._max_overflow
    return {"in_use": kept.checkedout(), "idle": kept.checkedin(), "most": most}


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.scalar(text(f"PRAGMA {name}")) or 0)


def _sqlite(connection: Connection, tables: bool) -> Health:
    page = _pragma(connection, "page_size")
    found = Health("SQLite", _pragma(connection, "page_count") * page)
    found.free = _pragma(connection, "freelist_count") * page
    log = Path(f"{db.engine.url.database}-wal")
    found.wal = log.stat().st_size if log.is_file() else 0
    if tables and found.size <= MAX_SCANNED:
        found.tables = _sqlite_tables(connection)
    return found


def _sqlite_tables(connection: Connection) -> list[TableSize]:
    query = (
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name"
        " WHERE s.aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC LIMIT :most"
    )
    try:
        return [
            TableSize(name, size) for name, size in connection.execute(text(query), {"most": MOST_TABLES})
        ]
    except SQLAlchemyError:
        # A SQLite that was built without dbstat.
        return []


_TABLES = """
SELECT relname, pg_total_relation_size(relid), n_live_tup, n_dead_tup, seq_scan, idx_scan
FROM pg_stat_user_tables ORDER BY 2 DESC LIMIT :most
"""
# Those of a constraint are needed without being read.
_UNUSED = """
SELECT i.indexrelname, pg_relation_size(i.indexrelid) FROM pg_stat_user_indexes i
JOIN pg_index x ON x.indexrelid = i.indexrelid
WHERE i.idx_scan = 0 AND NOT x.indisunique AND pg_relation_size(i.indexrelid) > 1048576
ORDER BY 2 DESC LIMIT :most
"""
# Of this database and role only: those of others are not ours to show. The driver sends values apart.
_LOCKS = """
SELECT query, EXTRACT(EPOCH FROM clock_timestamp() - state_change), cardinality(pg_blocking_pids(pid))
FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND wait_event_type = 'Lock'
ORDER BY 2 DESC LIMIT :most
"""
_SESSIONS = """
SELECT count(*), coalesce(max(EXTRACT(EPOCH FROM clock_timestamp() - xact_start)), 0)
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def _postgresql(connection: Connection, tables: bool) -> Health:
    def rows(query: str) -> list[Any]:
        return list(connection.execute(text(query), {"most": MOST_TABLES}))

    size = int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    found = Health("PostgreSQL", size)
    found.max_connections = int(connection.scalar(text("SHOW max_connections")) or 0)
    ((count, oldest),) = connection.execute(text(_SESSIONS)).all()
    found.connections, found.oldest_transaction = int(count), float(oldest)
    found.locks = [
        Lock(without_values(query or ""), float(seconds), int(n)) for query, seconds, n in rows(_LOCKS)
    ]
    if tables:
        found.tables = [TableSize(*row) for row in rows(_TABLES)]
        found.unused_indexes = [TableSize(*row) for row in rows(_UNUSED)]
    return found
