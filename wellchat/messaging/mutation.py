"""What every change of a sent message passes through: the thread's lock, a new revision, and telling both people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select, update

from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table
from wellchat.errors import NotFound
from wellchat.messaging.models import MAX_SEQ, Message, Thread
from wellchat.notifications import actions as notifications
from wellchat.notifications.models import Notification


def lock_thread(user_id: str, thread_id: str) -> Thread:
    """The thread with its lock held to commit, so that changes come one after the other. Raises NotFound."""
    thread = db.session.execute(
        select(Thread)
        .where(Thread.id == thread_id, (Thread.client_id == user_id) | (Thread.professional_id == user_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if thread is None:
        raise NotFound
    return thread


def lock_message(viewer: User, thread_id: str, seq: int) -> tuple[Thread, Message]:
    """A message of one of the viewer's threads, and the thread, locked. Raises NotFound."""
    thread = lock_thread(viewer.id, thread_id)
    message = db.session.get(Message, (thread_id, seq), populate_existing=True) if seq <= MAX_SEQ else None
    if message is None:
        raise NotFound
    return thread, message


def lock_own_message(viewer: User, thread_id: str, seq: int) -> tuple[Thread, Message]:
    """The same, of a message that the viewer wrote."""
    thread, message = lock_message(viewer, thread_id, seq)
    if message.sender_id != viewer.id:
        raise NotFound
    return thread, message


def message_changed(thread: Thread, message: Message) -> None:
    """Its state is a newer one, and no screen shows it yet."""
    message.revision += 1
    _record_for_both(thread, message.seq)


REPLIES_CHANGED = (
    update(table(Message))
    .where(Message.thread_id == bindparam("thread"), Message.reply_to == bindparam("replied_to"))
    .values(revision=Message.revision + 1)
    .returning(Message.seq)
)


def text_changed(thread: Thread, message: Message, now: datetime) -> None:
    """It says something else: so do the answers that quote it, and what its recipient was told."""
    recipient_id = thread.other_id(message.sender_id)
    notifications.retract(
        user_id=recipient_id,
        thread_id=thread.id,
        seq=message.seq,
        preview=message.preview,
        now=now,
        left=unread_above(recipient_id, Notification.first_seq - 1),
    )
    message_changed(thread, message)
    for seq in execute(REPLIES_CHANGED, {"thread": thread.id, "replied_to": message.seq}).scalars():
        _record_for_both(thread, seq)


def unread_above(reader_id: str, above: int | ColumnElement[Any]) -> ScalarSelect[int]:
    """Of the messages that a record in the reader's bell reaches to, how many are there to read above that one."""
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
