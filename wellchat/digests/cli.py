"""`wellchat digest send`, for cron and for looking before leaping."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime

import click
from flask.cli import AppGroup

from wellchat import clock
from wellchat.digests import actions

digest = AppGroup("digest", help="Emails that gather what people missed.")


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        return clock.moment(text)
    except ValueError:
        raise click.BadParameter("not an ISO 8601 time, such as 2026-11-21T08:00:00Z") from None


@digest.command("send")
@click.option("--cadence", type=click.Choice(["hourly", "daily", "weekly"]), help="Only people with this cadence.")
@click.option("--now", callback=_moment, metavar="ISO", help="As if it were then.")
@click.option("--dry-run", is_flag=True, help="Say who would get what and why; send nothing.")
def send(cadence: str | None, now: datetime, dry_run: bool) -> None:
    """Send what is due. Safe to run from cron, twice, or on two hosts at once."""
    if dry_run:
        _preview(cadence, now)
        return
    done: Counter[str] = Counter()
    for outcome in actions.send_due(now=now, cadence=cadence):
        done[outcome.did] += 1
        if sys.stderr.isatty():
            click.echo(f"\r{done.total()} people", nl=False, err=True)
    if sys.stderr.isatty() and done:
        click.echo(err=True)
    click.echo(_summary(done))


def _preview(cadence: str | None, now: datetime) -> None:
    done: Counter[str] = Counter()
    for user_id, decision in actions.preview_due(now=now, cadence=cadence):
        if decision.threads:
            done["sent"] += 1
            threads = ", ".join(f"{t.thread_id}#{t.first_seq}-{t.last_seq} ({t.count})" for t in decision.threads)
            click.echo(f"{user_id}  would get  {threads}  {decision.why}")
        elif decision.wait_until:
            done["waiting"] += 1
            click.echo(f"{user_id}  waits until {clock.iso(decision.wait_until)}  {decision.why}")
        else:
            done["skipped"] += 1
            click.echo(f"{user_id}  gets none  {decision.skip}")
    click.echo("Dry run: " + _summary(done))


def _summary(done: Counter[str]) -> str:
    usual = ("sent", "skipped", "waiting")
    rest = sorted(done.keys() - set(usual))
    return ", ".join(f"{done[did]} {did}" for did in (*usual, *rest)) + "."
