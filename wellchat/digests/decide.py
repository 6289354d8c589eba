"""Whether a person gets an email now, later or not: a ladder of plain exits, asked again whenever it matters.

1. never for what was read, deleted or muted;
2. a message is in at most one email (`mailed_seq`);
3. not while its reader is here, and only once their delay has passed or their digest time has come;
4. quiet hours and the daily caps hold mails back, and merge them;
5. never to an address that refuses mail: what waits there is not counted as mailed.

`load_recipients` reads what the ladder stands on, of one person or of many in the same four statements; `decide` is the
ladder, and reads nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, and_, bindparam, func, select

from wellchat.accounts.models import Presence, User
from wellchat.config import setting
from wellchat.db import db
from wellchat.digests.models import DigestSchedule
from wellchat.digests.times import due_time, quiet_until
from wellchat.i18n import N_, gettext
from wellchat.mail.models import FAILED, SKIPPED, Mail
from wellchat.mail.queries import refusals_of
from wellchat.mail.refusals import REFUSES
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.models import Preferences
from wellchat.notifications.queries import PREFERENCE_COLUMNS, EffectivePreferences, preferences_from_row

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """The messages of one thread that its reader has neither read nor been mailed."""

    thread_id: str
    top_seq: int  # of the thread, and what the reader's membership said when this was read
    read_seq: int
    mailed_seq: int
    muted_until: datetime | None
    snoozed_until: datetime | None
    count: int  # 0: all of them were deleted
    first_seq: int
    last_seq: int
    oldest_at: datetime

    def covers(self) -> dict[str, object]:
        return {"thread_id": self.thread_id, "first_seq": self.first_seq, "last_seq": self.last_seq}

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now


@dataclass(frozen=True)
class Recipient:
    """One person, and all that has a say in whether they get an email."""

    user_id: str
    address: str
    name: str
    prefs: EffectivePreferences
    due_at: datetime | None  # of the planned look
    asked: int  # how often that look was asked for
    seen_at: datetime | None
    refusal: str | None = None  # what the mail server said, where the address refuses mail
    waiting: tuple[Waiting, ...] = ()
    recent: tuple[
        tuple[datetime, frozenset[str]], ...
    ] = ()  # mails of the last 24 hours, oldest first; their threads


@dataclass(frozen=True)
class DigestDecision:
    """Exactly one of: `threads` to mail now, a moment to `wait_until`, or the reason to `skip` it all."""

    threads: tuple[Waiting, ...] = ()
    wait_until: datetime | None = None
    skip: str = ""
    why: str = ""  # why it is sent, or has to wait
    later: datetime | None = None  # when to look again at what is left after sending `threads`


def decide(recipient: Recipient, now: datetime) -> DigestDecision:
    """What is to happen now about the messages that wait for this person."""
    prefs = recipient.prefs
    if refusal := switched_off(prefs):
        return DigestDecision(skip=refusal)
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
    due = due_for(prefs, min(each.oldest_at for each in awake))
    if due is not None and due > now:
        return DigestDecision(wait_until=due, why=NOT_DUE[prefs.cadence])
    if back := present_until(recipient.seen_at, now):
        return DigestDecision(wait_until=back, why=N_("The reader is here."))
    if until := quiet_for(prefs, now):
        return DigestDecision(wait_until=until, why=N_("Quiet hours."))
    if refusal := refused(recipient):
        return DigestDecision(skip=refusal)
    if until := _over_the_cap_until(recipient):
        enough = gettext("%(num)s emails within a day are enough.", num=setting("MAX_EMAILS_PER_DAY"))
        return DigestDecision(wait_until=until, why=enough)
    held = _threads_over_their_cap(recipient)
    ready = sorted((each for each in awake if each.thread_id not in held), key=lambda each: each.oldest_at)
    later = min(
        filter(None, [snoozed_until, *(held[e.thread_id] for e in awake if e.thread_id in held)]),
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
    """Why this person gets no emails about messages at all, if so."""
    if prefs.cadence == "off":
        return N_("Emails are switched off in the preferences.")
    if not prefs.wants("message", "email"):
        return N_("Emails about messages are switched off in the preferences.")
    return ""


def refused(recipient: Recipient) -> str:
    """Why nothing goes to this person's address, if so. Asked last: its owner may mend it until then."""
    return "" if recipient.refusal is None else f"{REFUSES} {recipient.refusal}"


