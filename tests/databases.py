"""One database per engine and test process: made by the migrations once, emptied before each test."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import URL, Connection, MetaData, Table, create_engine, event, make_url, text

from wellchat.db import Base, db, new_id


def migrate(app: Flask) -> None:
    """Bring the new database of an application to the newest schema. Needs its context.

    The migrations run once per test process on SQLite, and once per server on PostgreSQL. The next databases
    are copies of that one.
    """
    url = make_url(app.config["DATABASE_URL"])
    if url.get_backend_name() == "postgresql":
        _copy_on_postgresql(url)
        return
    file = Path(url.database or "")
    if file.exists():
        flask_migrate.upgrade()
        return
    if not _migrated:
        flask_migrate.upgrade()
        with contextlib.closing(sqlite3.connect(file)) as connection:
            _migrated.append(connection.serialize())
        return
    file.write_bytes(_migrated[0])


def _copy_on_postgresql(url: URL) -> None:
    """Make the empty database a copy of the migrated one of its server; migrate it if there is none yet."""
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    if db.inspect(db.engine).has_table("users"):
        flask_migrate.upgrade()
        return
    db.engine.dispose()
    with psycopg.connect(server, autocommit=True) as admin:
        # Held until the connection ends: the processes of a run begin together.
        admin.execute("SELECT pg_advisory_lock(hashtext('migrated'))")
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = 'migrated'").fetchone()
        if found:
            admin.execute(f'DROP DATABASE "{url.database}"')
            admin.execute(f'CREATE DATABASE "{url.database}" TEMPLATE migrated')
        else:
            flask_migrate.upgrade()
            db.engine.dispose()
            admin.execute(f'CREATE DATABASE migrated TEMPLATE "{url.database}"')


_migrated: list[bytes] = []  # the file, once there is one


def migrated(app: Flask) -> Flask:
    """Return the application, with the newest schema in its new database: for one that no test empties."""
    with app.app_context():
        migrate(app)
        db.engine.dispose()
    return app


class CleanDatabase:
    """Puts the database of an application back to what the migrations left, rows of theirs included.

    Emptying beats copying a template on both engines here, and a transaction around each test is no choice:
    what is tested commits, from several threads and processes.
    """

    def __init__(self, app: Flask) -> None:
        migrated(app)
        self.engine = create_engine(app.config["DATABASE_URL"])
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", lambda own, _: own.execute("PRAGMA synchronous=OFF"))
        self.tables = MetaData()
        # A full-text index of SQLite is emptied by the triggers of its table, and breaks when its own
        # tables are.
        self.tables.reflect(self.engine, only=lambda name, _: "_fts" not in name)
        self.deletes = "; ".join(f'DELETE FROM "{table.name}"' for table in self.tables.sorted_tables)
        with self.engine.connect() as connection:
            self.seed = {t.name: self._rows(connection, t) for t in self.tables.sorted_tables}
            self.refusals = self._refusals(connection) if self.is_sqlite else {}

    def clean(self) -> None:
        with self.engine.begin() as connection:
            if self.is_sqlite:  # keys are not enforced unless asked for
                # Past SQLAlchemy, which takes longer over sixty statements than SQLite does.
                raw: Any = connection.connection.driver_connection
                filled = [t for t in self.refusals if raw.execute(f"SELECT 1 FROM {t} LIMIT 1").fetchone()]
                refusals = [self.refusals[table] for table in filled]
                drop = [f"DROP TRIGGER IF EXISTS {name}" for name, _ in refusals]
                raw.executescript("; ".join(["BEGIN", *drop, self.deletes, *(sql for _, sql in refusals)]))
            else:
                # no keys, no triggers
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql(self.deletes)
            for table in self.tables.sorted_tables:
                if rows := self.seed[table.name]:
                    connection.execute(table.insert(), rows)

    @staticmethod
    def _refusals(connection: Connection) -> dict[str, tuple[str, str]]:
        """Return the trigger that keeps the rows of each table of the security log: its name, its SQL."""
        found = connection.exec_driver_sql(
            "SELECT tbl_name, name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND tbl_name LIKE 'audit%' AND name LIKE '%\\_delete' ESCAPE '\\'"
        )
        return {table: (name, sql) for table, name, sql in found}

    def rows_since(self, *, with_log: bool = False) -> dict[Table, list[dict[str, Any]]]:
        """Return the rows of each table that the migrations left empty; of the security log only `with_log`.

        A table comes after those it refers to.
        """
        with self.engine.connect() as connection:
            found = {table: self._rows(connection, table) for table in Base.metadata.sorted_tables}
        # A copied row of the security log would tell of other people.
        return {
            table: rows
            for table, rows in found.items()
            if rows and not self.seed[table.name] and (with_log or not table.name.startswith("audit"))
        }

    @staticmethod
    def _rows(connection: Connection, table: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(table.select()).mappings()]


class Copies:
    """Rows that actions have made once, put in again with ids and times of their own.

    A test process acts for its people once, not before each test: that was a fifth of the time of most tests.
    Each copy has ids that were never there, so that what a process remembers by id stays true.
    """

    def __init__(self, rows: dict[Table, list[dict[str, Any]]], made_at: datetime) -> None:
        self.rows = rows
        self.made_at = made_at
        values = [value for table in rows.values() for row in table for value in row.values()]
        assert {value for value in values if isinstance(value, datetime)} == {made_at}
        self.ids = [row["id"] for table in rows.values() for row in table if "id" in row]
        assert all(isinstance(each, str) for each in self.ids), (
            "a number would have to come from its sequence"
        )

    def put(self, session: Any, now: datetime) -> dict[str, str]:
        """Insert a copy made at `now`; returns the new id of each id of the original."""
        fresh = {each: new_id() for each in self.ids}
        swap: dict[Any, Any] = {**fresh, self.made_at: now}
        for table, rows in self.rows.items():
            copies = [{name: swap.get(value, value) for name, value in row.items()} for row in rows]
            session.execute(table.insert(), copies)
        return fresh


def until_one_waits(*, at_most: float = 1.0) -> None:
    """Return when somebody waits for a lock of this PostgreSQL database, or after so many seconds."""
    waits = text(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + at_most
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while time.monotonic() < deadline and connection.execute(waits).first() is None:
            time.sleep(0.01)
