"""Whether a person gets an email now, later or not: a ladder of plain exits, asked again whenever it matters.

1. never for what was read, deleted or muted;
2. a message is in at most one email (`mailed_seq`);
3. not while its reader is here, and only once their delay has passed or their digest time has come;
4. quiet hours and the daily cap hold mails back, and merge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select

from wellchat.accounts.models import Presence
from wellchat.config import setting
from wellchat.db import db
from wellchat.digests.times import due_time, quiet_until
from wellchat.mail.models import FAILED, SKIPPED, Mail
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.queries import Wishes, preferences

MOST_A_DAY = 20  # emails about messages to one person within 24 hours
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """The messages of one thread that its reader has neither read nor been mailed."""

    thread_id: str
    first_seq: int
    last_seq: int
    count: int
    oldest_at: datetime
    held_until: datetime | None  # snoozed or muted until then
    muted: bool

    def covers(self) -> dict[str, object]:
        return {"thread_id": self.thread_id, "first_seq": self.first_seq, "last_seq": self.last_seq}


@dataclass(frozen=True)
class Decision:
    """Exactly one of: `threads` to mail now, a moment to `wait_until`, or the reason to `skip` it all."""

    threads: tuple[Waiting, ...] = ()
    wait_until: datetime | None = None
    skip: str = ""
    why: str = ""  # why it is sent, or has to wait
    later: datetime | None = None  # when to look again at what is left after sending `threads`


def decide(user_id: str, now: datetime) -> Decision:
    """What is to happen now about the messages that wait for this person."""
    wishes = preferences(user_id)
    if refusal := switched_off(wishes):
        return Decision(skip=refusal)
    waiting = waiting_for(user_id, now)
    if not waiting:
        return Decision(skip=_why_nothing(user_id))
    open_now = tuple(each for each in waiting if each.held_until is None)
    if not open_now:
        return _held(waiting)
    due = due_for(wishes, min(each.oldest_at for each in open_now))
    if due is not None and due > now:
        return Decision(wait_until=due, why=f"The {wishes.cadence} time has not come.")
    if back := here_until(user_id, now):
        return Decision(wait_until=back, why="The reader is here.")
    if until := quiet_for(wishes, now):
        return Decision(wait_until=until, why="Quiet hours.")
    if until := _over_the_cap_until(user_id, now):
        return Decision(wait_until=until, why=f"{MOST_A_DAY} emails within a day are enough.")
    snoozed = [each.held_until for each in waiting if each.held_until and not each.muted]
    return Decision(threads=open_now, why=_why_sent(wishes), later=min(snoozed, default=None))


def switched_off(wishes: Wishes) -> str:
    """Why this person gets no emails about messages at all, if so."""
    if wishes.cadence == "off":
        return "Emails are switched off in the preferences."
    if not wishes.wants("message", "email"):
        return "Emails about messages are switched off in the preferences."
    return ""


def due_for(wishes: Wishes, written: datetime) -> datetime | None:
    """When a message written then is to be mailed to somebody with these preferences; None: never."""
    return due_time(
        wishes.cadence,
        written,
        delay=timedelta(seconds=setting("EMAIL_DELAY")),
        hour=wishes.digest_hour,
        weekday=wishes.digest_weekday,
        zone=ZoneInfo(wishes.time_zone),
    )


def quiet_for(wishes: Wishes, now: datetime) -> datetime | None:
    return quiet_until(now, wishes.quiet_from, wishes.quiet_to, ZoneInfo(wishes.time_zone))


def waiting_for(user_id: str, now: datetime) -> list[Waiting]:
    """What waits, by thread, in one statement: above both watermarks, not their own, not deleted."""
    query = (
        select(
            Membership.thread_id,
            func.min(Message.seq),
            func.max(Message.seq),
            func.count(),
            func.min(Message.created_at),
            Membership.muted_until,
            Membership.snoozed_until,
        )
        .join(Message, and_(_unmailed(user_id), Message.deleted_at.is_(None)))
        .where(Membership.user_id == user_id, Membership.last_seq > Membership.last_read_seq)
        .group_by(Membership.thread_id, Membership.muted_until, Membership.snoozed_until)
        .order_by(Membership.thread_id)
    )
    rows = db.session.execute(query).all()
    return [Waiting(*row[:5], *_hold(row[5], row[6], now)) for row in rows]


def _unmailed(user_id: str) -> ColumnElement[bool]:
    return and_(
        Message.thread_id == Membership.thread_id,
        Message.seq > Membership.last_read_seq,
        Message.seq > Membership.mailed_seq,
        Message.sender_id != user_id,
    )


def _hold(muted_until: datetime | None, snoozed_until: datetime | None, now: datetime) -> tuple[datetime | None, bool]:
    if muted_until is not None and muted_until > now:
        return muted_until, True
    if snoozed_until is not None and snoozed_until > now:
        return snoozed_until, False
    return None, False


def _why_nothing(user_id: str) -> str:
    deleted = select(Message.seq).join(Membership, and_(_unmailed(user_id), Message.deleted_at.is_not(None)))
    if db.session.execute(deleted.where(Membership.user_id == user_id).limit(1)).first():
        return "What waited was deleted by its sender."
    return "Everything was read."


def _held(waiting: list[Waiting]) -> Decision:
    snoozed = [each.held_until for each in waiting if not each.muted and each.held_until]
    if snoozed:
        return Decision(wait_until=min(snoozed), why="The conversation is snoozed.")
    return Decision(skip="The conversation is muted.")


def here_until(user_id: str, now: datetime) -> datetime | None:
    """When somebody who is here counts as away if they do nothing more. An open tab is not presence."""
    seen_at = db.session.execute(select(Presence.seen_at).where(Presence.user_id == user_id)).scalar_one_or_none()
    if seen_at is None:
        return None
    away_at: datetime = seen_at + timedelta(seconds=setting("AWAY_AFTER"))
    return away_at if away_at > now else None


def _over_the_cap_until(user_id: str, now: datetime) -> datetime | None:
    query = (
        select(Mail.created_at)
        .where(
            Mail.user_id == user_id,
            Mail.name == "digest",
            Mail.state.not_in((SKIPPED, FAILED)),
            Mail.created_at > now - DAY,
        )
        .order_by(Mail.created_at.desc())
        .limit(MOST_A_DAY)
    )
    recent = db.session.execute(query).scalars().all()
    return recent[-1] + DAY if len(recent) == MOST_A_DAY else None


def _why_sent(wishes: Wishes) -> str:
    if wishes.cadence == "soon":
        return "Unread, and the reader was away."
    return f"Unread at the time of the {wishes.cadence} digest."
