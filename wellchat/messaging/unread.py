"""Count what is unread and what waits: the numbers of badges, and of the lists that hold them."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, case, func, or_, select, true

from wellchat.db import execute
from wellchat.messaging.models import BLOCKED, Membership, Message
from wellchat.messaging.queries import some_unread
from wellchat.notifications import queries as notification_queries

# A number that only looking at the words of a blocked person would take away must not stay.
_not_blocked_by_me = or_(Membership.closed_as.is_(None), Membership.closed_as != BLOCKED)
# Unread is counted, never stored: messages above my watermark that are not mine and not deleted, in all my
# threads but those with people whom I have blocked. A badge must not count what no list shows, so how many of
# them are in the archive and in snoozed threads is counted along with them.
_away = (
    func.count().label("messages"),
    func.coalesce(func.sum(case((Membership.archived, 1), else_=0)), 0).label("archived"),
    func.coalesce(
        func.sum(case((and_(~Membership.archived, Membership.snoozed_until.is_not(None)), 1), else_=0)), 0
    ).label("snoozed"),
)
_unread_messages = (
    select(*_away)
    .select_from(Membership)
    .join(Message, and_(Message.thread_id == Membership.thread_id, Message.seq > Membership.last_read_seq))
    .where(
        Membership.user_id == bindparam("viewer"),
        some_unread(Membership),
        Membership.last_seq > Membership.last_read_seq,
        _not_blocked_by_me,
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )
    .subquery("above")
)
# Messages that were marked as unread: from there up to the watermark. Two queries, because each can use an
# index; a condition with OR could not.
_messages_marked_unread = (
    select(*_away)
    .select_from(Membership)
    .join(
        Message,
        and_(
            Message.thread_id == Membership.thread_id,
            Message.seq >= Membership.unread_from,
            Message.seq <= Membership.last_read_seq,
        ),
    )
    .where(
        Membership.user_id == bindparam("viewer"),
        some_unread(Membership),
        Membership.unread_from.is_not(None),
        _not_blocked_by_me,
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )
    .subquery("marked")
)
# The condition of ix_memberships_waits. Where nobody can write, nothing is to be answered.
_waits = (
    select(func.count())
    .select_from(Membership)
    .where(
        Membership.user_id == bindparam("viewer"),
        Membership.waiting_since.is_not(None),
        Membership.closed_as.is_(None),
        Membership.snoozed_until.is_(None),
    )
)
COUNTS = ("messages", "archived", "snoozed")
UNREAD = select(
    *((_unread_messages.c[name] + _messages_marked_unread.c[name]).label(name) for name in COUNTS),
    _waits.scalar_subquery().label("waiting"),
    notification_queries.UNREAD_COUNT.scalar_subquery().label("notifications"),
).select_from(_unread_messages.join(_messages_marked_unread, true()))


def counts(user_id: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of badges, and of the inbox, in one statement.

    The first are {"messages", "notifications"}, as `unread_counts` returns them. The second are {"archived",
    "snoozed"}: how many of these messages are in the archive and in snoozed threads; and {"waiting"}: threads
    that wait for an answer.
    """
    row = execute(UNREAD, {"viewer": user_id}).one()
    badges = {"messages": row.messages, "notifications": row.notifications}
    return badges, {"archived": row.archived, "snoozed": row.snoozed, "waiting": row.waiting}


def unread_counts(user_id: str) -> dict[str, int]:
    """Return {"messages": unread messages, "notifications": unread notifications}."""
    return counts(user_id)[0]
