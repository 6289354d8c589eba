"""One database per engine and test process: made by the migrations once, emptied before each test."""

from __future__ import annotations

import time
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import Connection, MetaData, create_engine, event, text

from wellchat.db import db


class CleanDatabase:
    """Puts the database of an application back to what the migrations left, rows of theirs included.

    Emptying beats copying a template on both engines here, and a transaction around each test is no choice:
    what is tested commits, from several threads and processes.
    """

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()
        self.engine = create_engine(app.config["DATABASE_URL"])
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        self.tables = MetaData()
        # A full-text index of SQLite is emptied by the triggers of its table, and breaks when its own
        # tables are.
        self.tables.reflect(self.engine, only=lambda name, _: "_fts" not in name)
        with self.engine.connect() as connection:
            self.seed = {t.name: self._rows(connection, t) for t in self.tables.sorted_tables}

    def clean(self) -> None:
        with self.engine.begin() as connection:
            if self.is_sqlite:  # keys are not enforced unless asked for
                for table in self.tables.sorted_tables:
                    connection.execute(table.delete())
            else:
                # no keys, no triggers
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                names = [table.name for table in self.tables.sorted_tables]
                connection.exec_driver_sql("; ".join(f'DELETE FROM "{name}"' for name in names))
            for table in self.tables.sorted_tables:
                if rows := self.seed[table.name]:
                    connection.execute(table.insert(), rows)

    @staticmethod
    def _rows(connection: Connection, table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(table.select()).mappings()]


def until_one_waits(*, at_most: float = 1.0) -> None:
    """Return when somebody waits for a lock of this PostgreSQL database, or after so many seconds."""
    waits = text(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + at_most
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while time.monotonic() < deadline and connection.execute(waits).first() is None:
            time.sleep(0.01)
