"""Define `wellchat backup`, `wellchat restore` and `wellchat verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.backup.archive import opened
from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest, fingerprint
from wellchat.backup.progress import on_terminal
from wellchat.config import setting

if TYPE_CHECKING:
    from wellchat.backup.verifying import Report

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
    # Here, and not at every start: migrations and Alembic come with it. So below.
    from wellchat.backup import making

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
    from wellchat.backup import restoring

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


@click.command()
@click.argument("backup_path", metavar="[BACKUP]", required=False, type=click.Path(path_type=Path))
@click.option("--files/--no-files", "with_files", default=True, help="Read every file, too.")
@click.option("--json", "as_json", is_flag=True, help="Print data.")
@with_appcontext
def verify(backup_path: Path | None, with_files: bool, as_json: bool) -> None:
    """Check every promise, of this installation or of a backup, and write nothing; exit 1 if one is broken.

    Of a backup of PostgreSQL only its checksums are checked: put it into a spare database for the rest.
    """
    from wellchat.backup import copies, verifying

    tell = on_terminal()
    try:
        if backup_path is None:
            report = verifying.verify(now=clock.now(), with_files=with_files, tell=tell)
        else:
            with opened(backup_path) as folder:
                report = copies.verify(folder, now=clock.now(), with_files=with_files, tell=tell)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps({**asdict(report), "ok": report.ok}) if as_json else _as_text(report))
    if not report.ok:
        raise click.ClickException("not every promise is kept")


def _as_text(report: Report) -> str:
    lines = []
    for each in report.checks:
        lines.append(f"{'FAIL' if each.broken else 'ok':<5}{each.name:<14}{each.looked_at:>12,}")
        lines += [f"     {finding}" for finding in each.findings]
        if each.broken > len(each.findings):
            lines.append(f"     and {each.broken - len(each.findings)} more")
    if report.orphans:
        named = ", ".join(report.orphan_keys)
        lines.append(f"     {report.orphans} stored objects belong to nobody; they are collected: {named}")
    return "\n".join(lines)
