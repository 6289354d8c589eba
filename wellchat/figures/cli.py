"""Define `wellchat figures`: measure what is due now, and show what was measured."""

from __future__ import annotations

import json
from datetime import date, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from wellchat import clock
from wellchat.accounts.models import PROFESSIONAL, User
from wellchat.accounts.queries import user_by_email
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.figures import measuring, queries, series
from wellchat.figures.csv_lines import as_json
from wellchat.figures.days import Span, day_of
from wellchat.figures.models import FigureSeries
from wellchat.figures.ranges import Range, span_of
from wellchat.figures.shown import figure_span, figure_value
from wellchat.i18n import gettext

LENGTH = 20  # days between two lines of progress


@click.group()
def figures() -> None:
    """Measure figures of conversations and bookings, and show them."""


@figures.command("measure")
@click.option("--again", is_flag=True, help="Forget what was measured, and begin from the first day.")
@click.option("--professional", "email", metavar="EMAIL", help="With --again: of this person alone.")
@click.option("--most", type=click.IntRange(1), help="At most so many days; by default all that are due.")
@click.option("--json", "as_data", is_flag=True, help="Print data.")
@with_appcontext
def measure(again: bool, email: str | None, most: int | None, as_data: bool) -> None:
    """Measure every day that is over and not measured yet. It can be ended, and goes on where it was."""
    now = clock.now()
    if email and not again:
        raise click.UsageError("--professional goes with --again")
    begun = series.begin_again(_professional(email).id if email else None, now) if again else 0
    begun += series.begin_missing(now)
    done = 0
    while most is None or done < most:
        step = measuring.measure(now, min(LENGTH, most - done) if most else LENGTH)
        if not step:
            break
        done += step
        click.echo(f"{done} days measured", err=True)
    left = db.session.execute(select(FigureSeries.id).where(FigureSeries.due_at <= now)).scalars().all()
    if as_data:
        click.echo(json.dumps({"begun": begun, "days": done, "series_behind": len(left)}))
    else:
        click.echo(f"{begun} series begun, {done} days measured, {len(left)} series behind.")


@figures.command("show")
@click.option("--professional", "email", metavar="EMAIL", help="Of this person; by default of everybody.")
@click.option("--zone", help="Of everybody: in this time zone; by default the first that is measured.")
@click.option("--from", "first", metavar="DATE", help="The first day.")
@click.option("--to", "last", metavar="DATE", help="The last day.")
@click.option("--preset", default="30", show_default=True, help="7, 30, 90, month, last_month or year.")
@click.option("--json", "as_data", is_flag=True, help="Print data.")
@with_appcontext
def show(
    email: str | None, zone: str | None, first: str | None, last: str | None, preset: str, as_data: bool
) -> None:
    """Print the figures of a span of days, beside those of the span before."""
    found = _series(email, zone)
    now = clock.now()
    report = queries.report(
        found, _span(first, last, preset, now, found.zone), zone=found.zone, now=now, everybody=email is None
    )
    if as_data:
        click.echo(json.dumps(as_json(report)))
        return
    click.echo(f"{figure_span(report.span)} ({report.zone}), before: {figure_span(report.span.before)}")
    if report.to_measure:
        click.echo(f"{report.to_measure} days are not measured yet.")
    for line in report.lines():
        values = (figure_value(each, line.figure.unit) for each in (line.value, line.before))
        click.echo("\t".join([gettext(line.figure.label), *values]))


def _professional(email: str) -> User:
    found = user_by_email(email)
    if found is None or found.role != PROFESSIONAL:
        raise click.ClickException(f"There is no professional {email}.")
    return found


def _series(email: str | None, zone: str | None) -> FigureSeries:
    query = select(FigureSeries).order_by(FigureSeries.zone).limit(1)
    if email:
        query = query.where(FigureSeries.professional_id == _professional(email).id)
    else:
        query = query.where(FigureSeries.professional_id.is_(None))
    if zone:
        query = query.where(FigureSeries.zone == zone)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        raise click.ClickException("Nothing is measured yet. Run wellchat figures measure.")
    return found


def _span(first: str | None, last: str | None, preset: str, now: datetime, zone: str) -> Span:
    today: date = day_of(now, zone)
    try:
        return span_of(Range.model_validate({"from": first or "", "to": last or "", "preset": preset}), today)
    except Invalid as refused:
        where, why = next(iter(refused.errors.items()))
        raise click.ClickException(f"--{where}: {why}") from None
