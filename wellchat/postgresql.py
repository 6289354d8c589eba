"""Tune the engine of PostgreSQL. Only db.py uses this, and only there: SQLite needs no driver of it."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, event


class _Cursor(psycopg.Cursor[Any]):
    """Build a minimal `description`: name and type code only.

    SQLAlchemy reads nothing else, and psycopg's Column objects cost 10 % of an update.
    """

    @property
    def description(self) -> Any:
        """Return a tuple of 7 items per column (PEP 249), or None if the statement returned no rows."""
        found = self.pgresult
        if not found or found.status != ExecStatus.TUPLES_OK:
            return None
        unknown = (None,) * 5
        return [(found.fname(n).decode(), found.ftype(n), *unknown) for n in range(found.nfields)]  # type: ignore[union-attr]


def tune(engine: Engine) -> None:
    """Set the session parameters of PostgreSQL on every new connection."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # All statements are short: starting parallel workers or compiling them (JIT) costs more than it
        # saves. They are SET after connecting, not as connection options, because poolers such as PgBouncer
        # refuse those.
        # Outside a transaction, or a rollback would undo the SET commands.
        connection.autocommit = True
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("SET jit = off")
        connection.execute("SET TIME ZONE 'UTC'")
        connection.autocommit = False
        connection.cursor_factory = _Cursor
