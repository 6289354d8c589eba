"""Tell the owner of a lead that it was claimed."""

from __future__ import annotations

from datetime import datetime

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.i18n import N_, force_language
from wellchat.lead_notices.render import headline, line
from wellchat.mail.actions import queue_mail
from wellchat.notifications import actions as notifications
from wellchat.notifications.queries import preferences
from wellchat.subjects.models import CLAIMED, Subject


def tell_owner(lead: Subject, thread_id: str, now: datetime) -> None:
    """Notify the client of a lead, and mail them if they want that, in the transaction that claims it.

    The thread of a lead is made once, so they are told once, whoever claims it how often.
    """
    owner = db.session.get(User, lead.client_id)
    claimant = db.session.get_one(User, lead.professional_id)
    # One that is withdrawn, or done elsewhere, was claimed by nobody here.
    if owner is None or lead.status not in (CLAIMED, None):
        return
    # Kept as text in the notification, so it must be in the reader's language now.
    with force_language(owner.language):
        title, preview = headline(lead), line(claimant)
    notifications.notify(
        user_id=owner.id,
        kind="lead",
        actor_id=claimant.id,
        title=title,
        preview=preview,
        group_key=f"lead:{lead.id}",
        payload={"url": f"/threads/{thread_id}"},
        now=now,
    )
    prefs = preferences(owner.id)
    if prefs.cadence != "off" and prefs.wants("lead", "email"):
        queue_mail(
            user_id=owner.id,
            address=owner.email,
            name="lead_claimed",
            context={"name": owner.name, "subject_id": lead.id, "path": f"/threads/{thread_id}"},
            reason=N_("A lead was claimed."),
            now=now,
        )
