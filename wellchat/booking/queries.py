"""Read bookings. A person sees those that they are part of; what only is held, its client alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, tuple_
from sqlalchemy.orm import joinedload

from wellchat import money
from wellchat.accounts.models import User
from wellchat.booking import terms
from wellchat.booking.models import BOOKED, CANCELLED, DONE, HELD, LAPSED, MISSED, REQUESTED, Booking
from wellchat.clock import iso
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.paging import decode_page_token, encode_page_token

PAGE = 50
WHEN = ("upcoming", "past", "cancelled")


def _visible(viewer: User) -> Select[Booking]:
    theirs = or_(Booking.client_id == viewer.id, Booking.professional_id == viewer.id)
    held = or_(Booking.state.not_in((HELD, LAPSED)), Booking.client_id == viewer.id)
    people = (joinedload(Booking.client), joinedload(Booking.professional))
    return select(Booking).where(theirs, held).options(*people)


def professionals_of(client_id: str) -> Sequence[User]:
    """Return the professionals whose client this person is now, by name."""
    query = (
        select(User)
        .join(Connection, Connection.professional_id == User.id)
        .where(Connection.client_id == client_id, Connection.closed_at.is_(None), User.disabled_at.is_(None))
    )
    return sorted(db.session.execute(query).scalars(), key=lambda person: person.shown_name.casefold())


def booking_for(viewer: User, booking_id: str) -> Booking:
    """Return a booking with its people. Raises NotFound, also for one of other people."""
    found = db.session.execute(_visible(viewer).where(Booking.id == booking_id)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def bookings_of(
    viewer: User, when: str, now: datetime, before: str | None = None
) -> tuple[Sequence[Booking], str | None]:
    """Return (at most PAGE bookings, the token of the next page or None).

    `upcoming` the soonest first, `past` and `cancelled` the latest. `before` is the token of this page.
    Raises Invalid for what is no token.
    """
    query, of = _visible(viewer), Booking
    place = tuple_(of.starts_at, of.id)
    end = tuple_(*decode_page_token(before)) if before else None
    if when == "upcoming":
        query = query.where(of.state.in_((REQUESTED, BOOKED)), of.ends_at > now)
        query = query.where(place > end) if end is not None else query
        query = query.order_by(of.starts_at, of.id)
    else:
        over = or_(of.state.in_((DONE, MISSED)), (of.state == BOOKED) & (of.ends_at <= now))
        query = query.where(of.state == CANCELLED if when == "cancelled" else over)
        query = query.where(place < end) if end is not None else query
        query = query.order_by(of.starts_at.desc(), of.id.desc())
    # One more than asked for tells whether there is more.
    found = db.session.execute(query.limit(PAGE + 1)).scalars().all()
    page = found[:PAGE]
    return page, encode_page_token(page[-1].starts_at, page[-1].id) if len(found) > PAGE else None


def booking_json(booking: Booking, viewer: User, now: datetime) -> dict[str, Any]:
    """Return a booking as the viewer may see it, with what they can do."""
    price = None
    if booking.price_minor is not None and booking.currency is not None:
        price = money.plain(booking.price_minor, booking.currency)
    late = terms.cost(booking, viewer, now)
    return {
        "id": booking.id,
        "state": booking.state,
        "title": booking.title,
        "place": booking.place,
        "professional_id": booking.professional_id,
        "client_id": booking.client_id,
        "service_id": booking.service_id,
        "starts_at": iso(booking.starts_at),
        "ends_at": iso(booking.ends_at),
        "starts_local": booking.starts_local,
        "zone": booking.zone,
        "held_seconds": seconds_left(booking, now),
        "price": price,
        "free_until": iso(booking.free_until),
        "cancelling_costs": money.plain(late, booking.currency) if booking.currency else None,
        "agenda": booking.agenda,
        "can_move": terms.may_move(booking, viewer, now),
        "can_cancel": terms.is_ahead(booking, now),
        "late": booking.late,
        "reason": booking.reason,
    }


def seconds_left(booking: Booking, now: datetime) -> int | None:
    """Return for how many seconds a hold still stands, by our clock; None for what is no hold."""
    if booking.held_until is None:
        return None
    return max(0, int((booking.held_until - now).total_seconds()))
