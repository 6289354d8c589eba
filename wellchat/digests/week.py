"""The weekly summary: how many messages came and went, and who waits for whom. It quotes no message.

It is a notification kind of its own, which people may turn off. It is scheduled when a message arrives, for
the hour and weekday of the person's digests; so a run never looks at people whose week was empty. Whoever has
chosen weekly digests, or no emails, gets none: it would be a second mail at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete

from wellchat.config import setting
from wellchat.db import insert, transaction
from wellchat.digests.decide import DigestDecision, held_back, refused
from wellchat.digests.models import WeekSchedule
from wellchat.digests.recipients import Recipient, load_recipient
from wellchat.i18n import N_
from wellchat.notifications.local_time import next_at
from wellchat.notifications.queries import EffectivePreferences, preferences

WHY = N_("The weekly summary.")
EARLIER_WHY = N_("The summary of the week.")  # how rows of earlier versions say it


def decide(recipient: Recipient, now: datetime) -> DigestDecision:
    """Decide about a weekly summary that is due.

    Whether anything happened is checked when the mail is rendered.
    """
    if refusal := not_wanted(recipient.prefs):
        return DigestDecision(skip=refusal)
    if held := held_back(recipient, now):
        return held
    if refusal := refused(recipient):
        return DigestDecision(skip=refusal)
    return DigestDecision(why=WHY)


def not_wanted(prefs: EffectivePreferences) -> str:
    """Return why this person gets no weekly summary, as a sentence. "": they get one."""
    if prefs.cadence == "off":
        return N_("Emails are switched off in the preferences.")
    if not prefs.wants("week", "email"):
        return N_("The weekly summary is switched off in the preferences.")
    if prefs.cadence == "weekly":
        return N_("The weekly digest comes at this time.")
    return ""


def schedule_for_messages(user_id: str, _thread_id: str, _seqs: Sequence[int], now: datetime) -> None:
    """Schedule the weekly summary of a person who was notified of new messages."""
    schedule(user_id=user_id, prefs=preferences(user_id), written=now)


def schedule(*, user_id: str, prefs: EffectivePreferences, written: datetime) -> None:
    """Schedule the next weekly summary of a person to whom something was written, unless one is scheduled."""
    if not_wanted(prefs):
        return
    with transaction() as session:
        planned = insert(WeekSchedule).values(user_id=user_id, due_at=_next(prefs, written))
        session.execute(planned.on_conflict_do_nothing())


def _next(prefs: EffectivePreferences, after: datetime) -> datetime:
    return next_at(after, time(prefs.digest_hour), ZoneInfo(prefs.time_zone), weekday=prefs.digest_weekday)


def reschedule(user_id: str, now: datetime) -> None:
    """Move a scheduled summary to the new hour after a change of preferences, or delete it.

    One that is due already, and only waits for the person to leave, stays: at the new hour it would be about
    another week.
    """
    recipient = load_recipient(user_id, now)
    with transaction() as session:
        # Deleted first, so that a run at the same time either has claimed the row or finds what is put back.
        gone = session.execute(
            delete(WeekSchedule).where(WeekSchedule.user_id == user_id).returning(WeekSchedule.due_at)
        )
        due_at = gone.scalar_one_or_none()
        if due_at is None or recipient is None:
            return
        if due_at <= now + timedelta(seconds=setting("AWAY_AFTER")):
            session.execute(insert(WeekSchedule).values(user_id=user_id, due_at=due_at))
        else:
            schedule(user_id=user_id, prefs=recipient.prefs, written=now)
