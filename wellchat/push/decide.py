"""Decide whether a push is sent now, later or not, for one notification on one device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from wellchat.accounts.models import Presence, User
from wellchat.db import db
from wellchat.i18n import N_
from wellchat.messaging.models import Membership
from wellchat.notifications.models import Notification
from wellchat.notifications.presence import present_until
from wellchat.notifications.queries import preferences
from wellchat.notifications.quiet_hours import quiet_for
from wellchat.push.models import Push

# Between two pushes of one conversation, so that several short messages ring once.
MIN_INTERVAL = timedelta(seconds=30)


@dataclass(frozen=True)
class PushDecision:
    """Wait until a moment, or skip it. With neither, it is sent."""

    wait_until: datetime | None = None
    skip: str = ""


def decide(push: Push, note: Notification, now: datetime) -> PushDecision:
    """Decide about one push, in the order: read, switched off, muted, then what makes it wait."""
    if note.read_at is not None:
        return PushDecision(skip=N_("It was read."))
    prefs = preferences(note.user_id)
    if not prefs.wants(note.kind, "push"):
        return PushDecision(skip=N_("Pushes of this kind are switched off in the preferences."))
    if not db.session.get_one(User, note.user_id, populate_existing=True).is_active:
        return PushDecision(skip=N_("The account is disabled."))
    membership = _membership(note)
    if membership and membership.closed_as is not None:
        return PushDecision(skip=N_("The conversation is closed."))
    if membership and membership.is_muted(now):
        return PushDecision(skip=N_("The conversation is muted."))
    if membership and note.last_seq is not None and membership.last_read_seq >= note.last_seq:
        return PushDecision(skip=N_("It was read."))
    presence = db.session.get(Presence, note.user_id, populate_existing=True)
    until = (
        membership.snoozed_until if membership else None,
        present_until(presence.seen_at if presence else None, now),
        # The session is off, or at another time, before they end.
        None if note.payload.get("urgent") else quiet_for(prefs, now),
        push.sent_at + MIN_INTERVAL if push.sent_at else None,
    )
    return PushDecision(wait_until=max((moment for moment in until if moment and moment > now), default=None))


def _membership(note: Notification) -> Membership | None:
    if note.thread_id is None:
        return None
    return db.session.get(Membership, (note.thread_id, note.user_id), populate_existing=True)
