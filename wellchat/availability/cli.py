"""`wellchat service` and `wellchat starts`: what somebody offers, and when it is free."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.availability import actions, queries
from wellchat.availability.days import range_of
from wellchat.availability.forms import PutRules, PutService, span_of
from wellchat.availability.models import Service
from wellchat.errors import WellchatError
from wellchat.forms import fill


@click.group()
def service() -> None:
    """Put services, and the hours of professionals."""


@service.command("put")
@click.argument("email")
@click.argument("name")
@click.option("--minutes", type=int, default=60, show_default=True)
@click.option("--before", type=int, default=0, help="Minutes that must be free before.")
@click.option("--after", type=int, default=0, help="Minutes that must be free after.")
@click.option("--price", default="", help='Such as "75.00 EUR"; else by the hour.')
@click.option("--asks", is_flag=True, help="A booking waits until the professional says yes.")
@with_appcontext
def put(email: str, name: str, minutes: int, before: int, after: int, price: str, asks: bool) -> None:
    """Make a service, or change the one of this name; prints its id."""
    try:
        person = _person(email)
        values = {"name": name, "minutes": minutes, "before": before, "after": after, "price": price}
        known = next((each.id for each in queries.services_of(person.id) if each.name == name), None)
        form = fill(PutService, values | {"asks": asks})
        made = actions.put_service(viewer=person, form=form, service_id=known, now=clock.now())
    except WellchatError as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(made.id)


@service.command("hours")
@click.argument("email")
@click.argument("spans", nargs=-1, metavar="DAY:FROM-UNTIL...")
@click.option("--zone", help="By default that of the profile.")
@click.option("--step", type=int, default=30, show_default=True, help="Minutes between starts.")
@click.option("--notice", type=int, default=12, show_default=True, help="Hours before, at the least.")
@click.option("--horizon", type=int, default=60, show_default=True, help="Days ahead, at the most.")
@with_appcontext
def hours(email: str, spans: tuple[str, ...], zone: str | None, step: int, notice: int, horizon: int) -> None:
    """Set the weekly hours of somebody, such as mon:09:00-12:30 mon:13:30-17:00."""
    try:
        person, now = _person(email), clock.now()
        rules = {"zone": zone or person.time_zone, "step": step, "notice_hours": notice}
        actions.set_rules(viewer=person, form=fill(PutRules, rules | {"horizon_days": horizon}), now=now)
        actions.set_hours(viewer=person, week=[_weekly(each) for each in spans], now=now)
    except WellchatError as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(f"{len(spans)} hours a week")


def _person(email: str) -> User:
    found = user_by_email(email)
    if found is None:
        raise click.ClickException(f"there is no account {email}")
    return found


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekly(text: str) -> actions.WEEKLY:
    day, _, clock_times = text.partition(":")
    begin, _, end = clock_times.partition("-")
    try:
        return (DAYS.index(day), *span_of(begin, end), 1)
    except ValueError:
        raise click.ClickException(f"{text!r} are no hours; write mon:09:00-12:30") from None


@click.command()
@click.argument("email")
@click.option("--service", "service_id", required=True, help="Its id or its name.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--days", type=click.IntRange(1, 31), default=1, show_default=True)
@click.option("--zone", help="Of the days and of what is printed; by default the calendar's.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def starts(email: str, service_id: str, since: datetime, days: int, zone: str | None, as_json: bool) -> None:
    """Print the free times of a service, as the clock of the zone shows them."""
    try:
        person = _person(email)
        found = service_of(person.id, service_id)
        calendar = queries.calendar_of(person.id)
        there = ZoneInfo(zone or (calendar.zone if calendar else "UTC"))
    except WellchatError as refusal:
        raise click.ClickException(refusal.detail) from None
    begin, end = range_of(since.date(), days, str(there))
    free = queries.free(found, since=begin, until=end, now=clock.now())
    shown = [each.astimezone(there) for each in free]
    if as_json:
        click.echo(json.dumps({"zone": str(there), "starts": [each.isoformat() for each in shown]}))
        return
    click.echo(" ".join(f"{each:%H:%M}{each.isoformat()[-6:]}" for each in shown))


def service_of(professional_id: str, name_or_id: str) -> Service:
    """Return a service by its id or its name. Raises ClickException."""
    for each in queries.services_of(professional_id):
        if name_or_id in (each.id, each.name):
            return each
    raise click.ClickException(f"there is no service {name_or_id!r}")
