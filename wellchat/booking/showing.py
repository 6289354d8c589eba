"""The words of a booking on a page: when it is on both clocks, what it costs, what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from wellchat import money
from wellchat.accounts.models import User
from wellchat.availability.days import offset_of
from wellchat.booking import terms
from wellchat.booking.models import (
    BOOKED,
    CANCELLED,
    DONE,
    HELD,
    LAPSED,
    MISSED,
    REQUESTED,
    Booking,
    BookingChange,
)
from wellchat.booking.queries import seconds_left
from wellchat.db import db
from wellchat.i18n import N_, format_date, format_time, gettext

STATES = {
    HELD: N_("Held for you"),
    LAPSED: N_("Not held any more"),
    REQUESTED: N_("Waits for an answer"),
    BOOKED: N_("Booked"),
    DONE: N_("Took place"),
    MISSED: N_("Missed"),
    CANCELLED: N_("Cancelled"),
}
CHANGES = {
    REQUESTED: N_("Asked for"),
    BOOKED: N_("Booked"),
    "approved": N_("Accepted"),
    "declined": N_("Declined"),
    "moved": N_("Moved"),
    CANCELLED: N_("Cancelled"),
    DONE: N_("Took place"),
    MISSED: N_("Missed"),
}


def on_clock(moment: datetime, zone: str) -> str:
    """Return "Thursday 3 December at 14:00" on the clock of a zone, with the offset if that comes twice."""
    there = moment.astimezone(ZoneInfo(zone))
    words = gettext("%(day)s at %(time)s", day=format_date(there, "long"), time=format_time(there))
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return f"{words} ({offset_of(there)})" if twice else words


def zone_name(zone: str) -> str:
    """Return the name of a zone as pages write it."""
    return zone.replace("_", " ")


def shown(booking: Booking, viewer: User, now: datetime) -> dict[str, Any]:
    """Return what pages show of a booking, with both people loaded."""
    other = booking.other(viewer.id)
    own_zone, there = viewer.time_zone, other.time_zone
    # Where the clocks of the two agree on that day, one line says it all.
    differs = _offset(booking.starts_at, own_zone) != _offset(booking.starts_at, there)
    late = terms.cost(booking, viewer, now)
    return {
        "id": booking.id,
        "title": booking.title,
        "state": booking.state,
        "state_words": gettext(STATES[booking.state]),
        "when": on_clock(booking.starts_at, own_zone),
        "until": format_time(booking.ends_at.astimezone(ZoneInfo(own_zone))),
        "zone": zone_name(own_zone),
        "their_when": on_clock(booking.starts_at, there) if differs and other.zone_known else None,
        "other": other,
        "place": booking.place,
        "is_link": booking.place.startswith(("https://", "http://")),
        "price": _amount(booking.price_minor, booking.currency),
        "free_until": on_clock(booking.free_until, own_zone),
        "free_now": now <= booking.free_until,
        "window_hours": booking.window_minutes // 60,
        "late_costs": _amount(_late_share(booking), booking.currency),
        "cost": late,
        "cost_words": _amount(late, booking.currency),
        "agenda": booking.agenda,
        "reason": booking.reason,
        "late": booking.late,
        "asks": booking.asks,
        "held_minutes": -(-(seconds_left(booking, now) or 0) // 60),
        "can_move": terms.may_move(booking, viewer, now),
        "can_cancel": terms.is_ahead(booking, now),
        "is_mine": viewer.id == booking.client_id,
    }


def _offset(moment: datetime, zone: str) -> Any:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


def _amount(minor: int | None, currency: str | None) -> str | None:
    return money.shown(minor, currency) if minor is not None and currency is not None else None


def _late_share(booking: Booking) -> int | None:
    return None if booking.price_minor is None else money.share(booking.price_minor, booking.late_share)


def changes_of(booking: Booking, viewer: User) -> list[dict[str, Any]]:
    """Return what was changed in a booking, the first change first."""
    query = select(BookingChange).where(BookingChange.booking_id == booking.id)
    names = {
        booking.client_id: booking.client.shown_name,
        booking.professional_id: booking.professional.shown_name,
    }
    return [
        {
            "what": gettext(CHANGES[each.what]),
            "who": names.get(each.actor_id or ""),
            "at": each.at,
            "from": on_clock(each.from_at, viewer.time_zone) if each.from_at else None,
            "reason": each.reason,
        }
        for each in db.session.execute(query.order_by(BookingChange.seq)).scalars()
    ]
