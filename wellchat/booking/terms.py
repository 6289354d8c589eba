"""What moving and cancelling cost, and until when they are free. All of it is elapsed time."""

from __future__ import annotations

from datetime import datetime, timedelta

from wellchat import money
from wellchat.accounts.models import User
from wellchat.booking.models import BOOKED, REQUESTED, Booking


def window_of(booking: Booking, starts_at: datetime) -> datetime:
    """Return until when cancelling is free for a start: its window before it, elapsed, not by the clock."""
    return starts_at - timedelta(minutes=booking.window_minutes)


def is_ahead(booking: Booking, now: datetime) -> bool:
    """Return whether it can still be moved or cancelled: it is asked for or booked, and has not begun."""
    return booking.state in (REQUESTED, BOOKED) and now < booking.starts_at


def may_move(booking: Booking, viewer: User, now: datetime) -> bool:
    """Return whether this person may move it: the professional always, the client while it is free."""
    if not is_ahead(booking, now):
        return False
    return viewer.id == booking.professional_id or now <= booking.free_until


def is_late(booking: Booking, viewer: User, now: datetime) -> bool:
    """Return whether cancelling counts: by the client, after the time up to which it is free."""
    return viewer.id == booking.client_id and booking.state == BOOKED and now > booking.free_until


def cost(booking: Booking, viewer: User, now: datetime) -> int:
    """Return what cancelling costs the client now, in the smallest unit of the booking's currency."""
    if not is_late(booking, viewer, now) or booking.price_minor is None:
        return 0
    return money.share(booking.price_minor, booking.late_share)
