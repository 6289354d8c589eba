"""Tune the engines of SQLite and PostgreSQL. Only db.py uses this."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, event


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def tune_sqlite(engine: Engine) -> None:
    """Set the pragmas and the transaction modes of SQLite on every new connection."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # Off: the driver's BEGIN comes too late and is never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        # SQLite's own lower() knows only A to Z, so a search that ignores case would miss accented letters.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        # BEGIN IMMEDIATE takes the write lock first. A read that becomes a write later fails at once with
        # SQLITE_BUSY_SNAPSHOT, whatever busy_timeout says.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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


def tune_postgresql(engine: Engine) -> None:
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


def redact_row_values(engine: Engine) -> None:
    """Keep row values out of error messages: they go into logs.

    PostgreSQL puts the row that failed into the DETAIL line, with the text of messages.
    """

    @event.listens_for(engine, "handle_error")
    def on_error(context: Any) -> None:
        diagnostics = getattr(context.original_exception, "diag", None)
        if diagnostics is not None and diagnostics.message_detail:
            # SQLAlchemy repeats the driver's message in its own error, so both are cut.
            for error in filter(None, (context.original_exception, context.sqlalchemy_exception)):
                error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])
