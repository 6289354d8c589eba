"""`wellchat digest send`: send what is due, from cron, or preview it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.command_types import Moment
from wellchat.digests import runs
from wellchat.digests.kinds import DIGEST, WEEK

digest = AppGroup("digest", help="Emails that gather what people missed.")

USUAL = ("sent", "skipped", "waiting")


@digest.command("send")
@click.option(
    "--cadence", type=click.Choice(["hourly", "daily", "weekly"]), help="Only people with this cadence."
)
@click.option("--now", type=Moment(), default=None, help="As if it were then.")
@click.option("--dry-run", is_flag=True, help="Say who would get what and why, and who not; send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print data, a line for each person.")
def send(cadence: str | None, now: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Send what is due. Safe to run from cron, twice, or on two hosts at once.

    The summaries of the week go along, except where --cadence asks for one sort of digest.
    """
    done: Counter[str] = Counter()
    at = now or clock.now()
    lines = _forecasts(cadence, at) if dry_run else _sent(cadence, at)
    for line in _with_progress(lines):
        done[line["did"]] += 1
        if as_json:
            click.echo(json.dumps(line, ensure_ascii=False))
        elif dry_run:
            click.echo(_as_text(line))
    if not as_json:
        click.echo(("Dry run: " if dry_run else "") + _summary(done))


def _sent(cadence: str | None, now: datetime) -> Iterator[dict[str, Any]]:
    for kind in (DIGEST,) if cadence else (DIGEST, WEEK):
        for outcome in runs.send_due(now=now, kind=kind, cadence=cadence):
            yield {
                "user_id": outcome.user_id,
                "name": kind.name,
                "did": outcome.did,
                "why": outcome.why,
                "mail_id": outcome.mail_id,
            }


def _forecasts(cadence: str | None, now: datetime) -> Iterator[dict[str, Any]]:
    for kind in (DIGEST,) if cadence else (DIGEST, WEEK):
        for recipient, decision in runs.preview_due(now=now, kind=kind, cadence=cadence):
            yield {
                "user_id": recipient.user_id,
                "name": kind.name,
                "did": decision.did,
                "why": decision.skip or decision.why,
                "address": recipient.address,
                "until": clock.iso(decision.wait_until),
                "threads": [{**each.covers(), "count": each.count} for each in decision.threads],
            }


def _with_progress(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Count people on stderr, if it is a terminal and nothing else is printed there."""
    if not sys.stderr.isatty() or (sys.stdout.isatty() and "--dry-run" in sys.argv):
        yield from lines
        return
    count = 0
    for count, line in enumerate(lines, start=1):
        yield line
        click.echo(f"\r{count} people", nl=False, err=True)
    if count:
        click.echo(err=True)


def _as_text(line: dict[str, Any]) -> str:
    who = f"{line['user_id']}  {line['address']}"
    if line["did"] == "waiting":
        return f"{who}  waits until {line['until']}  {line['why']}"
    if line["did"] == "skipped":
        return f"{who}  gets none  {line['why']}"
    held = (f"{t['thread_id']}#{t['first_seq']}-{t['last_seq']} ({t['count']})" for t in line["threads"])
    return f"{who}  would get  {', '.join(held) or 'the week'}  {line['why']}"


def _summary(done: Counter[str]) -> str:
    return ", ".join(f"{done[did]} {did}" for did in (*USUAL, *sorted(done.keys() - set(USUAL)))) + "."
