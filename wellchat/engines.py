"""Tune the engine of SQLite, and what both databases' errors may say. Only db.py uses this."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event

MAX_LOG = 8 * 1024 * 1024  # bytes of the log (WAL) that stay between two checkpoints

# FULL: what was committed survives a power cut, as a message that somebody saw as sent must.
PRAGMAS: tuple[str, ...] = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=10000",
    # A long reader makes the log (WAL) grow. Its file keeps its size unless a limit cuts it when it is reset.
    f"journal_size_limit={MAX_LOG}",
)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def tune_sqlite(engine: Engine) -> None:
    """Set the pragmas and the transaction modes of SQLite on every new connection."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # Off: the driver's BEGIN comes too late and is never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
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
