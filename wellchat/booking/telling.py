"""Tell the two people of a booking. It is a subject of their conversation, and that does the rest.

The card, the notices of booked, moved and cancelled, reminders, mails and the facts about a client all follow
from the subject. Only a request is told here: nothing is booked yet, so there is no subject.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from wellchat.accounts.models import User
from wellchat.booking.models import CANCELLED, DONE, MISSED, REQUESTED, Booking
from wellchat.config import setting
from wellchat.db import db
from wellchat.i18n import N_, force_language, format_date, format_time, gettext
from wellchat.notifications.actions import notify
from wellchat.subjects.actions import put_form
from wellchat.subjects.forms import PutSubject

STATUS = {CANCELLED: "cancelled", DONE: "done", MISSED: "missed"}
ASKED, DECLINED, TAKEN_BACK = (
    N_("Asks for an appointment: {title}"),
    N_("Declined: {title}"),
    N_("Taken back: {title}"),
)


def tell(booking: Booking, actor: User | None, now: datetime) -> None:
    """Put the subject of a booking as it is now, in the transaction that changed it."""
    if booking.state == REQUESTED:
        _tell_request(booking, booking.professional_id, booking.client_id, ASKED, now)
        return
    form = PutSubject(
        kind=subject_kind(),
        external_id=booking.id,
        title=booking.title,
        url=f"{setting('BASE_URL').rstrip('/')}/sessions/{booking.id}",
        status=STATUS.get(booking.state, "confirmed"),
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        cancelled_at=booking.cancelled_at,
        amount_minor=booking.price_minor,
        currency=booking.currency,
    )
    put_form(form, professional_id=booking.professional_id, client_id=booking.client_id, now=now)


def subject_kind() -> str:
    """Return the kind of subject that a booking is here: a booking of a salon, a session elsewhere."""
    return "booking" if "salon" in setting("FEATURES") else "session"


def tell_answer(booking: Booking, actor: User | None, now: datetime) -> None:
    """Tell the other person that a request was declined, or taken back."""
    if actor is not None and actor.id == booking.client_id:
        _tell_request(booking, booking.professional_id, booking.client_id, TAKEN_BACK, now)
    else:
        _tell_request(booking, booking.client_id, booking.professional_id, DECLINED, now)


def _tell_request(booking: Booking, reader_id: str, actor_id: str, title: str, now: datetime) -> None:
    reader = db.session.get_one(User, reader_id)
    with force_language(reader.language):
        there = booking.starts_at.astimezone(ZoneInfo(reader.time_zone))
        when = gettext("%(day)s at %(time)s", day=format_date(there, "long"), time=format_time(there))
        words = gettext(title).format(title=booking.title)
    notify(
        user_id=reader_id,
        kind="request",
        actor_id=actor_id,
        title=words,
        preview=when,
        group_key=f"request:{booking.id}",
        payload={"url": f"/sessions/{booking.id}"},
        now=now,
    )
