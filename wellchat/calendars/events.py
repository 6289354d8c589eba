"""Events of calendars from bookings: the same identity for life, and nothing that only the page says."""

from __future__ import annotations

from urllib.parse import urlsplit

from wellchat.accounts.models import User
from wellchat.booking.models import CANCELLED, Booking
from wellchat.calendars.ics import Event, calendar
from wellchat.config import setting
from wellchat.db import db
from wellchat.i18n import gettext
from wellchat.mail.compose import absolute_url
from wellchat.setting_types import mailbox
from wellchat.subjects.models import Subject


def event_of(booking: Booking, reader: User, *, invitation: bool = False, busy_only: bool = False) -> Event:
    """Return the event of a booking for one of its two people; both must be loaded.

    An invitation names its reader as the one attendee, who has accepted: no calendar answers it.
    """
    other = booking.other(reader.id)
    host = urlsplit(setting("BASE_URL")).hostname or "localhost"
    shown = not busy_only
    return Event(
        uid=f"{booking.id}@{host}",
        sequence=booking.sequence,
        stamp=booking.updated_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        summary=f"{booking.title} · {other.shown_name}" if shown else gettext("Busy"),
        location=booking.place if shown else "",
        url=absolute_url(f"/sessions/{booking.id}") if shown else "",
        cancelled=booking.state == CANCELLED,
        organizer=(booking.professional.shown_name, mailbox(setting("MAIL_FROM"))[1]) if invitation else None,
        attendee=(reader.shown_name, reader.email) if invitation and reader.email else None,
    )


def invitation_of(subject: Subject, reader: User) -> tuple[str, bytes] | None:
    """Return (method, calendar) for the mail about an appointment; None for what is no booking of ours.

    A handler of booking_notices.calendar_of.
    """
    booking = db.session.get(Booking, subject.external_id)
    if booking is None or reader.id not in (booking.client_id, booking.professional_id):
        return None
    db.session.refresh(booking, ["client", "professional"])
    event = event_of(booking, reader, invitation=True)
    method = "CANCEL" if event.cancelled else "REQUEST"
    return method, calendar(method, [event])
