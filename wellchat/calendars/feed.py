"""The feed of one person's appointments, behind an address that nobody can guess."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User, sha256_hex
from wellchat.booking.models import BOOKED, DONE, Booking
from wellchat.calendars.events import event_of
from wellchat.calendars.ics import calendar
from wellchat.calendars.models import CalendarFeed
from wellchat.config import setting
from wellchat.db import db, insert, transaction
from wellchat.errors import NotFound
from wellchat.i18n import force_language

BACK, AHEAD = timedelta(days=90), timedelta(days=400)
MOST = 2000  # events


def make_feed(*, viewer: User, busy_only: bool, now: datetime) -> str:
    """Return the secret of the viewer's feed, made anew: an earlier address leads nowhere from now on."""
    secret = secrets.token_hex(20)  # 160 bits
    kept = {"digest": sha256_hex(secret), "busy_only": busy_only, "made_at": now}
    with transaction() as session:
        put = insert(CalendarFeed).values(user_id=viewer.id, **kept)
        session.execute(put.on_conflict_do_update(index_elements=["user_id"], set_=kept))
    return secret


def end_feed(*, viewer: User) -> None:
    """Take the feed away. Twice is the same as once."""
    with transaction() as session:
        session.execute(delete(CalendarFeed).where(CalendarFeed.user_id == viewer.id))


def feed_of(viewer: User) -> CalendarFeed | None:
    """Return what is kept of the viewer's feed; None without one."""
    return db.session.get(CalendarFeed, viewer.id)


def read_feed(secret: str, now: datetime) -> bytes:
    """Return the feed of an address, as iCalendar. Raises NotFound for an address that leads nowhere.

    It has the same bytes until something changes: nothing in it is of now.
    """
    feed = db.session.execute(
        select(CalendarFeed).where(CalendarFeed.digest == sha256_hex(secret))
    ).scalar_one_or_none()
    owner = db.session.get(User, feed.user_id) if feed else None
    if feed is None or owner is None or not owner.is_active:
        raise NotFound
    # Whole days, or the window would move with each minute.
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = (
        select(Booking)
        .where(or_(Booking.client_id == owner.id, Booking.professional_id == owner.id))
        .where(Booking.state.in_((BOOKED, DONE)))
        .where(Booking.starts_at.between(today - BACK, today + AHEAD))
        .options(joinedload(Booking.client), joinedload(Booking.professional))
        .order_by(Booking.starts_at, Booking.id)
    )
    with force_language(owner.language):
        found = db.session.execute(query.limit(MOST)).scalars()
        events = [event_of(each, owner, busy_only=feed.busy_only) for each in found]
    return calendar("PUBLISH", events, name=setting("NAME"))
