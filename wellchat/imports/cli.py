"""Define `wellchat import`: bring over earlier conversations from a file, and compare it with them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.errors import WellchatError
from wellchat.imports import running, staging, undoing
from wellchat.imports.calls import import_json
from wellchat.imports.models import (
    CHECKED,
    CHECKING,
    COLLECTING,
    DONE,
    MERGE,
    OPENING,
    REFUSED,
    RUNNING,
    Import,
)
from wellchat.imports.slices import LostClaim, claim, give_back
from wellchat.imports.verifying import verify

CHUNK_LINES, CHUNK_BYTES = 2_000, 4 * 1024 * 1024
SHOWN = 20  # refused lines
DEFAULT = "file"


class _ImportGroup(AppGroup):
    """`wellchat import FILE` is `wellchat import file FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, DEFAULT)


imports = _ImportGroup("import", help="Bring over earlier conversations from a file of JSON lines.")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
files_option = click.option(
    "--files", "folder", type=FOLDER, help="The folder of the files that messages name."
)
zone_option = click.option(
    "--zone", metavar="IANA", help="Of times without an offset; else they are refused."
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print data.")


@imports.command(DEFAULT)
@click.argument("path", metavar="FILE", type=FILE)
@files_option
@zone_option
@click.option("--check", "mode", flag_value="check", help="Say what would happen; make nothing.")
@click.option("--undo", "mode", flag_value="undo", help="Take it back, if nobody has written since.")
@click.option("--open", "mode", flag_value="open", help="Let people write in its conversations.")
@click.option("--verify", "mode", flag_value="verify", help="Compare it with the conversations.")
@click.option("--waiting", is_flag=True, help="Set who waits for an answer.")
@click.option("--append", is_flag=True, help="Also behind what people have written here already.")
@click.option("--report", "report_to", type=click.File("w"), help="Write the report there, as JSON lines.")
@as_json_option
def bring(
    path: Path,
    folder: Path | None,
    zone: str | None,
    mode: str | None,
    waiting: bool,
    append: bool,
    report_to: Any,
    as_json: bool,
) -> None:
    """Bring over the conversations of FILE. Run it again after a stop: it goes on where it was."""
    if mode == "verify":
        _verify(path, folder, zone, as_json)
        return
    try:
        digest = _digest(path)
        if mode == "undo":
            _undo(digest, as_json)
            return
        if mode == "open":
            row = _open(digest)
        else:
            row = _staged(path, digest, {"zone": zone, "waiting": waiting, "append": append})
            row = _work(_started(row, mode or "run"), folder)
    except LostClaim:
        raise click.ClickException("Another command goes on with this file.") from None
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    _say(row, report_to, as_json)
    if row.refused and row.state in (CHECKED, DONE):
        _say_refused(row, report_to)
        sys.exit(1)


@imports.command("verify")
@click.argument("path", metavar="FILE", type=FILE)
@files_option
@zone_option
@as_json_option
def verify_file(path: Path, folder: Path | None, zone: str | None, as_json: bool) -> None:
    """Compare FILE with the conversations that it became; exit with 1 if anything differs."""
    _verify(path, folder, zone, as_json)


def _verify(path: Path, folder: Path | None, zone: str | None, as_json: bool) -> None:
    try:
        if zone is not None:
            staging.check_zone(zone)
        found = verify(path, folder=folder, zone=zone, now=clock.now())
    except WellchatError as error:
        raise click.ClickException(error.line) from None
    for each in found.named:
        click.echo(each, err=True)
    click.echo(json.dumps(vars(found)) if as_json else found.line)
    sys.exit(0 if found.is_same else 1)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _undo(digest: str, as_json: bool) -> None:
    """Take back all that this file has brought, in whatever runs; or go on with it after a stop."""
    _check_known(digest)
    rows = undoing.undo_file(digest=digest, now=clock.now())
    messages = sum(row.made for row in rows)
    for row in rows:
        row = _work(row, None)
    if as_json:
        click.echo(json.dumps(import_json(row, clock.now())))
    else:
        click.echo(f"undone: messages {messages:,} · runs of this file {len(rows):,}")


def _open(digest: str) -> Import:
    """Open the conversations of all runs of this file, and return the latest; or go on after a stop."""
    latest = _check_known(digest)
    rows = list(staging.all_of(digest, (DONE, OPENING)))
    if not rows:
        return running.open_threads(import_id=latest.id, now=clock.now(), by_worker=False)
    for place, row in enumerate(rows):
        if row.state != OPENING:
            row = running.open_threads(import_id=row.id, now=clock.now(), by_worker=False)
        rows[place] = _work(row, None)
    return rows[0]


def _check_known(digest: str) -> Import:
    row = staging.latest_of(digest)
    if row is None:
        raise click.ClickException("This file was not imported here.")
    return row


def _staged(path: Path, digest: str, options: dict[str, Any]) -> Import:
    """Return the import of this file with all of its lines: one that was stopped, or a new one."""
    row = staging.latest_of(digest)
    going = (COLLECTING, CHECKING, CHECKED, RUNNING)
    if (
        row is None
        or row.state not in going
        or any(getattr(row, name) != value for name, value in options.items())
    ):
        row = staging.begin(name=path.name[-80:], digest=digest, now=clock.now(), **options)
    if row.state != COLLECTING:
        return row
    size = path.stat().st_size
    with _progress("Reading", size) as advance, path.open("rb") as file:
        for first, lines in _chunks(file):
            advance(sum(map(len, lines)) + len(lines))
            if first + len(lines) > row.lines + 1:
                row = staging.take_lines(import_id=row.id, first=first, lines=lines, now=clock.now())
    return row


def _chunks(file: Any) -> Iterator[tuple[int, list[bytes]]]:
    first, lines, size = 1, [], 0
    for raw in file:
        lines.append(raw.rstrip(b"\n"))
        size += len(raw)
        if len(lines) >= CHUNK_LINES or size >= CHUNK_BYTES:
            yield first, lines
            first, lines, size = first + len(lines), [], 0
    if lines:
        yield first, lines


def _started(row: Import, mode: str) -> Import:
    if row.state == (CHECKING if mode == "check" else RUNNING):
        return row
    act = running.check if mode == "check" else running.run
    return act(import_id=row.id, now=clock.now(), by_worker=False)


def _work(row: Import, folder: Path | None) -> Import:
    job = claim(row.id, clock.now(), by_command=True, folder=folder)
    if job is None:
        return staging.find(row.id)
    with _progress(row.state.capitalize(), row.lines) as advance:
        done = 0
        for row in running.work(job, clock.now):
            advance(row.worked - done)
            done = row.worked
    give_back(job)
    return row


@contextmanager
def _progress(what: str, total: int) -> Iterator[Any]:
    """Show a bar on a terminal."""
    # Here, because every process loads this module, and only this command draws a bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


def _say(row: Import, report_to: Any, as_json: bool) -> None:
    if report_to is not None:
        _write_report(row, report_to)
    if as_json:
        click.echo(json.dumps(import_json(row, clock.now())))
        return
    shown = [each for each in staging.report(row.id) if each.kind != MERGE][:SHOWN]
    for each in shown:
        click.echo(f"line {each.line}: {'refused: ' if each.kind == REFUSED else ''}{each.text}", err=True)
    counts = ["made", "same", "changed", "refused"]
    if row.state != CHECKED:
        # A check opens none, and so knows of none.
        counts.append("threads")
    click.echo(
        f"{row.state}: read {row.lines:,} · "
        + " · ".join(f"{name} {getattr(row, name):,}" for name in counts)
    )
    if row.state == DONE and row.threads:
        click.echo("Its conversations are closed for writing. Verify it, then: wellchat import FILE --open")


def _say_refused(row: Import, report_to: Any) -> None:
    where = report_to.name if report_to is not None else "written by --report FILE"
    what = "1 line was" if row.refused == 1 else f"{row.refused:,} lines were"
    click.echo(f"{what} refused. The whole report is {where}.", err=True)


def _write_report(row: Import, out: Any) -> None:
    after = 0
    while found := list(staging.report(row.id, after=after)):
        for each in found:
            out.write(json.dumps({"kind": each.kind, "line": each.line, "text": each.text}) + "\n")
        after = found[-1].id
