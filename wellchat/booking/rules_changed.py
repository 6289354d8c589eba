"""Keep bookings at their wall time when the rules of a zone change after they were made."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from wellchat.availability.models import Service
from wellchat.booking import telling
from wellchat.booking.locking import calendar_locked, locked, note_change
from wellchat.booking.models import BOOKED, REQUESTED, Booking
from wellchat.booking.refusals import Taken
from wellchat.db import db
from wellchat.zones import VERSION, instant


def check(*, now: datetime, dry_run: bool) -> tuple[int, list[str]]:
    """Reckon the times of all bookings ahead again. Return (how many there are, a line for each that moves).

    One whose new time is taken stays, and its line says so: two people have to talk.
    """
    ahead = select(Booking.id).where(Booking.state.in_((REQUESTED, BOOKED)), Booking.starts_at > now)
    ids = db.session.execute(ahead.order_by(Booking.starts_at, Booking.id)).scalars().all()
    lines = [line for each in ids if (line := _check_one(each, now, dry_run))]
    return len(ids), lines


def right_start(booking: Booking) -> datetime:
    """Return the moment of the booking's wall time at its place, by the rules of now."""
    wall = datetime.fromisoformat(booking.starts_local)
    exact = instant(wall, ZoneInfo(booking.zone), booking.fold)
    # Seconds are no part of the wall time that is kept.
    return exact + timedelta(seconds=booking.starts_at.second, microseconds=booking.starts_at.microsecond)


def _check_one(booking_id: str, now: datetime, dry_run: bool) -> str | None:
    found = db.session.get(Booking, booking_id, populate_existing=True)
    if found is None or (found.zone_data == VERSION[:10] and right_start(found) == found.starts_at):
        return None
    line = (
        f"{found.id} {found.starts_local} {found.zone}: {_utc(found.starts_at)} -> {_utc(right_start(found))}"
    )
    differs = right_start(found) != found.starts_at
    if dry_run:
        return line if differs else None
    service = db.session.get_one(Service, found.service_id)
    try:
        with calendar_locked(service, found.starts_at, now) as (session, _):
            booking = locked(session, booking_id)
            if booking.state in (REQUESTED, BOOKED) and booking.starts_at > now:
                _move(booking, now)
    except Taken:
        return f"{line}, but another booking is there"
    return line if differs else None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")


def _move(booking: Booking, now: datetime) -> None:
    before, by = booking.starts_at, right_start(booking) - booking.starts_at
    booking.zone_data = VERSION[:10]
    if not by:
        return
    for name in ("starts_at", "ends_at", "blocks_from", "blocks_until", "free_until"):
        setattr(booking, name, getattr(booking, name) + by)
    booking.sequence += 1
    note_change(booking, "moved", None, now, from_at=before)
    telling.tell(booking, None, now)
