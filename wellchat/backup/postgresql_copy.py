"""Copy a database of PostgreSQL in one snapshot, and fill an empty one, by COPY over the connection in use.

No program of PostgreSQL is needed, whose version would have to fit the server's. The schema itself is not
copied: the migrations make it again.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Connection, text

from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest, SumsWriter, TableIn
from wellchat.backup.noting import note_restored_here
from wellchat.backup.progress import Tell
from wellchat.db import db

REVISIONS = "alembic_version"  # the migrations write it
AT = "SELECT version_num FROM alembic_version"
COLUMNS = text(
    "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum"
)
FOREIGN_KEYS = text(
    "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conparentid = 0"
)
SEQUENCES = text(
    "SELECT c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname)"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0"
    " AND NOT a.attisdropped AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL"
)
ATTEMPTS = 20  # looks at who else is connected, a tenth of a second apart
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
FUNCTIONS = text(
    "SELECT oid::regprocedure::text FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace"
    " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
)
# The transaction stays open while files are copied, and no statement of it is in anybody's way.
PATIENCE = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tables(connection: Connection) -> dict[str, list[str]]:
    """Return table -> its columns, of the present schema."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(COLUMNS):
        found.setdefault(table, []).append(column)
    found.pop(REVISIONS, None)
    return found


def _copied(table: str, columns: list[str]) -> str:
    return f"{_quoted(table)} ({', '.join(map(_quoted, columns))})"


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def dump(folder: Path, sums: SumsWriter, tell: Tell) -> dict[str, TableIn]:
    """Copy every table as `snapshot()` sees it, compressed. Return them with their columns and rows."""
    connection = db.session.connection()
    connection.exec_driver_sql(PATIENCE)
    tables, found = _tables(connection), {}
    (folder / "database").mkdir(mode=0o700)
    for number, (table, columns) in enumerate(tables.items()):
        tell("database, tables", number, len(tables))
        name = f"database/{table}.copy.gz"
        with _raw(connection).cursor() as cursor, gzip.open(folder / name, "wb", compresslevel=3) as file:
            with cursor.copy(f"COPY {_copied(table, columns)} TO STDOUT") as copy:
                for data in copy:
                    file.write(data)
            found[table] = TableIn(rows=cursor.rowcount, columns=columns)
        sums.add(name)
    tell("database, tables", len(tables), len(tables))
    return found


def check_unused() -> None:
    """Raise BackupError if anybody else is connected to the database."""
    db.session.remove()
    db.engine.dispose()
    # The server learns a moment later that a connection was closed.
    for _ in range(ATTEMPTS):
        with db.engine.connect() as connection:
            if not connection.execute(OTHERS).scalar_one():
                return
        time.sleep(0.1)
    raise BackupError("Something still uses the database. Stop web, worker and beat first.")


def load(folder: Path, manifest: Manifest, tell: Tell) -> None:
    """Fill the database in one transaction, so that it is whole or as it was, then upgrade its schema."""
    _make_schema(manifest.revision)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(PATIENCE)
        _fill(connection, folder, manifest, tell)
    upgrade()
    note_restored_here(manifest)


def _make_schema(revision: str) -> None:
    """Bring the schema to the revision of the backup. One that is at another revision is dropped first."""
    with db.engine.begin() as connection:
        tables = [*_tables(connection), REVISIONS]
        has = connection.execute(text(f"SELECT to_regclass('{REVISIONS}') IS NOT NULL")).scalar_one()
        at = connection.exec_driver_sql(AT).scalars().all() if has else []
        if at == [revision]:
            return
        for table in tables if has else ():
            connection.exec_driver_sql(f"DROP TABLE {_quoted(table)} CASCADE")
        for function in connection.execute(FUNCTIONS).scalars().all() if has else ():
            connection.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")
    upgrade(revision=revision)


def _fill(connection: Connection, folder: Path, manifest: Manifest, tell: Tell) -> None:
    tables = _tables(connection)
    for name, backed_up in manifest.tables.items():
        if set(backed_up.columns) != set(tables.get(name, ())):
            raise BackupError(f"The migrations here make no table {name} with the columns of the backup.")
    keys = connection.execute(FOREIGN_KEYS).all()
    # Without keys tables may come in any order; without triggers no row makes another one.
    for table, name, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} DISABLE TRIGGER USER")
    connection.exec_driver_sql(f"TRUNCATE {', '.join(map(_quoted, tables))}")
    for number, (table, backed_up) in enumerate(manifest.tables.items()):
        tell("database, tables", number, len(manifest.tables))
        _fill_table(connection, folder, table, backed_up)
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {_quoted(table)} ENABLE TRIGGER USER")
    for table, name, definition in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for table, column, sequence in connection.execute(SEQUENCES).all():
        newest = f"SELECT coalesce(max({_quoted(column)}), 0) + 1 FROM {_quoted(table)}"  # noqa: S608 - quoted
        connection.exec_driver_sql(f"SELECT setval('{sequence}', ({newest}), false)")
    connection.exec_driver_sql("ANALYZE")
    tell("database, tables", len(manifest.tables), len(manifest.tables))


def _fill_table(connection: Connection, folder: Path, table: str, backed_up: TableIn) -> None:
    with _raw(connection).cursor() as cursor:
        with cursor.copy(f"COPY {_copied(table, backed_up.columns)} FROM STDIN") as copy:
            for chunk in _unpacked(folder / f"database/{table}.copy.gz"):
                copy.write(chunk)
        if cursor.rowcount != backed_up.rows:
            raise BackupError(f"Table {table} has {cursor.rowcount} rows and not {backed_up.rows}.")


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while chunk := file.read(1024 * 1024):
            yield chunk
