"""Count patterns across relationships: how fast people are answered, who waits, what is sent again and again.

Counts only: no name, no words. A count that concerns fewer than MIN_SHOWN people is not shown as a number.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select

from wellchat.accounts.models import SYSTEM_ID
from wellchat.db import db, is_postgresql
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.safety import moderation

PERIOD = timedelta(days=30)
MIN_SHOWN = 5  # people
# Upper ends of the classes of response times, in seconds, and their names.
HOUR, DAY = 3600, 86_400
CLASSES = ((HOUR, "hour"), (4 * HOUR, "four_hours"), (DAY, "day"), (None, "longer"))
LONG_WAITS = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
REPEATED_LENGTH, REPEATED_THREADS = 40, 3


def figures(now: datetime) -> dict[str, Any]:
    """Return the counts of the last PERIOD. It takes six statements, whatever there is.

    Keys: `conversations` (with a message), `messages`; `responses` (class of response time -> how many
    answers by professionals); `waiting` (days -> conversations in which a client waits longer than that);
    `repeated` (texts of at least REPEATED_LENGTH characters that one person sent into REPEATED_THREADS
    conversations or more) and `repeating` (people who did); `reports`, `late` and
    `blocks` of moderation.counts.
    """
    since = now - PERIOD
    counts = select(func.count(func.distinct(Message.thread_id)), func.count()).where(
        Message.created_at >= since, Message.created_at <= now
    )
    conversations, messages = db.session.execute(counts).one()
    return {
        "conversations": conversations,
        "messages": messages,
        "responses": _responses(since, now),
        "waiting": _waiting(now),
        **_repeated(since, now),
        **moderation.counts(since, now),
    }


def _responses(since: datetime, now: datetime) -> dict[str, int]:
    """Return class of response time -> answers of professionals to clients."""

    def before(column: Any) -> Any:
        """Return SQL for what the message before in the thread has in this column."""
        return func.lag(column).over(partition_by=Message.thread_id, order_by=Message.seq)

    took = _seconds(Message.created_at) - _seconds(before(Message.created_at))
    steps = (
        select(
            Message.sender_id,
            Thread.professional_id,
            before(Message.sender_id).label("before_id"),
            took.label("took"),
        )
        .join(Thread, Thread.id == Message.thread_id)
        .where(Message.created_at >= since, Message.created_at <= now, Message.sender_id != SYSTEM_ID)
        .subquery()
    )
    classes = case(*((steps.c.took < end, name) for end, name in CLASSES if end), else_=CLASSES[-1][1])
    query = (
        select(classes, func.count())
        # The first message of a thread in the period has none before it: NULL drops out here.
        .where(steps.c.sender_id == steps.c.professional_id, steps.c.before_id != steps.c.sender_id)
        .group_by(classes)
    )
    found: dict[str, int] = {name: count for name, count in db.session.execute(query)}  # noqa: C416
    return {name: found.get(name, 0) for _, name in CLASSES}


def _waiting(now: datetime) -> dict[int, int]:
    """Return days -> open conversations in which the professional has not answered for longer than that."""
    waits = [func.sum(case((Membership.waiting_since < now - each, 1), else_=0)) for each in LONG_WAITS]
    query = (
        select(*waits)
        .join(Thread, Thread.id == Membership.thread_id)
        .where(Membership.user_id == Thread.professional_id, Membership.waiting_since.is_not(None))
        # Where nobody can write, nobody waits for an answer.
        .where(Thread.closed_at.is_(None))
    )
    found = db.session.execute(query).one()
    return {each.days: int(count or 0) for each, count in zip(LONG_WAITS, found, strict=True)}


def _repeated(since: datetime, now: datetime) -> dict[str, int]:
    """Return how many texts were sent into many conversations, and by how many people."""
    texts = (
        select(Message.sender_id)
        .where(Message.created_at >= since, Message.created_at <= now)
        # What the platform sends itself is the same for everybody.
        .where(Message.sender_id != SYSTEM_ID, Message.via.is_(None))
        .where(and_(Message.body.is_not(None), func.length(Message.body) >= REPEATED_LENGTH))
        .group_by(Message.sender_id, Message.body)
        .having(func.count(func.distinct(Message.thread_id)) >= REPEATED_THREADS)
        .subquery()
    )
    count, people = db.session.execute(
        select(func.count(), func.count(func.distinct(texts.c.sender_id))).select_from(texts)
    ).one()
    return {"repeated": count, "repeating": people}


def _seconds(moment: Any) -> Any:
    """Return SQL for the seconds since some fixed moment."""
    # SQLite has no EXTRACT. A Julian date counts days, with their fractions.
    return func.extract("epoch", moment) if is_postgresql() else func.julianday(moment) * DAY
