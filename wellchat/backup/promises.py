"""State what must hold of conversations, logs and badges: statements that find what does not.

Each looks at one range of ids, so that a million messages need no more memory than a thousand. It answers
(id, what is wrong) for each row that breaks the promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Executable, and_, case, func, literal, or_, select

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.changes.models import Change, ChangeLog
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.digests.kinds import DIGEST
from wellchat.mail.models import Mail
from wellchat.messaging.models import BLOCKED, Membership, Message, Thread
from wellchat.messaging.unread import counts

Found = Iterable[tuple[str, str]]


class Range(NamedTuple):
    """Ids above `low`, up to and with `high`."""

    low: str
    high: str

    def of(self, column: Any) -> Any:
        """Return the condition."""
        return and_(column > self.low, column <= self.high)


class Promise(NamedTuple):
    """A promise: its name, the ids whose ranges are looked at, and what finds the exceptions."""

    name: str
    ids: Any
    broken: Callable[[Range], Found]


def _rows(query: Executable) -> Iterator[tuple[str, str]]:
    for row in db.session.execute(query):
        yield row[0], row[1] if len(row) == 2 else row[1] % tuple(row[2:])


def two_people(ids: Range) -> Found:
    """A conversation has the two people of its connection, and nobody else."""
    own = Membership.user_id.in_((Thread.client_id, Thread.professional_id))
    members = select(func.count()).where(Membership.thread_id == Thread.id)
    of_pair = and_(
        Connection.client_id == Thread.client_id, Connection.professional_id == Thread.professional_id
    )
    yield from _rows(
        select(Thread.id, literal("has not exactly the two people of its connection"))
        .join(Connection, Connection.id == Thread.connection_id)
        .where(ids.of(Thread.id))
        .where(
            or_(
                members.scalar_subquery() != 2,
                members.where(own).scalar_subquery() != 2,
                Thread.client_id == Thread.professional_id,
                ~of_pair,
            )
        )
    )


def numbers(ids: Range) -> Found:
    """Messages are numbered 1, 2, 3 ... and both people are at the same last one."""
    many, least, most = func.count(Message.seq), func.min(Message.seq), func.max(Message.seq)
    yield from _rows(
        select(Thread.id, literal("says %s messages and has %s"), Thread.last_seq, many)
        .outerjoin(Message, Message.thread_id == Thread.id)
        .where(ids.of(Thread.id))
        .group_by(Thread.id, Thread.last_seq)
        .having(or_(many != Thread.last_seq, and_(many > 0, or_(least != 1, most != many))))
    )
    both = (Thread.last_seq, Membership.last_seq, Membership.user_id)
    yield from _rows(
        select(Thread.id, literal("is at %s, and at %s for %s"), *both)
        .join(Membership, Membership.thread_id == Thread.id)
        .where(ids.of(Thread.id), Membership.last_seq != Thread.last_seq)
    )


def marks(ids: Range) -> Found:
    """No mark is above the last message, or below the first."""
    values = (
        *(Membership.last_read_seq, Membership.delivered_seq, Membership.mailed_seq, Membership.settled_seq),
        *(Membership.unread_from, Membership.shown_read_seq, Membership.shown_delivered_seq),
    )
    outside = [or_(value < 0, value > Membership.last_seq) for value in values]
    yield from _rows(
        select(Membership.thread_id, literal("has a mark of %s outside of its messages"), Membership.user_id)
        .where(ids.of(Membership.thread_id))
        .where(or_(*outside))
    )


def authors(ids: Range) -> Found:
    """Nobody but the two, and the installation itself, wrote into a conversation."""
    theirs = Message.sender_id.in_((Thread.client_id, Thread.professional_id, SYSTEM_ID))
    yield from _rows(
        select(Thread.id, literal("has message %s of somebody else"), Message.seq)
        .join(Message, Message.thread_id == Thread.id)
        .where(ids.of(Thread.id), ~theirs)
    )


def badges(ids: Range) -> Found:
    """The number on a badge is the sum of what the lists show."""
    marked = Membership.unread_from <= Membership.last_read_seq
    read_up_to = case((marked, Membership.unread_from - 1), else_=Membership.last_read_seq)
    read = select(func.count()).where(
        Message.thread_id == Membership.thread_id,
        Message.seq > read_up_to,
        Message.sender_id != Membership.user_id,
        Message.deleted_at.is_(None),
    )
    shown = func.coalesce(func.sum(read.correlate(Membership).scalar_subquery()), 0)
    seen = or_(Membership.closed_as.is_(None), Membership.closed_as != BLOCKED)
    query = (
        select(User.id, shown)
        .join(Membership, Membership.user_id == User.id)
        .where(ids.of(User.id), seen)
        .group_by(User.id)
    )
    for user_id, listed in db.session.execute(query).all():
        badge = counts(user_id)[0]["messages"]
        if badge != listed:
            yield user_id, f"has {badge} on the badge, and lists show {listed}"


def change_logs(ids: Range) -> Found:
    """A change log has every number from where it was trimmed to its head."""
    above = and_(Change.user_id == ChangeLog.user_id, Change.seq > ChangeLog.floor_seq)
    many = func.count(Change.seq)
    what = (many, ChangeLog.floor_seq, ChangeLog.last_seq)
    yield from _rows(
        select(ChangeLog.user_id, literal("has %s changes above %s, and its head is %s"), *what)
        .outerjoin(Change, above)
        .where(ids.of(ChangeLog.user_id))
        .group_by(ChangeLog.user_id, ChangeLog.floor_seq, ChangeLog.last_seq, ChangeLog.acked_seq)
        .having(
            or_(
                many != ChangeLog.last_seq - ChangeLog.floor_seq,
                func.max(Change.seq) > ChangeLog.last_seq,
                ChangeLog.acked_seq > ChangeLog.last_seq,
            )
        )
    )


def ledger(ids: Range) -> Found:
    """No message was in two digests that were sent to the same person."""
    query = select(Mail.user_id, Mail.covers).where(
        ids.of(Mail.user_id), Mail.name == DIGEST.name, Mail.state == "sent"
    )
    covered: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for user_id, covers in db.session.execute(query):
        for each in covers:
            covered.setdefault((user_id, each["thread_id"]), []).append((each["first_seq"], each["last_seq"]))
    for (user_id, thread_id), spans in covered.items():
        spans.sort()
        for (_, last), (first, _) in pairwise(spans):
            if first <= last:
                yield user_id, f"was mailed message {first} of {thread_id} twice"


PROMISES = (
    Promise("two people", Thread.id, two_people),
    Promise("numbers", Thread.id, numbers),
    Promise("marks", Thread.id, marks),
    Promise("authors", Thread.id, authors),
    Promise("badges", User.id, badges),
    Promise("change logs", User.id, change_logs),
    Promise("ledger", User.id, ledger),
)
