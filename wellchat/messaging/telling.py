"""Tell the host platform of messages and marks, without a word of them."""

from __future__ import annotations

from datetime import datetime

from wellchat.event_types import EventType, tell_host
from wellchat.messaging.models import Message

_MESSAGE = ("thread", "seq", "sender", "recipient", "subject", "reply_to", "files", "revision")
EVENTS = {
    "thread.opened": EventType("A conversation was opened.", ("thread", "client", "professional", "subject")),
    "thread.read": EventType(
        "Somebody read a conversation up to a message.", ("thread", "reader", "seq"), by_default=False
    ),
    "message.sent": EventType("A message was sent.", _MESSAGE),
    "message.edited": EventType("Its sender changed a message.", _MESSAGE),
    "message.deleted": EventType("A message was deleted by its sender, or removed.", _MESSAGE),
}


def tell_of_message(
    event_type: str, message: Message, recipient_id: str | None, now: datetime, *, place: int
) -> None:
    """Tell of one message, under the lock of its thread. `place` is the last number of the thread.

    `recipient_id` is None for a message of the system, which both people get.
    """
    data = {
        "thread": message.thread_id,
        "seq": message.seq,
        "sender": message.sender_id,
        "recipient": recipient_id,
        "subject": message.subject.named if message.subject else None,
        "reply_to": message.reply_to,
        "files": len(message.files or ()),
        "revision": message.revision,
    }
    tell_host(event_type, data, now, thread_id=message.thread_id, thread_seq=place)
