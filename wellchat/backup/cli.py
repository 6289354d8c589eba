"""Define `wellchat backup` and `wellchat restore`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.backup import making, restoring
from wellchat.backup.archive import opened
from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest, fingerprint
from wellchat.backup.progress import on_terminal
from wellchat.config import setting

AFTERWARDS = """\
Restored. Before anybody is let in:
  wellchat privacy reapply erased.txt    with the latest list of `wellchat privacy erasures`
  wellchat verify
Mails that were waiting are `unknown` now: wellchat mail log --state unknown"""
NOT_THE_KEY = (
    "The secret here is not the one of the backup: sessions and links end, and keys of authenticator apps"
    " cannot be read. Put the old one into WELLCHAT_SECRET_KEY or the file secret_key, if you have it."
)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--archive", "as_archive", is_flag=True, help="One file, a tar, and not a folder.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def backup(folder: Path, as_archive: bool, as_json: bool) -> None:
    """Make a backup of database and files in FOLDER, while everybody goes on; print its path."""
    try:
        path, manifest = making.make(folder, now=clock.now(), as_archive=as_archive, tell=on_terminal())
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    missing = manifest.files.missing
    if missing:
        click.echo(f"The store has no bytes of {len(missing)} files: {', '.join(missing[:10])}", err=True)
    click.echo(json.dumps(_as_data(path, manifest)) if as_json else str(path))


def _as_data(path: Path, manifest: Manifest) -> dict[str, object]:
    return {"path": str(path), **manifest.model_dump(mode="json")}


@click.command()
@click.argument("backup_path", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Take the place of what is there. It asks before.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def restore(backup_path: Path, replace: bool, yes: bool) -> None:
    """Put a backup back, a folder or an archive, into an empty database and an empty store of files."""
    tell = on_terminal()
    try:
        with opened(backup_path) as folder:
            manifest = restoring.check_backup(folder, tell=tell)
            restoring.check_fits(manifest)
            there = restoring.whats_there(folder)
            if there and replace and not yes:
                click.confirm(f"Delete what is here for good ({there})?", abort=True)
            restoring.restore(folder, manifest, replace=replace, tell=tell)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    if manifest.secret != fingerprint(setting("SECRET_KEY")):
        click.echo(NOT_THE_KEY, err=True)
    click.echo(AFTERWARDS)
