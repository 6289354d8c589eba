"""From the outbox to the bell: which messages are news to whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from wellchat.accounts.models import Presence
from wellchat.accounts.queries import language_of
from wellchat.db import transaction
from wellchat.i18n import force_language
from wellchat.messaging.models import Membership, Message, PendingDelivery
from wellchat.notifications import actions as notifications


def notify_recipient(*, thread_id: str, recipient_id: str, now: datetime, away_after: timedelta) -> list[int]:
    """Decide which messages of a thread are news to one of its people, and put those in their bell.

    Answers their seqs. The outbox rows are the job: worked off in one transaction, so that it is done once or stays;
    under the membership's lock and in order, so that two workers count alike. Who has the thread before their eyes
    is not told now, but looked at again once they may have left.
    """
    with transaction() as session:
        membership = session.get(
            Membership, (thread_id, recipient_id), with_for_update=True, populate_existing=True
        )
        of_recipient = (PendingDelivery.thread_id == thread_id, PendingDelivery.recipient_id == recipient_id)
        seqs = sorted(session.execute(select(PendingDelivery.seq).where(*of_recipient)).scalars())
        if not seqs or membership is None:
            return []
        presence = session.get(Presence, recipient_id, populate_existing=True)
        unread = seqs[-1] > membership.last_read_seq
        if unread and presence and presence.thread_id == thread_id and presence.seen_at + away_after > now:
            again = presence.seen_at + away_after
            session.execute(
                update(PendingDelivery)
                .where(*of_recipient, PendingDelivery.seq <= seqs[-1])
                .values(due_at=again)
            )
            return []
        session.execute(delete(PendingDelivery).where(*of_recipient, PendingDelivery.seq <= seqs[-1]))
        if membership.is_muted(now):
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
        for message in messages:
            _notify(message, recipient_id, now)
    return [message.seq for message in messages]


def _notify(message: Message, recipient_id: str, now: datetime) -> None:
    notifications.notify(
        user_id=recipient_id,
        kind="message",
        actor_id=message.sender_id,
        thread_id=message.thread_id,
        seq=message.seq,
        preview=_preview(message, recipient_id),
        now=now,
    )


def _preview(message: Message, reader_id: str) -> str:
    """What it says, or what hangs on it where it says nothing, in the reader's language."""
    if message.body:
        return message.preview or ""
    with force_language(language_of(reader_id)):
        return message.preview or ""


def postpone(*, thread_id: str, recipient_id: str, now: datetime) -> None:
    """What could not be told waits longer each time, so that it holds up nobody else."""
    with transaction() as session:
        rows = session.execute(
            select(PendingDelivery)
            .where(PendingDelivery.thread_id == thread_id, PendingDelivery.recipient_id == recipient_id)
            .with_for_update()
        )
        for row in rows.scalars():
            row.attempts += 1
            row.due_at = now + timedelta(seconds=min(3600, 5 * 2**row.attempts))
