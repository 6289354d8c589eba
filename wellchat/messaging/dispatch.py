"""Notify the recipients of new messages.

Each row of `outbox` (PendingDelivery) is one message whose recipient was not notified yet. It is written in
the transaction of the message and deleted in the transaction that decides about the notification, so that
each message is decided on exactly once, whatever crashes in between.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select, update

from wellchat.accounts.models import Presence
from wellchat.accounts.queries import language_of
from wellchat.config import setting
from wellchat.db import db, transaction
from wellchat.i18n import force_language
from wellchat.messaging.hooks import messages_arrived_in_transaction, recipient_notified_in_transaction
from wellchat.messaging.models import HELD, Membership, Message, PendingDelivery
from wellchat.messaging.shown import Hidden, hidden_in, shown_preview
from wellchat.notifications import actions as notifications

log = logging.getLogger(__name__)

BATCH = 500  # memberships of one sweep


def notify_recipients(*, thread_ids: Sequence[str], now: datetime) -> int:
    """Notify the recipients in these threads, as far as that is due.

    Return the number of messages they learn of.
    """
    return _dispatch_each(_due(now).where(PendingDelivery.thread_id.in_(thread_ids)), now)


def sweep(now: datetime) -> dict[str, int]:
    """Notify of everything that is due, also where the task message was lost.

    Return {"told": number of messages}.
    """
    return {"told": _dispatch_each(_due(now).limit(BATCH), now)}


def _due(now: datetime) -> Select[str, str]:
    """Return the query for (thread id, recipient id) of the rows that are due, the longest waiting first."""
    pair = (PendingDelivery.thread_id, PendingDelivery.recipient_id)
    due = select(*pair).where(PendingDelivery.due_at <= now)
    return due.group_by(*pair).order_by(func.min(PendingDelivery.due_at))


def _dispatch_each(due: Select[str, str], now: datetime) -> int:
    return sum(
        _dispatch_one(thread_id, recipient_id, now)
        for thread_id, recipient_id in db.session.execute(due).all()
    )


def _dispatch_one(thread_id: str, recipient_id: str, now: datetime) -> int:
    """Notify one recipient in one transaction.

    A failure is logged and postponed, so that the others go on.
    """
    away_after = timedelta(seconds=setting("AWAY_AFTER"))
    try:
        with transaction():
            seqs = notify_recipient(
                thread_id=thread_id, recipient_id=recipient_id, now=now, away_after=away_after
            )
            if seqs:
                recipient_notified_in_transaction(recipient_id, thread_id, seqs, now)
        return len(seqs)
    except Exception:
        # The transaction was rolled back, so the rows are still there and due. Without a delay they would be
        # first again in the next sweep, and enough of them would fill it.
        log.exception("could not notify %s of new messages in %s", recipient_id, thread_id)
        postpone(thread_id=thread_id, recipient_id=recipient_id, now=now)
        return 0


def notify_recipient(*, thread_id: str, recipient_id: str, now: datetime, away_after: timedelta) -> list[int]:
    """Notify one recipient of the pending messages of a thread.

    Return the seqs they are notified of and may be mailed of, ascending. Messages that were read or deleted
    meanwhile, or are in a muted thread, are dropped. While the recipient looks at the thread, all of them
    stay pending until `away_after` has passed since the last sign of the recipient.
    """
    with transaction() as session:
        # The lock lets two workers handle the rows one after the other. The second one finds none.
        membership = session.get(
            Membership, (thread_id, recipient_id), with_for_update=True, populate_existing=True
        )
        of_recipient = (PendingDelivery.thread_id == thread_id, PendingDelivery.recipient_id == recipient_id)
        seqs = sorted(session.execute(select(PendingDelivery.seq).where(*of_recipient)).scalars())
        if not seqs or membership is None:
            return []
        presence = session.get(Presence, recipient_id, populate_existing=True)
        unread = seqs[-1] > membership.last_read_seq
        here = bool(presence and presence.thread_id == thread_id and presence.seen_at + away_after > now)
        if membership.closed_as is None:
            messages_arrived_in_transaction(recipient_id, thread_id, seqs, here, now)
        if unread and here:
            # They probably see the message now. If they do not read it, they are notified when they are away.
            again = presence.seen_at + away_after  # type: ignore[union-attr]  # `here` says that there is one
            session.execute(
                update(PendingDelivery)
                .where(*of_recipient, PendingDelivery.seq <= seqs[-1])
                .values(due_at=again)
            )
            return []
        # Up to the last seq that was read above: messages that are sent meanwhile stay pending.
        session.execute(delete(PendingDelivery).where(*of_recipient, PendingDelivery.seq <= seqs[-1]))
        # Of what was written before earlier messages came, people hear while they come.
        if membership.closed_as not in (None, HELD) or membership.is_muted(now):
            return []
        news = session.execute(
            select(Message)
            .where(
                Message.thread_id == thread_id, Message.seq.in_(seqs), Message.seq > membership.last_read_seq
            )
            .where(Message.deleted_at.is_(None))
            .order_by(Message.seq)
        )
        messages = list(news.scalars())
        hidden = hidden_in(messages)
        for message in messages:
            _notify(message, recipient_id, hidden, now)
    return [message.seq for message in messages if message.told is None]


def _notify(message: Message, recipient_id: str, hidden: Hidden, now: datetime) -> None:
    notifications.notify(
        user_id=recipient_id,
        kind="message",
        actor_id=None if message.is_system else message.sender_id,
        title=setting("NAME") if message.is_system else None,
        thread_id=message.thread_id,
        seq=message.seq,
        preview=_preview(message, recipient_id, hidden),
        push=message.told is None,
        now=now,
    )


def _preview(message: Message, reader_id: str, hidden: Hidden) -> str:
    """Return the text of a message; for one without text, a summary of its files in the reader's language."""
    if message.body:
        return shown_preview(message, reader_id, hidden) or ""
    with force_language(language_of(reader_id)):
        return shown_preview(message, reader_id, hidden) or ""


def postpone(*, thread_id: str, recipient_id: str, now: datetime) -> None:
    """Try the pending messages of a recipient again later: after 10, 20, 40 ... seconds, an hour at most."""
    with transaction() as session:
        rows = session.execute(
            select(PendingDelivery)
            .where(PendingDelivery.thread_id == thread_id, PendingDelivery.recipient_id == recipient_id)
            .with_for_update()
        )
        for row in rows.scalars():
            row.attempts += 1
            row.due_at = now + timedelta(seconds=min(3600, 5 * 2**row.attempts))
