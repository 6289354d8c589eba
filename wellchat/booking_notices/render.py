"""The texts of notices, in the app and in mails: the booking as it is now, in the reader's own zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wellchat.accounts.models import User
from wellchat.booking_notices.hooks import calendar_of
from wellchat.booking_notices.models import BOOKED, CANCELLED, DAY_BEFORE, HOUR_BEFORE, MOVED
from wellchat.clock import moment
from wellchat.db import db
from wellchat.i18n import N_, force_language, format_date, format_time, gettext
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.notifications.kinds import kind_of
from wellchat.notifications.queries import EffectivePreferences, preferences
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.subjects.models import Subject

KIND_OF_NOTICE = {
    BOOKED: "appointment",
    MOVED: "appointment",
    CANCELLED: "appointment",
    DAY_BEFORE: "reminder",
    HOUR_BEFORE: "reminder",
}
REASONS = {
    BOOKED: N_("An appointment was made."),
    MOVED: N_("An appointment was moved."),
    CANCELLED: N_("An appointment was cancelled."),
    DAY_BEFORE: N_("An appointment is a day away."),
    HOUR_BEFORE: N_("An appointment is an hour away."),
}
HEADLINES = {
    BOOKED: N_("Booked: {title}"),
    MOVED: N_("Moved: {title}"),
    CANCELLED: N_("Cancelled: {title}"),
    DAY_BEFORE: N_("Reminder: {title}"),
    HOUR_BEFORE: N_("Reminder: {title}"),
}
LINES = {
    BOOKED: N_("{when}, with {name}"),
    MOVED: N_("Now on {when}, with {name}"),
    CANCELLED: N_("Planned for {when}, with {name}"),
    DAY_BEFORE: N_("{when}, with {name}"),
    HOUR_BEFORE: N_("{when}, with {name}"),
}


def headline(what: str, subject: Subject) -> str:
    """Return "Booked: Colour and cut", in the current language."""
    return gettext(HEADLINES[what]).format(title=subject.title)


def line(what: str, subject: Subject, other: User, zone: str) -> str:
    """Return "Thursday 12 November at 14:05, with Ana", in the current language. `zone` is the reader's."""
    return gettext(LINES[what]).format(when=_when(subject.starts_at, zone), name=other.name)


def _when(moment: datetime | None, zone: str) -> str:
    """Return "Thursday 12 November at 14:05". Never "tomorrow": it may be read on any day."""
    assert moment is not None
    there = moment.astimezone(ZoneInfo(zone))
    return gettext("%(day)s at %(time)s", day=format_date(there, "long"), time=format_time(there))


def is_urgent(
    what: str, subject: Subject, before_at: datetime | None, prefs: EffectivePreferences, now: datetime
) -> bool:
    """Return whether this news may not wait for the end of quiet hours, which `now` lies in.

    Who is told at seven that the session at six was cancelled has been there. `before_at` is when it would
    have begun before it was moved.
    """
    until = quiet_for(prefs, now)
    if until is None or what not in (CANCELLED, MOVED):
        return False
    return any(now < begins <= until for begins in (subject.starts_at, before_at) if begins)


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/appointment.

    Raises NotWanted for what is not so any more, and NotNow in quiet hours, unless it is urgent.
    """
    what, subject = mail.context["what"], db.session.get(Subject, mail.context["subject_id"])
    reader = db.session.get(User, mail.user_id) if mail.user_id else None
    if reader is None or subject is None or reader.id not in (subject.client_id, subject.professional_id):
        raise NotWanted(N_("The account or the appointment is gone."))
    if subject.starts_at is None or subject.starts_at <= now:
        raise NotWanted(N_("The appointment began before this was sent."))
    if subject.is_cancelled != (what == CANCELLED):
        raise NotWanted(N_("The appointment was cancelled or booked again before this was sent."))
    prefs = preferences(reader.id)
    if prefs.cadence == "off" or not prefs.wants(KIND_OF_NOTICE[what], "email"):
        raise NotWanted(N_("Emails of this kind are switched off in the preferences."))
    before_at = mail.context.get("before_at")
    urgent = is_urgent(what, subject, moment(before_at) if before_at else None, prefs, now)
    if not urgent and (until := quiet_for(prefs, now)):
        if until >= subject.starts_at:
            raise NotWanted(N_("Quiet hours last until the appointment begins."))
        raise NotNow(until)
    other = db.session.get_one(
        User, subject.professional_id if reader.id == subject.client_id else subject.client_id
    )
    with force_language(prefs.language):
        texts = {"headline": headline(what, subject), "line": line(what, subject, other, prefs.time_zone)}
        texts["discreet_line"] = gettext(kind_of(KIND_OF_NOTICE[what]).discreet)
    return {
        "name": reader.name,
        **texts,
        "language": prefs.language,
        "discreet": prefs.discreet,
        "zone": prefs.time_zone,
        "path": f"/subjects/{subject.id}",
        "kind": KIND_OF_NOTICE[what],
        "unsubscribe_path": unsubscribe_path(reader.id, KIND_OF_NOTICE[what]),
        "calendar": _calendar(what, subject, reader, prefs),
    }


def _calendar(
    what: str, subject: Subject, reader: User, prefs: EffectivePreferences
) -> tuple[str, bytes] | None:
    """Return the calendar part of a mail, (method, iCalendar), if it says that something changed."""
    # It may hold no more than the mail says, and a reminder changes nothing.
    if prefs.discreet or what in (DAY_BEFORE, HOUR_BEFORE):
        return None
    return next((found for found in calendar_of(subject, reader) if found), None)
