"""Copy a database of SQLite while others write into it, and put a copy in its place."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import func, inspect, make_url, select, table

from wellchat import create_app
from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest, SumsWriter, TableIn
from wellchat.backup.noting import note_restored_here
from wellchat.backup.progress import Tell
from wellchat.config import Settings
from wellchat.db import db

FILE = "database/wellchat.db"
PAGES = 4096  # of the database, between two lines of progress: 16 MB


def dump(folder: Path, sums: SumsWriter, tell: Tell) -> dict[str, TableIn]:
    """Copy the database as `snapshot()` sees it. Return its tables with their rows.

    The connection reads its snapshot already, so the online backup reads the same one: it neither waits for
    writers nor begins again when they commit, as it does without.
    """
    connection = db.session.connection()
    tables = {
        name: TableIn(rows=connection.execute(select(func.count()).select_from(table(name))).scalar_one())
        for name in sorted(inspect(connection).get_table_names())
        if "_fts" not in name
    }
    source: Any = connection.connection.driver_connection
    path = folder / FILE
    path.parent.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(path)) as target:
        source.backup(
            target, pages=PAGES, progress=lambda _, left, of: tell("database, pages", of - left, of)
        )
        # One file, which can be read where nobody may write.
        target.execute("PRAGMA journal_mode = DELETE")
        _check(target)
    sums.add(FILE)
    return tables


def _check(connection: sqlite3.Connection) -> None:
    said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise BackupError(f"The database is damaged, and a copy of it would be too: {said}")


def check_unused() -> None:
    """Raise BackupError if a process has the database open. It would go on with the file that is taken away.

    The log of the old database is folded into it, so that none of it is taken for the new one's.
    """
    path = _file()
    db.session.remove()
    db.engine.dispose()
    if not path.exists():
        return
    with contextlib.closing(sqlite3.connect(path, timeout=1)) as connection:
        try:
            # It needs the whole file for itself, so it fails as long as anybody else is connected.
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError:
            raise BackupError("Something still uses the database. Stop web, worker and beat first.") from None


def load(folder: Path, manifest: Manifest, tell: Tell) -> None:
    """Put the copy in the place of the database, whole or not at all: made ready beside, then renamed."""
    path = _file()
    beside = path.with_name(path.name + ".restoring")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove(beside)
    tell("database", 0, 1)
    shutil.copyfile(folder / FILE, beside)
    beside.chmod(0o600)
    with contextlib.closing(sqlite3.connect(beside)) as connection:
        _check(connection)
    app = create_app(settings_with(DATABASE_URL=f"sqlite:///{beside}"))
    with app.app_context():
        upgrade()
        note_restored_here(manifest)
        db.session.remove()
        db.engine.dispose()
    with contextlib.closing(sqlite3.connect(beside)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    beside.replace(path)
    _remove(beside)
    tell("database", 1, 1)


def settings_with(**changed: object) -> Settings:
    """Return the settings of this application with some changed."""
    # They were checked when the application was made.
    values = {n: current_app.config[n] for n in Settings.model_fields if n in current_app.config}
    return Settings.model_construct(**{**values, **changed})


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _file() -> Path:
    return Path(make_url(current_app.config["DATABASE_URL"]).database or "")
