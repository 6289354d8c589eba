"""Fill the names and the next booking of a conversation into a saved reply."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from wellchat import i18n
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import N_, force_language
from wellchat.messaging.queries import ThreadView
from wellchat.placeholders import names_between, placeholders_in
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

BOOKING, BOOKING_TIME = ("booking", "booking_time")
BOOKINGS = {
    BOOKING: N_("the title of the next booking"),
    BOOKING_TIME: N_("its day and time, in the reader's time zone and language"),
}


def values_for(viewer: User, view: ThreadView, bodies: list[str], now: datetime) -> dict[str, str | None]:
    """Return placeholder -> value for texts of the viewer in a thread; None where there is none.

    It takes one statement where a text names a booking, and none otherwise.
    """
    values = names_between(viewer, view.other)
    if any(name in BOOKINGS for body in bodies for name in placeholders_in(body)):
        found = _next_booking(view, now)
        values[BOOKING] = found.title if found else None
        values[BOOKING_TIME] = _time_for(view.other, viewer, found.starts_at) if found else None
    return values


def _next_booking(view: ThreadView, now: datetime) -> Subject | None:
    of_pairs = [kind.name for kind in kinds().values() if kind.scope == "connection"]
    query = (
        select(Subject)
        .where(Subject.client_id == view.thread.client_id)
        .where(Subject.professional_id == view.thread.professional_id)
        .where(Subject.kind.in_(of_pairs), Subject.starts_at > now, Subject.hidden_at.is_(None))
        .order_by(Subject.starts_at, Subject.id)
        .limit(20)
    )
    # A cancelled one is told by its status, which the host writes in words of its own.
    found = db.session.execute(query).scalars()
    return next((subject for subject in found if not subject.is_cancelled), None)


def _time_for(reader: User, writer: User, starts_at: datetime | None) -> str | None:
    if starts_at is None:
        return None
    local = starts_at.astimezone(ZoneInfo(reader.time_zone if reader.zone_known else writer.time_zone))
    with force_language(reader.language):
        return f"{i18n.format_date(local.date(), 'long')} {i18n.format_time(local)}"
