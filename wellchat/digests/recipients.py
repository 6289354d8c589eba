"""Load the people a run decides on, with everything the decision needs.

It takes the same four statements for one person or for many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, and_, bindparam, func, select

from wellchat.accounts.models import Presence, User
from wellchat.claims import FAILED, SKIPPED
from wellchat.db import db
from wellchat.digests.models import DigestSchedule
from wellchat.mail.models import Mail
from wellchat.mail.queries import refusals_of
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
    """One person, with everything that a decision about their email needs."""

    user_id: str
    address: str  # "": the person has none
    name: str
    prefs: EffectivePreferences
    due_at: datetime | None  # of the planned look
    asked: int  # how often that look was asked for
    seen_at: datetime | None
    refusal: str | None = None  # what the mail server said, where the address refuses mail
    waiting: tuple[Waiting, ...] = ()
    # (sent at, thread ids) of the digests of the last 24 hours, oldest first
    recent: tuple[tuple[datetime, frozenset[str]], ...] = ()


def load_recipient(user_id: str, now: datetime) -> Recipient | None:
    """Return one person as `load_recipients` does. None: the account is gone."""
    return load_recipients([user_id], now).get(user_id)


def load_recipients(user_ids: Sequence[str], now: datetime) -> dict[str, Recipient]:
    """Return user id -> recipient, in four statements. Accounts that are gone are left out."""
    people = db.session.execute(_PEOPLE, {"ids": user_ids}).all()
    refusals = refusals_of(row.email for row in people if row.email)
    waiting, recent = _waiting(user_ids), _recent(user_ids, now)
    return {
        row.id: Recipient(
            user_id=row.id,
            address=row.email or "",
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


# Built once: a run executes these for every batch.
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
    .where(User.id.in_(_IDS), User.disabled_at.is_(None))
)

_not_deleted = Message.deleted_at.is_(None)

# Messages above both watermarks that others wrote. Deleted ones are joined but not counted, so that a thread
# whose messages were all deleted still has a row, with count 0: the skip can say so.
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
            Message.told.is_(None),
        ),
    )
    .where(Membership.user_id.in_(_IDS), Membership.last_seq > Membership.last_read_seq)
    .group_by(Membership.thread_id, Membership.user_id)
    .order_by(Membership.thread_id)
)

# For the caps. A mail that was put down and not sent yet counts; one that was skipped or failed does not.
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
