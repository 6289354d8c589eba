"""Make a backup of one moment while everybody goes on writing."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType

from alembic.runtime.migration import MigrationContext

from wellchat.attachments.holding import Held, hold
from wellchat.audit.actions import record_refusal
from wellchat.audit.models import DONE, OPERATOR
from wellchat.backup import archive, files
from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest, SumsWriter, fingerprint
from wellchat.backup.progress import Tell, silent
from wellchat.changes.queries import epoch
from wellchat.config import setting
from wellchat.db import db, is_postgresql, release_connection, snapshot

PART = ".part"


def make(
    into: Path, *, now: datetime, as_archive: bool = False, tell: Tell = silent
) -> tuple[Path, Manifest]:
    """Make a backup in the folder `into`, named after `now`. Return its path and what it holds.

    It gets its name when it is whole and on the disk: what a crash leaves has another one, and is removed by
    the next run. Raises BackupError.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = into / f"wellchat-{now:%Y%m%dT%H%M%SZ}{'.tar' if as_archive else ''}"
    if target.exists():
        raise BackupError(f"There is a backup {target} already.")
    _forget_halves(into)
    try:
        with hold(), _half(into / f".{target.name}{PART}") as folder:
            manifest = _fill(folder, now, tell)
            whole = folder / f".{target.name}"
            if as_archive:
                archive.pack(folder, whole)
            archive.sync()
            (whole if as_archive else folder).rename(target)
            archive.sync()
    except Held:
        raise BackupError("Another backup is being made.") from None
    detail = {"rows": sum(each.rows for each in manifest.tables.values()), "files": manifest.files.count}
    # Afterwards, for a backup of a database in which nobody can write is needed most.
    record_refusal("backup.made", now=now, actor_kind=OPERATOR, outcome=DONE, detail=detail)
    return target, manifest


def _fill(folder: Path, now: datetime, tell: Tell) -> Manifest:
    snapshot()
    try:
        sums = SumsWriter(folder)
        # The first read: from here on the database stands still for this session.
        name, revision = epoch(), _revision()
        tables = copier().dump(folder, sums, tell)
        found = files.dump(folder, sums, tell)
        sums.close()
        manifest = Manifest(
            wellchat=import_module("wellchat").__version__,
            made_at=now,
            database="postgresql" if is_postgresql() else "sqlite",
            server=".".join(map(str, db.engine.dialect.server_version_info or ())),
            revision=revision,
            epoch=name,
            secret=fingerprint(setting("SECRET_KEY")),
            tables=tables,
            files=found,
        )
        manifest.write(folder)
        return manifest
    finally:
        release_connection()


def copier() -> ModuleType:
    """Return the module that copies the database in use."""
    # A process on SQLite needs nothing of PostgreSQL.
    return import_module(f"wellchat.backup.{'postgresql' if is_postgresql() else 'sqlite'}_copy")


def _revision() -> str:
    found = MigrationContext.configure(db.session.connection()).get_current_revision()
    if found is None:
        raise BackupError("The database has no schema of wellchat.")
    return found


@contextmanager
def _half(folder: Path) -> Iterator[Path]:
    """Yield a new folder for a backup under way, and remove it, unless it was renamed."""
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # It says that somebody is at work here.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def _forget_halves(into: Path) -> None:
    """Remove what backups left that were killed; not what another process is making."""
    for folder in into.glob(f".wellchat-*{PART}"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(descriptor)
