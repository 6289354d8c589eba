"""Decide whether a person gets a digest now, later or not.

1. never for what was read, deleted or muted;
2. a message is in at most one email (`mailed_seq`);
3. not while the reader is present, and only after their delay or at their digest time;
4. quiet hours and the daily caps hold mails back, and merge them;
5. never to an address that refuses mail: what waits there is not counted as mailed.

Nothing here reads the database; recipients.py loads all of it before. The decision is made again at the claim
and when the mail is rendered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wellchat.config import setting
from wellchat.digests.recipients import DAY, Recipient, Waiting
from wellchat.digests.times import due_time
from wellchat.i18n import N_, gettext
from wellchat.mail.refusals import NO_ADDRESS, REFUSES
from wellchat.notifications.presence import present_until
from wellchat.notifications.queries import EffectivePreferences
from wellchat.notifications.quiet_hours import quiet_for


@dataclass(frozen=True)
class DigestDecision:
    """Send now, wait until a moment, or skip all of it.

    `wait_until` and `skip` are never both set. With neither, the mail is sent.
    """

    threads: tuple[Waiting, ...] = ()  # what a digest holds; a weekly summary holds none
    wait_until: datetime | None = None
    skip: str = ""
    why: str = ""  # why it is sent, or has to wait
    later: datetime | None = None  # when to look again at what is left after sending `threads`

    @property
    def did(self) -> str:
        """Return what a run that follows this decision reports: "sent", "waiting" or "skipped"."""
        if self.wait_until is not None:
            return "waiting"
        return "skipped" if self.skip else "sent"


def decide(recipient: Recipient, now: datetime) -> DigestDecision:
    """Decide about the unread messages of this person."""
    prefs = recipient.prefs
    if refusal := switched_off(prefs):
        return DigestDecision(skip=refusal)
    # Deleted messages do not count, so a thread may be waiting with none.
    waiting = [each for each in recipient.waiting if each.count]
    if not waiting:
        return DigestDecision(
            skip=N_("The unread messages were deleted.") if recipient.waiting else N_("Everything was read.")
        )
    audible = [each for each in waiting if not each.is_muted(now)]
    if not audible:
        return DigestDecision(skip=N_("The conversation is muted."))
    awake = [each for each in audible if not each.is_snoozed(now)]
    snoozed_until = min(
        (each.snoozed_until for each in audible if each.is_snoozed(now) and each.snoozed_until), default=None
    )
    if not awake:
        return DigestDecision(wait_until=snoozed_until, why=N_("The conversation is snoozed."))
    # The row of the schedule may be earlier: the oldest message may have been read or deleted since.
    due = due_for(prefs, min(each.oldest_at for each in awake))
    if due is not None and due > now:
        return DigestDecision(wait_until=due, why=NOT_DUE[prefs.cadence])
    if held := held_back(recipient, now):
        return held
    # After all that makes it wait: a skip is final for these messages, and the owner may lift the refusal
    # first.
    if refusal := refused(recipient):
        return DigestDecision(skip=refusal)
    if until := _over_the_cap_until(recipient):
        enough = gettext("%(num)s emails within a day are enough.", num=setting("MAX_EMAILS_PER_DAY"))
        return DigestDecision(wait_until=until, why=enough)
    capped = _threads_over_their_cap(recipient)
    # Snoozed and capped threads are left out; `later` makes the person due again for them.
    ready = sorted((each for each in awake if each.thread_id not in capped), key=lambda each: each.oldest_at)
    later = min(
        filter(None, [snoozed_until, *(capped[e.thread_id] for e in awake if e.thread_id in capped)]),
        default=None,
    )
    if not ready:
        enough = gettext(
            "%(num)s emails about one conversation within a day are enough.",
            num=setting("MAX_EMAILS_PER_THREAD"),
        )
        return DigestDecision(wait_until=later, why=enough)
    return DigestDecision(threads=tuple(ready), why=_why_sent(prefs), later=later)


def switched_off(prefs: EffectivePreferences) -> str:
    """Return why this person gets no emails about messages, as a sentence. "": they get them."""
    if prefs.cadence == "off":
        return N_("Emails are switched off in the preferences.")
    if not prefs.wants("message", "email"):
        return N_("Emails about messages are switched off in the preferences.")
    return ""


def held_back(recipient: Recipient, now: datetime) -> DigestDecision | None:
    """Return a decision to wait, if the reader is present or in their quiet hours. None: neither."""
    if until := present_until(recipient.seen_at, now):
        return DigestDecision(wait_until=until, why=N_("The reader is here."))
    if until := quiet_for(recipient.prefs, now):
        return DigestDecision(wait_until=until, why=N_("Quiet hours."))
    return None


def refused(recipient: Recipient) -> str:
    """Return why nothing is sent to this person's address, as a sentence. "": mail may be sent.

    Ask this last: the owner may lift the refusal until then.
    """
    if not recipient.address:
        return NO_ADDRESS
    return "" if recipient.refusal is None else f"{REFUSES} {recipient.refusal}"


def due_for(prefs: EffectivePreferences, written: datetime) -> datetime | None:
    """Return when a message written at `written` is due in an email by these preferences. None: never."""
    return due_time(
        prefs.cadence,
        written,
        delay=timedelta(seconds=setting("EMAIL_DELAY")),
        hour=prefs.digest_hour,
        weekday=prefs.digest_weekday,
        zone=ZoneInfo(prefs.time_zone),
    )


def _over_the_cap_until(recipient: Recipient) -> datetime | None:
    # The day ends when the oldest of the last `most` mails is a day old.
    most = setting("MAX_EMAILS_PER_DAY")
    return recipient.recent[-most][0] + DAY if len(recipient.recent) >= most else None


def _threads_over_their_cap(recipient: Recipient) -> dict[str, datetime]:
    """Return thread id -> when it may be mailed again, for threads over the cap of the last 24 hours."""
    most = setting("MAX_EMAILS_PER_THREAD")
    often = [
        t for t, n in Counter(t for _, threads in recipient.recent for t in threads).items() if n >= most
    ]
    return {t: [at for at, threads in recipient.recent if t in threads][-most] + DAY for t in often}


NOT_DUE = {
    "soon": N_("The delay after the message has not passed yet."),
    "hourly": N_("The time of the hourly digest has not come."),
    "daily": N_("The time of the daily digest has not come."),
    "weekly": N_("The time of the weekly digest has not come."),
}
AT_CADENCE = {
    "hourly": N_("Unread at the time of the hourly digest."),
    "daily": N_("Unread at the time of the daily digest."),
    "weekly": N_("Unread at the time of the weekly digest."),
}


def _why_sent(prefs: EffectivePreferences) -> str:
    if prefs.cadence == "soon":
        return N_("Unread, and the reader was away.")
    return AT_CADENCE[prefs.cadence]
