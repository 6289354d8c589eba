"""Helpers for every change of a message that was already sent.

A change first locks the thread (`lock_message`), then modifies the message, then calls `message_changed` or
`text_changed`, which raise the revision and record a change for both people.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select, update

from wellchat.accounts.models import User
from wellchat.accounts.queries import language_of
from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table
from wellchat.errors import CannotWrite, NotFound
from wellchat.i18n import force_language
from wellchat.messaging.closing import refuse_paused
from wellchat.messaging.models import MAX_SEQ, Message, Thread
from wellchat.messaging.shown import shown_preview
from wellchat.notifications import actions as notifications
from wellchat.notifications.models import Notification


def lock_thread(user_id: str, thread_id: str) -> Thread:
    """Lock a thread of the user's until commit, so that changes happen one after the other. Return it.

    Raises NotFound if there is no such thread or the user is not in it.
    """
    # The condition on the two people checks access in the same statement.
    thread = db.session.execute(
        select(Thread)
        .where(Thread.id == thread_id, (Thread.client_id == user_id) | (Thread.professional_id == user_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if thread is None:
        raise NotFound
    return thread


def lock_message(
    viewer: User, thread_id: str, seq: int, now: datetime | None = None
) -> tuple[Thread, Message]:
    """Lock a thread of the viewer's, then load one of its messages. Return both.

    With `now`, it is for something that the other person will see. Raises NotFound, and then CannotWrite if
    the thread is closed or the viewer is paused.
    """
    thread = lock_thread(viewer.id, thread_id)
    if now is not None:
        refuse_paused(viewer, now)
        if thread.closed_at is not None:
            raise CannotWrite
    # Read after the lock was taken: an object that the session loaded earlier may be out of date.
    message = db.session.get(Message, (thread_id, seq), populate_existing=True) if seq <= MAX_SEQ else None
    if message is None:
        raise NotFound
    return thread, message


def lock_own_message(
    viewer: User, thread_id: str, seq: int, now: datetime | None = None
) -> tuple[Thread, Message]:
    """Lock the thread of a message that the viewer sent. Return (thread, message).

    Raises NotFound, also if somebody else sent it, and with `now` what `lock_message` raises.
    """
    thread, message = lock_message(viewer, thread_id, seq, now)
    if message.sender_id != viewer.id:
        raise NotFound
    return thread, message


def message_changed(thread: Thread, message: Message) -> None:
    """Raise the revision of a changed message, and record the change for both people."""
    message.revision += 1
    _record_for_both(thread, message.seq)


REPLIES_CHANGED = (
    update(table(Message))
    .where(Message.thread_id == bindparam("thread"), Message.reply_to == bindparam("replied_to"))
    .values(revision=Message.revision + 1)
    .returning(Message.seq)
)


def text_changed(thread: Thread, message: Message, now: datetime) -> None:
    """Record that a message has a new text or was deleted.

    This also updates the recipient's notification, and records changes for the replies that quote the
    message.
    """
    # A message of the system has two.
    people = {thread.client_id, thread.professional_id} - {message.sender_id}
    for recipient_id in sorted(people):
        _retract(recipient_id, thread, message, now)
    message_changed(thread, message)
    for seq in execute(REPLIES_CHANGED, {"thread": thread.id, "replied_to": message.seq}).scalars():
        _record_for_both(thread, seq)


def _retract(recipient_id: str, thread: Thread, message: Message, now: datetime) -> None:
    # The notification is counted again in the same statement that changes it: reading it first would race
    # with the worker, which adds messages to it without the lock of the thread.
    notifications.retract(
        user_id=recipient_id,
        thread_id=thread.id,
        seq=message.seq,
        preview=shown_preview(message, recipient_id),
        now=now,
        left=unread_above(recipient_id, Notification.first_seq - 1),
        before=None if message.deleted_at is None else _left_below(recipient_id, message),
    )


def _left_below(reader_id: str, message: Message) -> tuple[int, str] | None:
    """Return (seq, text) of the latest message to this reader below a deleted one, or None."""
    query = select(Message).where(
        Message.thread_id == message.thread_id,
        Message.seq < message.seq,
        Message.sender_id != reader_id,
        Message.deleted_at.is_(None),
    )
    found = db.session.execute(query.order_by(Message.seq.desc()).limit(1)).scalar_one_or_none()
    if found is None:
        return None
    with force_language(language_of(reader_id)):
        return found.seq, shown_preview(found, reader_id) or ""


def unread_above(reader_id: str, above: int | ColumnElement[Any]) -> ScalarSelect[int]:
    """Return a subquery that counts the messages above `above` for which a notification still stands.

    It is correlated to Notification and embedded into an update of that table, so that counting and writing
    are one statement. The reader's own messages and deleted ones do not count.
    """
    return (
        select(func.count())
        .where(
            Message.thread_id == Notification.thread_id,
            Message.seq > above,
            Message.seq <= Notification.last_seq,
            Message.sender_id != reader_id,
            Message.deleted_at.is_(None),
        )
        .correlate(Notification)
        .scalar_subquery()
    )


def _record_for_both(thread: Thread, seq: int) -> None:
    for user_id in (thread.client_id, thread.professional_id):
        record_change(user_id=user_id, kind="message", thread_id=thread.id, message_seq=seq)
