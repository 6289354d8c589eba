"""Decide at writing what of a text stays hidden, and keep it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from wellchat.db import db, table
from wellchat.masking.models import MessageMask
from wellchat.masking.reading import contacts_in, is_booked
from wellchat.messaging.models import Message
from wellchat.safety.models import CONTACT
from wellchat.safety.reports import report_by_rule, reported_by_rule

MANY = 3  # messages with contact data
MANY_WITHIN = timedelta(hours=24)


def mask_text(message: Message, people: tuple[str, str], now: datetime) -> None:
    """Keep what is hidden in a text that was just written, until the two people have booked.

    It runs under the lock of the thread, which `show_pair` takes too: either it sees the booking here, or
    whoever books finds the rows that are written here.
    """
    of_message = (MessageMask.thread_id == message.thread_id, MessageMask.seq == message.seq)
    if message.edited_at is not None:
        # Offsets of the text before mean nothing now, and a new text is hidden again.
        db.session.execute(delete(MessageMask).where(*of_message))
    if message.sender_id not in people:
        # The site itself: what it says is for both.
        return
    found = contacts_in(message.body or "")
    if not found or is_booked(*people):
        return
    keys = {"thread_id": message.thread_id, "seq": message.seq, "made_at": now}
    db.session.execute(insert(table(MessageMask)), [keys | each._asdict() for each in found])
    _tell_moderators(message, now)


def _tell_moderators(message: Message, now: datetime) -> None:
    """Put the message into the queue of moderators, once in MANY_WITHIN, if it is the sender's third."""
    # Those that were shown since count too: disputing each would be a way around.
    since = now - MANY_WITHIN
    pairs = select(MessageMask.thread_id, MessageMask.seq).where(MessageMask.made_at > since).distinct()
    masked = pairs.subquery()
    same = (Message.thread_id == masked.c.thread_id) & (Message.seq == masked.c.seq)
    query = select(func.count()).select_from(masked).join(Message, same)
    count = db.session.execute(query.where(Message.sender_id == message.sender_id)).scalar_one()
    if count < MANY or reported_by_rule(message.sender_id, CONTACT, since):
        return
    report_by_rule(
        about_id=message.sender_id, thread_id=message.thread_id, seq=message.seq, kind=CONTACT, now=now
    )
