"""Export what bookings have of a person, and erase their words in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, or_, select, update

from wellchat.booking.models import CANCELLED, HELD, LAPSED, TAKES_TIME, Booking, BookingChange
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.personal_data import Person, PersonalData, Rows, rows


def _export(person: Person) -> dict[str, Rows]:
    theirs = or_(Booking.client_id == person.id, Booking.professional_id == person.id)
    in_theirs = exists(select(Booking.id).where(Booking.id == BookingChange.booking_id, theirs))
    return {"bookings": rows(Booking, theirs), "booking_changes": rows(BookingChange, in_theirs)}


def _erase(person: Person, now: datetime) -> None:
    """Forget the words of the person; cancel what lies ahead; what took place stays as a time and a title."""
    theirs = or_(Booking.client_id == person.id, Booking.professional_id == person.id)
    execute = db.session.execute
    quiet = {"synchronize_session": False}
    execute(delete(Booking).where(Booking.state.in_((HELD, LAPSED)), theirs).execution_options(**quiet))
    words = {"agenda": "", "reason": "", "place": "", "client_key": None}
    execute(update(Booking).where(theirs).values(words).execution_options(**quiet))
    ahead = update(Booking).where(theirs, Booking.state.in_(TAKES_TIME), Booking.starts_at > now)
    over = {"state": CANCELLED, "cancelled_at": now, "cancelled_by": person.id, "updated_at": now}
    execute(ahead.values(over).execution_options(**quiet))
    in_theirs = exists(select(Booking.id).where(Booking.id == BookingChange.booking_id, theirs))
    execute(update(BookingChange).where(in_theirs).values(reason="").execution_options(**quiet))


TITLE = N_("the name of what was booked stays with the appointment of the two")

personal_data = PersonalData(
    (
        "bookings.client_id",
        "bookings.professional_id",
        "bookings.booked_by",
        "bookings.cancelled_by",
        "booking_changes.actor_id",
    ),
    _export,
    _erase,
    kept={"bookings.title": TITLE},
)
