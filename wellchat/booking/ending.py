"""End what is over: bookings that took place, requests that nobody answered, holds that ran out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, select, update

from wellchat.availability.models import Service
from wellchat.booking import telling
from wellchat.booking.actions import cancel_locked
from wellchat.booking.locking import calendar_locked, locked, note_change
from wellchat.booking.models import BOOKED, DONE, HELD, LAPSED, REQUESTED, Booking
from wellchat.db import db, transaction


def sweep(now: datetime) -> dict[str, int]:
    """End what is over: bookings that took place, and requests that nobody answered a day before."""
    taken_place = select(Booking.id).where(
        Booking.state == BOOKED, Booking.ends_at <= now - timedelta(minutes=15)
    )
    unanswered = select(Booking.id).where(
        Booking.state == REQUESTED, Booking.starts_at <= now + timedelta(days=1)
    )
    counts = {"bookings_done": 0, "requests_ended": 0}
    for name, query in (("bookings_done", taken_place), ("requests_ended", unanswered)):
        for booking_id in db.session.execute(query.limit(200)).scalars().all():
            counts[name] += _end(booking_id, now)
    return counts


def _end(booking_id: str, now: datetime) -> int:
    found = db.session.get(Booking, booking_id)
    service = db.session.get(Service, found.service_id) if found else None
    if found is None or service is None:
        return 0
    with calendar_locked(service, found.starts_at, now) as (session, _):
        booking = locked(session, booking_id)
        # Two workers at once: the second finds it ended.
        if booking.state == BOOKED:
            booking.state = DONE
            note_change(booking, DONE, None, now)
            telling.tell(booking, None, now)
        elif booking.state == REQUESTED:
            cancel_locked(booking, None, now, "")
        else:
            return 0
    return 1


def tidy(now: datetime) -> dict[str, int]:
    """Delete holds that ran out a day ago, and mark those that have run out since."""
    before = now - timedelta(days=1)
    with transaction() as session:
        over = update(Booking).where(Booking.state == HELD, Booking.held_until <= now)
        session.execute(
            over.values(state=LAPSED, held_until=None, updated_at=now).execution_options(
                synchronize_session=False
            )
        )
        old = delete(Booking).where(Booking.state == LAPSED, Booking.updated_at < before)
        gone: CursorResult[Any] = session.execute(old.execution_options(synchronize_session=False))  # type: ignore[assignment]
    return {"holds": gone.rowcount}
