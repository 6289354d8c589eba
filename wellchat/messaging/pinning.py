"""Pins: messages that both people of a thread want at hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.i18n import gettext
from wellchat.messaging.models import Message
from wellchat.messaging.mutation import lock_message, message_changed

MAX_PINS = 50  # of one thread


def pin(*, viewer: User, thread_id: str, seq: int, on: bool, now: datetime) -> Message:
    """Pin a message for both people of its thread, or unpin it. Twice is the same as once.

    Raises NotFound, and Invalid for a deleted message and for one pin too many.
    """
    with transaction():
        thread, message = lock_message(viewer, thread_id, seq)
        if on == (message.pinned_at is not None):
            return message
        if on and message.deleted_at is not None:
            raise Invalid({"pin": gettext("This message was deleted.")})
        if on and _count(thread_id) >= MAX_PINS:
            raise Invalid(
                {"pin": gettext("%(num)s messages are pinned here already. Unpin one first.", num=MAX_PINS)}
            )
        message.pinned_at = now if on else None
        message_changed(thread, message)
    return message


def _count(thread_id: str) -> int:
    pinned = select(func.count()).where(Message.thread_id == thread_id, Message.pinned_at.is_not(None))
    return db.session.execute(pinned).scalar_one()
