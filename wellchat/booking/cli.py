"""`wellchat book`, `wellchat booking` and `wellchat zones`: what scripts and operators do with bookings."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext

from wellchat import clock, money
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_email
from wellchat.availability.cli import service_of
from wellchat.booking import actions, rules_changed, terms
from wellchat.booking.models import Booking
from wellchat.booking.queries import booking_for
from wellchat.booking.refusals import Taken
from wellchat.command_types import Moment
from wellchat.errors import WellchatError
from wellchat.zones import VERSION, instant


@click.command("book")
@click.argument("client")
@click.argument("professional")
@click.option("--service", "name", required=True, help="Its id or its name.")
@click.option(
    "--at", required=True, metavar="WALL TIME", help="Such as 2027-03-28T01:30, by the clock of --zone."
)
@click.option("--zone", required=True)
@click.option("--key", help="The same key again: the same booking.")
@with_appcontext
def book(client: str, professional: str, name: str, at: str, zone: str, key: str | None) -> None:
    """Book a free time for a client, as they would; prints its id and its end."""
    who, now = _person(client), clock.now()
    service = service_of(_person(professional).id, name)
    try:
        start = instant(datetime.fromisoformat(at), ZoneInfo(zone))
    except (ValueError, KeyError):
        raise click.ClickException(f"{at!r} in {zone!r} is no time; write 2027-03-28T01:30") from None
    try:
        held = actions.hold(viewer=who, service_id=service.id, starts_at=start, client_key=key, now=now)
        made = actions.confirm(viewer=who, booking_id=held.id, agenda=held.agenda, now=now)
    except Taken as refusal:
        there = [each.astimezone(ZoneInfo(zone)) for each in refusal.next]
        following = " ".join(each.isoformat(timespec="minutes") for each in there)
        raise click.ClickException(f"taken; next: {following or 'none'}") from None
    except WellchatError as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(f"{made.id} ends {made.ends_at.astimezone(ZoneInfo(zone)).isoformat(timespec='minutes')}")


def _person(email: str) -> User:
    found = user_by_email(email)
    if found is None:
        raise click.ClickException(f"there is no account {email}")
    return found


@click.group("booking")
def booking() -> None:
    """Change bookings."""


@booking.command("cancel")
@click.argument("booking_id")
@click.option("--by", "email", required=True, help="The address of one of the two.")
@click.option("--reason", default="")
@click.option("--dry-run", is_flag=True, help="Say what it costs, and cancel nothing.")
@click.option("--now", "at", type=Moment(), help="With --dry-run: what it costs at another time.")
@with_appcontext
def cancel(booking_id: str, email: str, reason: str, dry_run: bool, at: datetime | None) -> None:
    """Cancel a booking; prints what it costs."""
    if at is not None and not dry_run:
        raise click.ClickException("--now goes with --dry-run")
    who, now = _person(email), at or clock.now()
    try:
        words = _cost(booking_for(who, booking_id), who, now)
        if not dry_run:
            actions.cancel(viewer=who, booking_id=booking_id, reason=reason, now=now)
    except WellchatError as refusal:
        raise click.ClickException(refusal.detail) from None
    click.echo(words)


def _cost(found: Booking, who: User, now: datetime) -> str:
    """Return "free of charge", or how much of what."""
    cost = terms.cost(found, who, now)
    if not cost or found.price_minor is None or found.currency is None:
        return "late, free of charge" if terms.is_late(found, who, now) else "free of charge"
    whole, part = (money.plain(each, found.currency) for each in (found.price_minor, cost))
    return f"late: {found.late_share / 100:g} % of {whole} = {part}"


@click.group("zones")
def zones() -> None:
    """Time zones whose rules change."""


@zones.command("check")
@click.option("--dry-run", is_flag=True, help="Say what would move, and move nothing.")
@with_appcontext
def check(dry_run: bool) -> None:
    """Move bookings ahead to where their wall time is by the rules of now, and tell both people."""
    ahead, moved = rules_changed.check(now=clock.now(), dry_run=dry_run)
    for line in moved:
        click.echo(line)
    click.echo(f"{len(moved)} of {ahead} bookings ahead move (tzdata {VERSION})")
