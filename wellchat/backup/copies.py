"""Check the promises of a backup, without putting it back."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask_migrate import upgrade

from wellchat import create_app
from wellchat.backup import files
from wellchat.backup.progress import Tell, silent
from wellchat.backup.restoring import check_backup
from wellchat.backup.sqlite_copy import FILE, settings_with
from wellchat.backup.verifying import Checked, Report
from wellchat.backup.verifying import verify as verify_here
from wellchat.config import setting
from wellchat.db import db


def verify(folder: Path, *, now: datetime, with_files: bool = True, tell: Tell = silent) -> Report:
    """Check the checksums of a backup; of one of SQLite also every promise. Raises BackupError."""
    manifest = check_backup(folder, tell=tell)
    checksums = Checked("checksums", manifest.files.count + 1)
    checksums.add(f"the store had no bytes of {each}" for each in manifest.files.missing)
    if manifest.database != "sqlite":
        return Report([checksums])
    # A copy of the database, which is upgraded: nothing is written into a backup.
    with TemporaryDirectory(prefix=".verify-", dir=setting("INSTANCE")) as place:
        copy = Path(place) / "wellchat.db"
        shutil.copyfile(folder / FILE, copy)
        store = f"file://{(folder / files.FOLDER).absolute()}"
        app = create_app(settings_with(DATABASE_URL=f"sqlite:///{copy}", STORAGE_URL=store))
        with app.app_context():
            upgrade()
            report = verify_here(now=now, with_files=with_files, tell=tell)
            db.engine.dispose()
    report.checks.insert(0, checksums)
    return report