def due_for(prefs: EffectivePreferences, written: datetime) -> datetime | None:
    """When a message written then is to be mailed to somebody with these preferences; None: never."""
    return due_time(
        prefs.cadence,
        written,
        delay=timedelta(seconds=setting("EMAIL_DELAY")),
        hour=prefs.digest_hour,
        weekday=prefs.digest_weekday,
        zone=ZoneInfo(prefs.time_zone),
    )


def quiet_for(prefs: EffectivePreferences, now: datetime) -> datetime | None:
    return quiet_until(now, prefs.quiet_from, prefs.quiet_to, ZoneInfo(prefs.time_zone))


def present_until(seen_at: datetime | None, now: datetime) -> datetime | None:
    """When somebody who is here counts as away if they do nothing more. An open tab is not presence."""
    if seen_at is None:
        return None
    away_at = seen_at + timedelta(seconds=setting("AWAY_AFTER"))
    return away_at if away_at > now else None


def _over_the_cap_until(recipient: Recipient) -> datetime | None:
    most = setting("MAX_EMAILS_PER_DAY")
    return recipient.recent[-most][0] + DAY if len(recipient.recent) >= most else None


def _threads_over_their_cap(recipient: Recipient) -> dict[str, datetime]:
    """Threads that were in enough mails today, and when the next may speak of them."""
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


def load_recipient(user_id: str, now: datetime) -> Recipient | None:
    """None: the account is gone."""
    return load_recipients([user_id], now).get(user_id)


def load_recipients(user_ids: Sequence[str], now: datetime) -> dict[str, Recipient]:
    """Of all these people at once, as they stand now."""
    people = db.session.execute(_PEOPLE, {"ids": user_ids}).all()
    refusals = refusals_of(row.email for row in people)
    waiting, recent = _waiting(user_ids), _recent(user_ids, now)
    return {
        row.id: Recipient(
            user_id=row.id,
            address=row.email,
            name=row.name,
            prefs=preferences_from_row(row),
            due_at=row.due_at,
            asked=row.asked or 0,
            seen_at=row.seen_at,
            refusal=refusals.get(row.email),
            waiting=tuple(waiting[row.id]),
            recent=tuple(recent[row.id]),
        )
        for row in people
    }


_IDS: BindParameter[str] = bindparam("ids", expanding=True)

_PEOPLE = (
    select(
        User.id,
        User.email,
        User.name,
        *PREFERENCE_COLUMNS,
        Presence.seen_at,
        DigestSchedule.due_at,
        DigestSchedule.asked,
    )
    .outerjoin(Preferences, Preferences.user_id == User.id)
    .outerjoin(Presence, Presence.user_id == User.id)
    .outerjoin(DigestSchedule, DigestSchedule.user_id == User.id)
    .where(User.id.in_(_IDS))
)

_not_deleted = Message.deleted_at.is_(None)

# Above both watermarks, and not their own. Only what is not deleted counts.
_WAITING = (
    select(
        Membership.user_id,
        Membership.thread_id,
        Membership.last_seq,
        Membership.last_read_seq,
        Membership.mailed_seq,
        Membership.muted_until,
        Membership.snoozed_until,
        func.count().filter(_not_deleted),
        func.min(Message.seq).filter(_not_deleted),
        func.max(Message.seq).filter(_not_deleted),
        func.min(Message.created_at).filter(_not_deleted),
    )
    .join(
        Message,
        and_(
            Message.thread_id == Membership.thread_id,
            Message.seq > Membership.last_read_seq,
            Message.seq > Membership.mailed_seq,
            Message.sender_id != Membership.user_id,
        ),
    )
    .where(Membership.user_id.in_(_IDS), Membership.last_seq > Membership.last_read_seq)
    .group_by(Membership.thread_id, Membership.user_id)
    .order_by(Membership.thread_id)
)

_RECENT = (
    select(Mail.user_id, Mail.created_at, Mail.covers)
    .where(
        Mail.user_id.in_(_IDS),
        Mail.name == "digest",
        Mail.state.not_in((SKIPPED, FAILED)),
        Mail.created_at > bindparam("since"),
    )
    .order_by(Mail.created_at)
)


def _waiting(user_ids: Sequence[str]) -> dict[str, list[Waiting]]:
    found = defaultdict(list)
    for user_id, *values in db.session.execute(_WAITING, {"ids": user_ids}):
        found[user_id].append(Waiting(*values))
    return found


def _recent(user_ids: Sequence[str], now: datetime) -> dict[str, list[tuple[datetime, frozenset[str]]]]:
    found = defaultdict(list)
    for user_id, at, covers in db.session.execute(_RECENT, {"ids": user_ids, "since": now - DAY}):
        found[user_id].append((at, frozenset(c["thread_id"] for c in covers)))
    return found
