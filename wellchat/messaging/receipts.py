"""Move a person's watermarks in a thread: delivered, read, and marked as unread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from wellchat.accounts.models import User
from wellchat.changes.actions import acknowledge_changes, record_change
from wellchat.changes.queries import message_changes
from wellchat.db import db, execute, table, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import gettext
from wellchat.messaging import statements
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.messaging.mutation import unread_above
from wellchat.messaging.queries import people_of
from wellchat.notifications import actions as notifications

ACK_BATCH = 1_000  # rows of the change log that one poll acknowledges
ACK_EVERY = 100  # rows after which an acknowledgement is saved although it moves no watermark


WATERMARKS = (
    select(
        Membership.thread_id,
        Membership.delivered_seq,
        Thread.client_id,
        Thread.professional_id,
        Thread.closed_at,
    )
    .join(Thread, Thread.id == Membership.thread_id)
    .where(
        Membership.user_id == bindparam("whose"),
        Membership.thread_id.in_(bindparam("threads", expanding=True)),
    )
    .order_by(Membership.thread_id)
)
MOVE_WATERMARK = (
    update(table(Membership))
    .where(Membership.thread_id == bindparam("thread"), Membership.user_id == bindparam("whose"))
    .where(Membership.delivered_seq < bindparam("up_to"))
    .values(delivered_seq=bindparam("up_to"))
)


class LaggingThread(NamedTuple):
    """A thread whose delivered watermark is below a message that has arrived.

    `seq` is that message, `other_id` the other person of the thread; None where they see nothing of it.
    """

    thread_id: str
    seq: int
    other_id: str | None


def is_confirmed(message: dict[str, Any], user_id: str) -> bool:
    """Return whether the user's next poll marks this message (schemas.MessageShape) as delivered to them.

    What they wrote themselves is there already. What was written in their name is not.
    """
    return bool(message["sender_id"] != user_id or message["system"] or message["via"])


def mark_delivered(*, user_id: str, after: int, up_to: int) -> int:
    """Mark the messages as delivered that the user's change log names after `after` and up to `up_to`.

    A poll calls this with its cursor, because a client sends the cursor of an update that it has received.
    Return the log number up to which the log is acknowledged; it is below `up_to` when more than ACK_BATCH
    rows are waiting.
    """
    rows = message_changes(user_id, after=after, up_to=up_to, limit=ACK_BATCH)
    acked_seq = up_to if len(rows) < ACK_BATCH else rows[-1].seq
    behind = _not_yet_delivered(user_id, rows)
    if not behind and acked_seq - after < ACK_EVERY:
        # Nobody would see a difference, so nothing is written. The next poll reads these rows again.
        return acked_seq
    with transaction():
        # Memberships are locked in ascending order of the thread id, here as in digests, to avoid deadlocks.
        for thread in behind:
            moved = execute(
                MOVE_WATERMARK, {"thread": thread.thread_id, "whose": user_id, "up_to": thread.seq}
            )
            if moved.rowcount and thread.other_id is not None:
                record_change(user_id=thread.other_id, kind="thread", thread_id=thread.thread_id)
        acknowledge_changes(user_id=user_id, seq=acked_seq)
    return acked_seq


def _not_yet_delivered(user_id: str, rows: Sequence[Any]) -> list[LaggingThread]:
    """Return the threads whose watermark must move, in ascending order of their ids."""
    arrived: dict[str, int] = {}
    for change in rows:
        if change.thread_id and change.message_seq:
            arrived[change.thread_id] = max(arrived.get(change.thread_id, 0), change.message_seq)
    if not arrived:
        return []
    watermarks = execute(WATERMARKS, {"whose": user_id, "threads": list(arrived)})
    return [
        LaggingThread(
            thread_id,
            arrived[thread_id],
            None if closed_at is not None else professional_id if user_id == client_id else client_id,
        )
        for thread_id, delivered, client_id, professional_id, closed_at in watermarks
        if delivered < arrived[thread_id]
    ]


def mark_read(*, viewer: User, thread_id: str, seq: int, now: datetime) -> None:
    """Mark everything up to `seq`, a message that the viewer was shown, as read.

    The watermark never moves back. Also updates the viewer's notifications. Raises NotFound, and Invalid if
    `seq` is above the last message.
    """
    with transaction():
        # One statement in the usual case. Only if it changes nothing, a second one finds out why.
        if (
            execute(statements.READ_UP_TO, {"thread": thread_id, "reader": viewer.id, "number": seq}).rowcount
            == 0
        ):
            _refuse_unknown_seq(viewer, thread_id, seq)
            return
        notifications.read_thread(
            user_id=viewer.id, thread_id=thread_id, up_to_seq=seq, now=now, left=unread_above(viewer.id, seq)
        )
        # Of a closed thread the other person sees no marks, so nothing changed for them.
        people, closed = people_of(thread_id)
        for user_id in [viewer.id] if closed else people:
            record_change(user_id=user_id, kind="thread", thread_id=thread_id)
        read = {"thread": thread_id, "reader": viewer.id, "seq": seq}
        tell_host("thread.read", read, now, thread_id=thread_id, thread_seq=seq)


def _refuse_unknown_seq(viewer: User, thread_id: str, seq: int) -> None:
    last_seq = db.session.execute(
        select(Membership.last_seq).where(Membership.thread_id == thread_id, Membership.user_id == viewer.id)
    ).scalar_one_or_none()
    if last_seq is None:
        raise NotFound
    if seq > last_seq:
        raise Invalid({"seq": gettext("The last message of this thread is %(num)s.", num=last_seq)})


def mark_unread(*, viewer: User, thread_id: str, seq: int) -> None:
    """Count a thread as unread from `seq` on, for the viewer only, until they read it again.

    The read watermark stays, so the other person still sees the messages as read. Raises NotFound, and
    Invalid if the other person has sent nothing from there on.
    """
    with transaction() as session:
        membership = session.get(
            Membership, (thread_id, viewer.id), with_for_update=True, populate_existing=True
        )
        if membership is None:
            raise NotFound
        theirs = select(Message.seq).where(
            Message.thread_id == thread_id,
            Message.seq >= seq,
            Message.sender_id != viewer.id,
            Message.deleted_at.is_(None),
        )
        if session.execute(theirs.limit(1)).scalar_one_or_none() is None:
            raise Invalid({"seq": gettext("There are no messages to mark as unread from there on.")})
        # Above the watermark everything is unread already, so there is nothing to mark.
        membership.unread_from = seq if seq <= membership.last_read_seq else None
        record_change(user_id=viewer.id, kind="thread", thread_id=thread_id)
