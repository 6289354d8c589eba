"""SQL statements of sending and reading, the most frequent writes. They are built once, at import.

Each statement computes the new values in the database, so that no row is loaded, changed and written back. A
send begins with TAKE_NUMBER, which locks the row of the thread until commit. All other statements of the send
run under that lock, so the order of the numbers is the order of the commits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, exists, false, func, insert, null, or_, select, update
from sqlalchemy.orm import aliased

from wellchat.accounts.models import SYSTEM_ID
from wellchat.db import table
from wellchat.messaging.models import Membership, Message, PendingDelivery, Thread

_columns = table(Message).c
# The subqueries of a statement see the database as it was when the statement began. See PUT_MESSAGE.
_key_was_used = exists().where(
    Message.thread_id == bindparam("thread"),
    Message.sender_id == bindparam("sender"),
    Message.client_key == bindparam("sent_as"),
)

# Takes the next number of the thread and locks its row until commit. Returns no row if the sender is not one
# of the two people, has used the client key before, or the thread is closed. A sender that waited for the
# lock of whoever closes it is checked against the row as it is after the wait.
TAKE_NUMBER = (
    update(table(Thread))
    .where(
        Thread.id == bindparam("thread"),
        or_(Thread.client_id == bindparam("sender"), Thread.professional_id == bindparam("sender")),
        Thread.closed_at.is_(None),
        ~_key_was_used,
    )
    .values(last_seq=Thread.last_seq + 1, updated_at=bindparam("now"))
    .returning(Thread.last_seq, Thread.client_id, Thread.professional_id, Thread.subject_id)
)

# The same for a message of the system, which is in every thread.
TAKE_NUMBER_FOR_SYSTEM = (
    update(table(Thread))
    .where(Thread.id == bindparam("thread"), Thread.closed_at.is_(None), ~_key_was_used)
    .values(last_seq=Thread.last_seq + 1, updated_at=bindparam("now"))
    .returning(Thread.last_seq, Thread.client_id, Thread.professional_id, Thread.subject_id)
)

# Checks the client key again. A sender that had to wait for the lock in TAKE_NUMBER checked it in a snapshot
# taken before the wait (PostgreSQL, READ COMMITTED), and so did not see a message that was committed
# meanwhile.
PUT_MESSAGE = (
    insert(table(Message))
    .from_select(
        ["thread_id", "seq", "sender_id", "body", "client_key", "subject_id", "reply_to", "created_at"],
        # The types are named, because in a SELECT list there is no column from which a parameter could take
        # its type.
        select(
            bindparam("thread", type_=_columns.thread_id.type),
            bindparam("number", type_=_columns.seq.type),
            bindparam("sender", type_=_columns.sender_id.type),
            bindparam("text", type_=_columns.body.type),
            bindparam("sent_as", type_=_columns.client_key.type),
            bindparam("subject", type_=_columns.subject_id.type),
            bindparam("reply_to", type_=_columns.reply_to.type),
            bindparam("now", type_=_columns.created_at.type),
        ).where(~_key_was_used),
    )
    .returning(Message.seq)
)

PUT_FILES = (
    update(table(Message))
    .where(Message.thread_id == bindparam("thread"), Message.seq == bindparam("number"))
    .values(files=bindparam("of_it", type_=_columns.files.type))
)

# Apart from PUT_MESSAGE, which every send pays for.
MARK_BY_EMAIL = (
    update(table(Message))
    .where(Message.thread_id == bindparam("thread"), Message.seq == bindparam("number"))
    .values(by_email=True)
)

MARK_FROM_HOST = (
    update(table(Message))
    .where(Message.thread_id == bindparam("thread"), Message.seq == bindparam("number"))
    .values(via=bindparam("by"), told=bindparam("tell"))
)

# Undoes TAKE_NUMBER after PUT_MESSAGE found the client key used: the lock is still held, so no number is
# lost.
GIVE_NUMBER_BACK = (
    update(table(Thread))
    .where(Thread.id == bindparam("thread"))
    .values(
        last_seq=Thread.last_seq - 1,
        updated_at=select(Message.created_at)
        .where(Message.thread_id == Thread.id, Message.seq == Thread.last_seq - 1)
        .scalar_subquery(),
    )
)

_of_sender = Membership.user_id == bindparam("sender")
_is_muted = and_(Membership.muted_until.is_not(None), Membership.muted_until > bindparam("now"))


def _follows(watermark: Any) -> Any:
    """Return the sender's watermark after a send: it moves on only if nothing below the new message is
    unread.
    """
    return case((and_(_of_sender, watermark == Membership.last_seq), bindparam("number")), else_=watermark)


# Sending unarchives the thread for the sender, and for the recipient unless they have muted it. Sending also
# ends the sender's snooze; an incoming message ends the recipient's only if it lasts until an answer.
MOVE_MEMBERSHIPS = (
    update(table(Membership))
    .where(Membership.thread_id == bindparam("thread"))
    .values(
        last_seq=bindparam("number"),
        updated_at=bindparam("now"),
        # The sender's watermarks follow only from right below: see _follows.
        last_read_seq=_follows(Membership.last_read_seq),
        delivered_seq=_follows(Membership.delivered_seq),
        typing_at=case((_of_sender, null()), else_=Membership.typing_at),
        archived=case((or_(_of_sender, ~_is_muted), false()), else_=Membership.archived),
        snoozed_until=case(
            (or_(_of_sender, Membership.until_answer), null()), else_=Membership.snoozed_until
        ),
        waiting_since=case(
            (_of_sender, null()), else_=func.coalesce(Membership.waiting_since, bindparam("now"))
        ),
        kind=func.coalesce(bindparam("about", type_=table(Membership).c.kind.type), Membership.kind),
    )
)

# Of a message of the system: nobody has written it, so it is read by nobody, and nobody waits for an answer.
MOVE_MEMBERSHIPS_FOR_SYSTEM = (
    update(table(Membership))
    .where(Membership.thread_id == bindparam("thread"))
    .values(
        last_seq=bindparam("number"),
        updated_at=bindparam("now"),
        archived=case((~_is_muted, false()), else_=Membership.archived),
        kind=func.coalesce(bindparam("about", type_=table(Membership).c.kind.type), Membership.kind),
    )
)

# Written with the message. If the task message to the worker is lost, the sweep finds this row.
PUT_PENDING_DELIVERY = insert(table(PendingDelivery)).values(
    thread_id=bindparam("thread"),
    seq=bindparam("number"),
    recipient_id=bindparam("to"),
    due_at=bindparam("now"),
    attempts=0,
)

_theirs, _mine = aliased(Message), aliased(Message)
_last_reply = (
    select(func.max(_mine.seq))
    .where(
        _mine.thread_id == Membership.thread_id,
        _mine.sender_id == Membership.user_id,
        _mine.deleted_at.is_(None),
    )
    .correlate(table(Membership))
    .scalar_subquery()
)
# Since when a person is waited for, by the messages. A reaction is no answer, and a message of the system is
# neither an answer nor anything to be answered.
UNANSWERED_SINCE = (
    select(func.min(_theirs.created_at))
    .where(
        _theirs.thread_id == Membership.thread_id,
        _theirs.seq > func.coalesce(_last_reply, 0),
        _theirs.seq > Membership.settled_seq,
        _theirs.sender_id.not_in((Membership.user_id, SYSTEM_ID)),
        _theirs.deleted_at.is_(None),
    )
    .correlate(table(Membership))
    .scalar_subquery()
)
# Recomputes waiting_since from the messages, after one of them was deleted.
RECOUNT_WAITING = (
    update(table(Membership))
    .where(Membership.thread_id == bindparam("thread"))
    .values(waiting_since=UNANSWERED_SINCE)
)

_shown = bindparam("number", type_=Integer)
_marked_below = Membership.unread_from <= _shown

# Moves the read watermark up to a message, never back, and shortens or ends a "marked unread" range that
# begins below. Changes no row if there is nothing to move, or if the thread has no such message (last_seq is
# lower).
READ_UP_TO = (
    update(table(Membership))
    .where(Membership.thread_id == bindparam("thread"), Membership.user_id == bindparam("reader"))
    # last_seq >= seq holds in every valid call. It refuses a seq above the last one without a second query.
    .where(or_(Membership.last_read_seq < _shown, _marked_below), Membership.last_seq >= _shown)
    .values(
        last_read_seq=case((Membership.last_read_seq < _shown, _shown), else_=Membership.last_read_seq),
        unread_from=case(
            (and_(_marked_below, Membership.last_read_seq > _shown), _shown + 1),
            (_marked_below, null()),
            else_=Membership.unread_from,
        ),
    )
)
