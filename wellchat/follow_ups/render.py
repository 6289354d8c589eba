"""The texts of reminders, in the app and in mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.follow_ups.models import DONE
from wellchat.follow_ups.queries import reminder_of
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.notifications.kinds import kind_of
from wellchat.notifications.queries import preferences
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.notifications.unsubscribe import unsubscribe_path


def headline(other: User) -> str:
    """Return "Reminder: Cara Client", in the current language."""
    return gettext("Reminder: {title}").format(title=other.shown_name)


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/follow_up.

    Raises NotWanted for a reminder that is done or gone, and NotNow in quiet hours.
    """
    reader = db.session.get(User, mail.user_id) if mail.user_id else None
    if reader is None:
        raise NotWanted(N_("The account is gone."))
    try:
        one, other = reminder_of(reader.id, mail.context["follow_up_id"])
    except NotFound:
        raise NotWanted(N_("The reminder is gone.")) from None
    if one.state == DONE:
        raise NotWanted(N_("The reminder is done."))
    prefs = preferences(reader.id)
    if prefs.cadence == "off" or not prefs.wants("follow_up", "email"):
        raise NotWanted(N_("Emails of this kind are switched off in the preferences."))
    if until := quiet_for(prefs, now):
        raise NotNow(until)
    with force_language(prefs.language):
        title, discreet_line = headline(other), gettext(kind_of("follow_up").discreet)
    return {
        "name": reader.name,
        "headline": title,
        "note": one.note,
        "discreet_line": discreet_line,
        "language": prefs.language,
        "discreet": prefs.discreet,
        "path": f"/threads/{one.thread_id}",
        "unsubscribe_path": unsubscribe_path(reader.id, "follow_up"),
    }
