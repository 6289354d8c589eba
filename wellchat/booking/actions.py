"""Hold, confirm, move and cancel bookings. Pages, calls and commands all come here.

Every action locks the calendar first (locking.py), decides by the rules that list the free times, and tells
the two people by putting the subject that stands for the booking in their conversation (subject.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from wellchat.accounts.models import User
from wellchat.availability import queries as availability
from wellchat.availability.models import Calendar, Service
from wellchat.booking import telling, terms
from wellchat.booking.locking import (
    calendar_locked,
    locked,
    note_change,
    refuse_closed,
    refuse_far,
    refuse_overlap,
    refuse_unless_free,
    set_time,
    wanted_of,
)
from wellchat.booking.models import (
    BOOKED,
    CANCELLED,
    DONE,
    HELD,
    LAPSED,
    MISSED,
    REQUESTED,
    Booking,
)
from wellchat.booking.queries import booking_for
from wellchat.booking.refusals import cost_changed, over, too_late
from wellchat.config import setting
from wellchat.connections.queries import connection_between
from wellchat.db import db, new_id, transaction
from wellchat.errors import CannotWrite, Conflict, NotFound
from wellchat.i18n import gettext

MISSED_AFTER, MARKED_WITHIN = timedelta(minutes=10), timedelta(days=7)


def hold(
    *, viewer: User, service_id: str, starts_at: datetime, now: datetime, client_key: str | None = None
) -> Booking:
    """Keep a free time for a client while they fill in the rest. The same key again: the same hold.

    They have one hold at a time, so another time takes its place. Raises NotFound for a service that they may
    not book, and Taken for a time that is not free.
    """
    service = _bookable(viewer, service_id)
    with calendar_locked(service, starts_at, now) as (session, calendar):
        if (known := _by_key(viewer, client_key)) is not None:
            return known
        # Their own hold, on whosever calendar, does not stand in their way.
        session.execute(
            delete(Booking)
            .where(Booking.client_id == viewer.id, Booking.state == HELD)
            .execution_options(synchronize_session=False)
        )
        refuse_unless_free(service, starts_at, now)
        booking = _new(service, calendar, viewer.id, starts_at, viewer, now)
        booking.state, booking.client_key = HELD, client_key
        booking.held_until = now + timedelta(seconds=setting("HOLD"))
        session.add(booking)
    return booking


def _bookable(viewer: User, service_id: str) -> Service:
    service = availability.service_for(viewer, service_id)
    if not viewer.is_client:
        raise NotFound
    if service.retired_at is not None:
        raise Conflict(gettext("This is not offered any more."))
    return service


def _by_key(client: User, client_key: str | None) -> Booking | None:
    if client_key is None:
        return None
    query = select(Booking).where(Booking.client_id == client.id, Booking.client_key == client_key)
    return db.session.execute(query).scalar_one_or_none()


def _new(
    service: Service, calendar: Calendar, client_id: str, starts_at: datetime, actor: User, now: datetime
) -> Booking:
    """Return a booking of a service with its terms, as they are now."""
    pair = connection_between(client_id, service.professional_id, lock=True)
    if pair is None or pair.client_id != client_id:
        raise NotFound
    if pair.closed_at is not None:
        raise CannotWrite
    price = availability.price_of(service)
    booking = Booking(id=new_id(), connection_id=pair.id, professional_id=service.professional_id)
    booking.client_id, booking.service_id, booking.booked_by = client_id, service.id, actor.id
    booking.title, booking.place, booking.asks = service.name, service.place, service.asks
    booking.price_minor, booking.currency = (price.minor, price.currency) if price else (None, None)
    booking.window_minutes, booking.late_share = service.window_minutes, service.late_share
    set_time(booking, calendar, starts_at, availability.wanted_of(service))
    booking.free_until = terms.window_of(booking, starts_at)
    booking.created_at = booking.updated_at = now
    return booking


def let_go(*, viewer: User, booking_id: str, now: datetime) -> None:
    """Free a time that the viewer holds. Raises NotFound, and Conflict for what is no hold."""
    booking, service = _mine(viewer, booking_id)
    if booking.state not in (HELD, LAPSED):
        raise over()
    with calendar_locked(service, booking.starts_at, now) as (session, _):
        theirs = (Booking.id == booking_id, Booking.client_id == viewer.id)
        session.execute(delete(Booking).where(*theirs, Booking.state.in_((HELD, LAPSED))))


def _mine(viewer: User, booking_id: str) -> tuple[Booking, Service]:
    booking = booking_for(viewer, booking_id)
    return booking, db.session.get_one(Service, booking.service_id)


def describe(*, viewer: User, booking_id: str, agenda: str, now: datetime) -> None:
    """Keep what a client says about a time that they hold. Raises NotFound."""
    booking_for(viewer, booking_id)
    with transaction() as session:
        theirs = (Booking.id == booking_id, Booking.client_id == viewer.id)
        held = update(Booking).where(*theirs, Booking.state.in_((HELD, LAPSED)))
        session.execute(held.values(agenda=agenda, updated_at=now))


def confirm(*, viewer: User, booking_id: str, agenda: str, now: datetime) -> Booking:
    """Book the time that the viewer holds, or ask for it where the service asks. Twice is the same as once.

    A hold that has run out is taken anew if its time is still free. Raises NotFound, Taken, CannotWrite.
    """
    booking, service = _mine(viewer, booking_id)
    if viewer.id != booking.client_id:
        raise NotFound
    with calendar_locked(service, booking.starts_at, now) as (session, _):
        booking = locked(session, booking_id)
        if booking.state == LAPSED:
            refuse_unless_free(service, booking.starts_at, now, booking)
        elif booking.state != HELD:
            return booking
        refuse_closed(booking)
        booking.state, booking.held_until = (REQUESTED if booking.asks else BOOKED), None
        booking.agenda = agenda
        note_change(booking, booking.state, viewer, now)
        telling.tell(booking, viewer, now)
    return booking


def book_for(
    *,
    viewer: User,
    client_id: str,
    service_id: str,
    starts_at: datetime,
    now: datetime,
    client_key: str | None = None,
) -> Booking:
    """Book a time for a client, as their professional: outside hours, too, but never over another booking.

    Raises NotFound, Taken.
    """
    service = availability.service_for(viewer, service_id)
    client = db.session.get(User, client_id)
    if viewer.id != service.professional_id or client is None:
        raise NotFound
    refuse_far(starts_at, now)
    with calendar_locked(service, starts_at, now) as (session, calendar):
        if (known := _by_key(client, client_key)) is not None:
            return known
        booking = _new(service, calendar, client_id, starts_at, viewer, now)
        booking.state, booking.client_key = BOOKED, client_key
        refuse_overlap(service, booking, now)
        session.add(booking)
        note_change(booking, BOOKED, viewer, now)
        telling.tell(booking, viewer, now)
    return booking


def approve(*, viewer: User, booking_id: str, now: datetime) -> Booking:
    """Say yes to what was asked for. Twice is the same as once. Raises NotFound, Conflict, CannotWrite."""
    booking, service = _mine(viewer, booking_id)
    _only_professional(viewer, booking)
    with calendar_locked(service, booking.starts_at, now) as (session, _):
        booking = locked(session, booking_id)
        if booking.state == BOOKED:
            return booking
        if booking.state != REQUESTED or booking.starts_at <= now:
            raise over()
        refuse_closed(booking)
        booking.state = BOOKED
        note_change(booking, "approved", viewer, now)
        telling.tell(booking, viewer, now)
    return booking


def _only_professional(viewer: User, booking: Booking) -> None:
    if viewer.id != booking.professional_id:
        raise NotFound


def move(*, viewer: User, booking_id: str, starts_at: datetime, now: datetime, reason: str = "") -> Booking:
    """Move a booking. Its terms stay, and its price; nothing is paid again.

    A client moves to a free time only, and only while cancelling is free. Raises NotFound, Taken, Conflict,
    CannotWrite.
    """
    booking, service = _mine(viewer, booking_id)
    refuse_far(starts_at, now)
    with calendar_locked(service, starts_at, now) as (session, calendar):
        booking = locked(session, booking_id)
        if not terms.is_ahead(booking, now) or starts_at <= now:
            raise over()
        if not terms.may_move(booking, viewer, now):
            raise too_late()
        if starts_at == booking.starts_at:
            return booking
        refuse_closed(booking)
        before = booking.starts_at
        if viewer.id == booking.client_id:
            refuse_unless_free(service, starts_at, now, booking)
        set_time(booking, calendar, starts_at, wanted_of(booking))
        refuse_overlap(service, booking, now)
        # No way out of the terms: once the time has passed up to which it was free, it stays passed.
        if now <= booking.free_until:
            booking.free_until = terms.window_of(booking, starts_at)
        booking.sequence += 1
        note_change(booking, "moved", viewer, now, from_at=before, reason=reason)
        telling.tell(booking, viewer, now)
    return booking


def cancel(
    *, viewer: User, booking_id: str, now: datetime, reason: str = "", shown: int | None = None
) -> Booking:
    """Cancel a booking or take back a request. Twice is the same as once.

    `shown` is the cost that the person was shown: Conflict if it is another now. Raises NotFound, Conflict.
    """
    booking, service = _mine(viewer, booking_id)
    with calendar_locked(service, booking.starts_at, now) as (session, _):
        booking = locked(session, booking_id)
        if booking.state == CANCELLED:
            return booking
        if not terms.is_ahead(booking, now):
            raise over()
        if shown is not None and shown != terms.cost(booking, viewer, now):
            raise cost_changed()
        booking.late = terms.is_late(booking, viewer, now)
        cancel_locked(booking, viewer, now, reason)
    return booking


def cancel_locked(booking: Booking, actor: User | None, now: datetime, reason: str) -> None:
    """Cancel a booking under the lock of its calendar, and tell the two people."""
    asked = booking.state == REQUESTED
    booking.state, booking.cancelled_at, booking.reason = CANCELLED, now, reason
    booking.cancelled_by = actor.id if actor else None
    booking.sequence += 1
    declined = asked and (actor is None or actor.id == booking.professional_id)
    note_change(booking, "declined" if declined else CANCELLED, actor, now, reason=reason)
    if asked:
        telling.tell_answer(booking, actor, now)
    else:
        telling.tell(booking, actor, now)


def mark(*, viewer: User, booking_id: str, missed: bool, now: datetime) -> Booking:
    """Say whether the client came. For a week, by the professional, from ten minutes after the start.

    Raises NotFound, Conflict.
    """
    booking, service = _mine(viewer, booking_id)
    _only_professional(viewer, booking)
    with calendar_locked(service, booking.starts_at, now) as (session, _):
        booking = locked(session, booking_id)
        soon = now < booking.starts_at + MISSED_AFTER
        if booking.state not in (BOOKED, DONE, MISSED) or soon or now > booking.ends_at + MARKED_WITHIN:
            raise over()
        booking.state = MISSED if missed else DONE
        note_change(booking, booking.state, viewer, now)
        telling.tell(booking, viewer, now)
    return booking
