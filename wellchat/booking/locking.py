"""The lock under which bookings are made and changed, and what each of them does first and last.

The row of the calendar is locked before every other. Whoever has it takes away holds that have run out, so no
clock is needed to free a time. Behind the lock stands the constraint of the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wellchat.accounts.models import User
from wellchat.availability import queries as availability
from wellchat.availability.actions import lock_calendar
from wellchat.availability.free import Wanted
from wellchat.availability.models import Calendar, Service
from wellchat.booking.models import HELD, LAPSED, TAKES_TIME, Booking, BookingChange
from wellchat.booking.refusals import Taken
from wellchat.connections.queries import connection_between
from wellchat.db import db, transaction
from wellchat.errors import CannotWrite, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.zones import MINUTE, VERSION


@contextmanager
def calendar_locked(service: Service, at: datetime, now: datetime) -> Iterator[tuple[Session, Calendar]]:
    """Write in a calendar within this block. Yield (the session, the calendar).

    Raises NotFound where there is no calendar; Taken, with the next free starts after `at`, where the
    database refuses two at one time.
    """
    try:
        with transaction() as session:
            calendar = lock_calendar(service.professional_id)
            if calendar is None:
                raise NotFound
            lapse(service.professional_id, now)
            yield session, calendar
    except IntegrityError as error:
        # On PostgreSQL a violation ends the transaction, so it is let out, and answered from here.
        # The same key at two professionals' at once: whoever asks again is given what the key made.
        if not any(each in str(error.orig) for each in ("one_at_a_time", "one_hold", "client_key")):
            raise
        raise taken(service, at, now) from None


def taken(service: Service, at: datetime, now: datetime, booking: Booking | None = None) -> Taken:
    """Return the refusal of a time that is not free, with the next three that are; for a booking to be moved,
    as if it were not there.
    """
    own = (booking.id, wanted_of(booking)) if booking is not None else (None, None)
    return Taken(availability.next_starts(service, at, now, without=own[0], wanted=own[1]))


def wanted_of(booking: Booking) -> Wanted:
    """Return the length and the buffers of a booking, as they were when it was made."""
    before, after = booking.starts_at - booking.blocks_from, booking.blocks_until - booking.ends_at
    return Wanted((booking.ends_at - booking.starts_at) // MINUTE, before // MINUTE, after // MINUTE)


def lapse(professional_id: str, now: datetime) -> int:
    """End the holds in a locked calendar that have run out. Return how many."""
    over = update(Booking).where(
        Booking.professional_id == professional_id, Booking.state == HELD, Booking.held_until <= now
    )
    values = {"state": LAPSED, "held_until": None, "updated_at": now}
    ended = db.session.execute(over.values(values).execution_options(synchronize_session=False))
    return int(ended.rowcount)  # type: ignore[attr-defined]


def locked(session: Session, booking_id: str) -> Booking:
    """Return a booking as it is under the lock of its calendar. Raises NotFound if it is gone."""
    found = session.get(Booking, booking_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def refuse_unless_free(service: Service, at: datetime, now: datetime, booking: Booking | None = None) -> None:
    """Raise Taken unless the service may begin at this moment, by the rules that list the free times.

    `booking` is one that is there already: its own length counts, and it is not in its own way.
    """
    own = (booking.id, wanted_of(booking)) if booking is not None else (None, None)
    found = availability.free(service, since=at, until=at + MINUTE, now=now, without=own[0], wanted=own[1])
    if at not in found:
        raise taken(service, at, now, booking)


def refuse_closed(booking: Booking) -> None:
    """Raise CannotWrite where the connection of the two was closed since: they can only cancel."""
    pair = connection_between(booking.client_id, booking.professional_id, lock=True)
    if pair is None or pair.closed_at is not None:
        raise CannotWrite


def refuse_far(at: datetime, now: datetime) -> None:
    """Raise Invalid for a time that is more than three years away: nobody means it."""
    if abs(at - now) > timedelta(days=3 * 366):
        raise Invalid({"starts_at": gettext("There is no such time.")})


def refuse_overlap(service: Service, booking: Booking, now: datetime) -> None:
    """Raise Taken if another booking blocks the time of this one: all that binds a professional."""
    others = select(Booking.id).where(
        Booking.professional_id == booking.professional_id,
        Booking.id != booking.id,
        Booking.state.in_(TAKES_TIME),
        Booking.blocks_from < booking.blocks_until,
        Booking.blocks_until > booking.blocks_from,
    )
    with db.session.no_autoflush:
        if db.session.execute(others.limit(1)).first() is not None:
            raise taken(service, booking.starts_at, now)


def set_time(booking: Booking, calendar: Calendar, at: datetime, wanted: Wanted) -> None:
    """Set when a booking begins, and all the columns that follow from it."""
    there = at.astimezone(ZoneInfo(calendar.zone))
    booking.starts_at, booking.ends_at = at, at + wanted.minutes * MINUTE
    booking.starts_local, booking.fold = there.strftime("%Y-%m-%dT%H:%M"), there.fold
    booking.zone, booking.zone_data = calendar.zone, VERSION[:10]
    booking.blocks_from = at - wanted.before * MINUTE
    booking.blocks_until = booking.ends_at + wanted.after * MINUTE


def note_change(
    booking: Booking,
    what: str,
    actor: User | None,
    now: datetime,
    *,
    from_at: datetime | None = None,
    reason: str = "",
) -> None:
    """Keep that something was changed, in the transaction that changes it."""
    last = select(func.max(BookingChange.seq)).where(BookingChange.booking_id == booking.id)
    booking.updated_at = now
    db.session.flush()
    change = BookingChange(booking_id=booking.id, seq=(db.session.execute(last).scalar() or 0) + 1, what=what)
    change.actor_id, change.at, change.reason = actor.id if actor else None, now, reason
    change.from_at, change.to_at = from_at, booking.starts_at
    db.session.add(change)
