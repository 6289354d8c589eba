"""The texts about a claimed lead, in the app and in mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import N_, force_language, gettext
from wellchat.mail.compose import NotNow, NotWanted
from wellchat.mail.models import Mail
from wellchat.notifications.kinds import kind_of
from wellchat.notifications.queries import preferences
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.subjects.models import Subject


def headline(lead: Subject) -> str:
    """Return "Claimed: Kitchen remodel", in the current language."""
    return gettext("Claimed: %(title)s", title=lead.title)


def line(claimant: User) -> str:
    """Return who claimed it and what that means, in the current language."""
    return gettext("%(name)s has claimed it. You can write to each other now.", name=claimant.shown_name)


def content(mail: Mail, now: datetime) -> dict[str, Any]:
    """Return the context of templates/emails/lead_claimed.

    Raises NotWanted for what is not so any more, and NotNow in quiet hours.
    """
    lead = db.session.get(Subject, mail.context["subject_id"])
    reader = db.session.get(User, mail.user_id) if mail.user_id else None
    if reader is None or lead is None or lead.client_id != reader.id:
        raise NotWanted(N_("The account or the lead is gone."))
    prefs = preferences(reader.id)
    if prefs.cadence == "off" or not prefs.wants("lead", "email"):
        raise NotWanted(N_("Emails of this kind are switched off in the preferences."))
    if until := quiet_for(prefs, now):
        raise NotNow(until)
    claimant = db.session.get_one(User, lead.professional_id)
    with force_language(prefs.language):
        texts = {"headline": headline(lead), "line": line(claimant)}
        texts["discreet_line"] = gettext(kind_of("lead").discreet)
    return {
        "name": reader.name,
        **texts,
        "language": prefs.language,
        "discreet": prefs.discreet,
        "path": mail.context["path"],
        "unsubscribe_path": unsubscribe_path(reader.id, "lead"),
    }
