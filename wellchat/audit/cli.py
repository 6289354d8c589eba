"""`wellchat audit`: read, verify, export and trim the security log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.audit import chain, queries, sealing, trimming, verifying
from wellchat.audit.actions import record
from wellchat.audit.csv_lines import csv_head, csv_line
from wellchat.audit.hooks import person_by_address
from wellchat.audit.kinds import SEVERITIES
from wellchat.command_types import Moment
from wellchat.feature import registry

audit = AppGroup("audit", help="The security log: who did what, from where, with what outcome.")


def filtering(command: Any) -> Any:
    """Add the options that filter rows."""
    for option in (
        click.option("--until", type=Moment(or_day=True), help="Before this time."),
        click.option("--since", type=Moment(or_day=True), help="From this time on."),
        click.option("--severity", type=click.Choice(SEVERITIES)),
        click.option("--kind", help="Such as access.refused."),
        click.option("--person", metavar="EMAIL", help="Who did it, or to whom it was done."),
    ):
        command = option(command)
    return command


def _filters(person: str | None, **more: Any) -> queries.Filters:
    user_id = next(filter(None, person_by_address(person)), None) if person else None
    if person and user_id is None:
        raise click.ClickException(f"Nobody here has the address {person}.")
    if more["kind"] and more["kind"] not in registry().audited:
        raise click.ClickException(f"There is no kind {more['kind']}. docs/security-log.md lists them.")
    return queries.Filters(user_id=user_id, **more)


@audit.command("list")
@filtering
@click.option("--json", "as_json", is_flag=True, help="Print data, one line for each row.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The latest ones."
)
def list_rows(as_json: bool, limit: int, **filters: Any) -> None:
    """Print rows, oldest first."""
    rows = queries.page(_filters(**filters), limit=limit)[0][::-1]
    people = queries.people_of(rows)
    for row in rows:
        click.echo(chain.line(row) if as_json else as_text(row, people))


def as_text(row: Mapping[Any, Any], people: Mapping[str, tuple[str, str]]) -> str:
    """Return a row as one line of text."""
    who, whom = (people.get(row[name], ("", row[name]))[1] for name in ("actor", "person"))
    parts = [
        clock.iso(row["at"]),
        f"{row['kind']:20}",
        row["severity"] if row["severity"] != "info" else "",
        row["outcome"] if row["outcome"] != "done" else "",
        who or row["actor_kind"],
        f"-> {whom}" if whom and whom != who else "",
        f"{row['about_kind']} {row['about']}" if row["about"] else "",
        f"from {row['network']}" if row["network"] else "",
        row["device"],
        " ".join(f"{name}={value}" for name, value in row["detail"].items()),
    ]
    text = "  ".join(part for part in parts if part)
    # Names and devices come from people; they must not break a line or steer a terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


@audit.command("verify")
@click.option(
    "--head", metavar="SEQ:HASH", help="The last row that you know of, kept outside of the database."
)
@click.option("--json", "as_json", is_flag=True, help="Print data.")
def verify(head: str | None, as_json: bool) -> None:
    """Check every row against the chain; exit 1 and name each row that was changed or is missing."""
    seq, _, digest = (head or "0:").partition(":")
    if not (seq.isascii() and seq.isdecimal()) or (head and int(seq) and len(digest) != 64):
        raise click.UsageError("--head takes SEQ:HASH, as `wellchat audit head` prints it")
    verdict = verifying.verify(head=(int(seq), digest) if head and int(seq) else None)
    if as_json:
        click.echo(json.dumps(vars(verdict)))
    else:
        for finding in verdict.findings:
            click.echo(finding)
        text = f"{verdict.rows} rows checked, {verdict.trimmed} trimmed, {verdict.waiting} not sealed yet"
        click.echo(f"{text}. It ends at {verdict.seq}:{verdict.hash}")
    if verdict.findings:
        raise click.ClickException("the security log is not as it was sealed")


@audit.command("head")
def head() -> None:
    """Print SEQ:HASH of the last sealed row; keep it where nobody with the database can change it."""
    click.echo(sealing.head())


@audit.command("export")
@filtering
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values in place of JSON lines.")
def export(as_csv: bool, **filters: Any) -> None:
    """Print every row, oldest first. The export is a row of the log itself."""
    chosen = _filters(**filters)
    # Before the first row: an export that is broken off was an export too.
    record("audit.exported", now=clock.now(), detail={"format": "csv" if as_csv else "jsonl"})
    if as_csv:
        click.echo(csv_head(), nl=False)
    for row in queries.stream(chosen):
        click.echo(csv_line(row) if as_csv else f"{chain.line(row)}\n", nl=False)


@audit.command("kinds")
def kinds() -> None:
    """Print the kinds of this installation as a table, as docs/security-log.md has it."""
    for name, kind in sorted(registry().audited.items()):
        click.echo(f"| `{name}` | {kind.label} |")


@audit.command("trim")
@click.option("--dry-run", is_flag=True, help="Only say how many rows are over their time.")
def trim(dry_run: bool) -> None:
    """Delete rows that are over their time, by whole months, and write down that it was done."""
    trimmed = trimming.trim(clock.now(), dry_run=dry_run)
    click.echo(f"{trimmed} rows {'would be' if dry_run else 'were'} trimmed.")
