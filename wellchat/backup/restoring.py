"""Put a backup back into an empty place, or in the place of what is there."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import inspect, text

from wellchat.accounts.models import SYSTEM_ID
from wellchat.attachments.storage import get_store
from wellchat.backup import files
from wellchat.backup.errors import BackupError
from wellchat.backup.making import copier
from wellchat.backup.manifest import MANIFEST, SUMS, Manifest, listed, sha256_of
from wellchat.backup.progress import Tell, silent
from wellchat.db import db, is_postgresql


def check_backup(folder: Path, *, tell: Tell = silent) -> Manifest:
    """Return the manifest of a backup whose every file is there as it was written. Raises BackupError."""
    manifest = Manifest.read(folder)
    if not (folder / SUMS).is_file() or sha256_of(folder / SUMS) != manifest.sums:
        raise BackupError(f"{SUMS} is not the list that belongs to {MANIFEST}: the backup is damaged.")
    copied = 0
    of = manifest.files.count
    for name, digest in listed(folder):
        path = folder / name
        if not path.is_file():
            raise BackupError(f"The backup is damaged: {name} is missing.")
        if sha256_of(path) != digest:
            raise BackupError(f"The backup is damaged: {name} has other bytes than when it was made.")
        copied += name.startswith(files.FOLDER)
        if of:
            tell("checksums", copied, of)
    if copied != of:
        raise BackupError(f"The backup is damaged: it lists {copied} files and not {of}.")
    return manifest


def check_fits(manifest: Manifest) -> None:
    """Raise BackupError for a backup that this installation cannot take."""
    kind = "postgresql" if is_postgresql() else "sqlite"
    if manifest.database != kind:
        raise BackupError(f"The backup is of {manifest.database}, and WELLCHAT_DATABASE_URL leads to {kind}.")
    directory = current_app.extensions["migrate"].directory
    known = {each.revision for each in ScriptDirectory(directory).walk_revisions()}
    if manifest.revision not in known:
        raise BackupError(
            f"The backup has the schema {manifest.revision} of wellchat {manifest.wellchat}, which is not"
            " known here. Install that version or a newer one first."
        )


def whats_there(folder: Path) -> str:
    """Return what stands where the backup is to go, as an end of a sentence; "" if it is empty."""
    tables = set(inspect(db.engine).get_table_names())
    people = 0
    if "users" in tables:
        with db.engine.connect() as connection:
            query = text("SELECT count(*) FROM users WHERE id <> :system")
            people = connection.execute(query, {"system": SYSTEM_ID}).scalar_one()
    elif tables:
        raise BackupError("The database has tables of another program. Name an empty one.")
    stranger = next(files.strangers(folder), None)
    found = [f"{people} people" if people else "", "files" if stranger else ""]
    return " and ".join(filter(None, found))


def restore(folder: Path, manifest: Manifest, *, replace: bool = False, tell: Tell = silent) -> None:
    """Put a backup back that was checked. Raises BackupError.

    The files come first, so that no row is without its file. The database follows whole or not at all. It can
    be done again after a crash at any line.
    """
    check_fits(manifest)
    there = whats_there(folder)
    if there and not replace:
        raise BackupError(f"There are {there} here already. Name an empty place, or say --replace.")
    place: ModuleType = copier()
    place.check_unused()
    files.load(folder, manifest.files, tell)
    place.load(folder, manifest, tell)
    # Only now: until here they belonged to the rows that were there.
    for key in files.strangers(folder) if replace else ():
        get_store().delete(key)
