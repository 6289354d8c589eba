"""Schedule digests, and decide on one person under the claim.

One transaction per person: claim the row of the schedule, decide, count the messages as mailed, write the
mail down. Only after the commit does anything leave. So a message is in at most one email, and a crash leaves
either an untouched schedule or a mail that the ledger calls unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update

from wellchat.db import db, insert, is_postgresql, transaction
from wellchat.digests.decide import DigestDecision, due_for, switched_off
from wellchat.digests.kinds import DIGEST, DigestKind
from wellchat.digests.models import DigestSchedule
from wellchat.digests.recipients import Recipient, load_recipient
from wellchat.mail import actions as mail
from wellchat.mail.models import Mail
from wellchat.mail.transport import MailConnection
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.queries import preferences
from wellchat.task_queue import enqueue

MAX_RESTARTS = 5  # of one person's turn, where new messages keep coming in
RETRY_AFTER = timedelta(minutes=5)  # before somebody is tried again whose digest could not be decided


class Outcome(NamedTuple):
    """The result of one person's turn, and why. `did`: "waiting", "failed", or the state of their mail."""

    user_id: str
    did: str
    why: str
    mail_id: str | None = None


class LockMissed(Exception):
    """An unread message has come in a thread whose membership is not locked. Begin again."""


def schedule_for_messages(user_id: str, thread_id: str, seqs: Sequence[int], now: datetime) -> None:
    """Schedule a digest for each message that its recipient was notified of."""
    for seq in seqs:
        schedule_for_message(user_id=user_id, thread_id=thread_id, seq=seq, now=now)


def schedule_for_message(*, user_id: str, thread_id: str, seq: int, now: datetime) -> None:
    """Schedule the person to whom this message was sent for when their digest is due.

    Do nothing if they want no emails about messages.
    """
    prefs = preferences(user_id)
    if switched_off(prefs):
        return
    written = db.session.execute(
        select(Message.created_at).where(Message.thread_id == thread_id, Message.seq == seq)
    ).scalar_one_or_none()
    if written is None:
        return
    due = due_for(prefs, written)
    if due is not None:
        with transaction():
            schedule(user_id=user_id, at=due)
            if due <= now:
                enqueue("digests.send")


def schedule(*, user_id: str, at: datetime) -> None:
    """Schedule a person for `at`, or for the earlier time if they are scheduled already."""
    with transaction() as session:
        planned = insert(DigestSchedule).values(user_id=user_id, due_at=at, asked=0)
        # `asked` grows with every call: batches.claim compares it, so that no message is overlooked.
        earlier = func.least if is_postgresql() else func.min
        session.execute(
            planned.on_conflict_do_update(
                index_elements=["user_id"],
                set_={
                    "due_at": earlier(DigestSchedule.due_at, planned.excluded.due_at),
                    "asked": DigestSchedule.asked + 1,
                },
            )
        )


def reschedule(user_id: str, now: datetime) -> None:
    """Make a scheduled person due now, so that the run decides by their new preferences."""
    with transaction() as session:
        session.execute(
            update(DigestSchedule)
            .where(DigestSchedule.user_id == user_id)
            .values(due_at=now, asked=DigestSchedule.asked + 1)
        )
        enqueue("digests.send")


def send_one(
    *,
    user_id: str,
    now: datetime,
    connection: MailConnection | None = None,
    kind: DigestKind = DIGEST,
) -> Outcome | None:
    """Claim one person, decide, write the outcome down, and send the mail.

    Return None if they are not due or somebody else has claimed them. Without a `connection` the mail stays
    queued; the caller sends it with mail.actions.deliver. Begins again up to five times while new messages
    come in, then raises LockMissed.
    """
    # Each restart rolls the claim back and locks the memberships again, with the new one among them.
    for _ in range(MAX_RESTARTS - 1):
        with suppress(LockMissed):
            return _send_one(kind, user_id, now, connection)
    return _send_one(kind, user_id, now, connection)


def _send_one(
    kind: DigestKind, user_id: str, now: datetime, connection: MailConnection | None
) -> Outcome | None:
    """Do one attempt of `send_one`. Raises LockMissed."""
    row = kind.schedule
    with transaction() as session:
        locked = _lock_memberships(user_id) if kind.holds_messages else set()
        # The claim keeps the row: whoever reschedules this person meanwhile waits for its lock. A row that is
        # deleted and inserted again would be lost to them: on PostgreSQL their UPDATE finds nothing.
        claimed = session.execute(
            update(row).where(row.user_id == user_id, row.due_at <= now).values(due_at=now + RETRY_AFTER)
        )
        recipient = load_recipient(user_id, now) if claimed.rowcount else None  # type: ignore[attr-defined]
        if recipient is None:
            return None
        if kind.holds_messages and any(each.thread_id not in locked for each in recipient.waiting):
            # A message has come in a thread that had none. Its dispatcher holds that membership and waits for
            # our claim; to wait for the membership now would be a deadlock.
            raise LockMissed
        decision = kind.decide(recipient, now)
        theirs = row.user_id == user_id
        again = decision.wait_until or decision.later
        session.execute(
            update(row).where(theirs).values(due_at=again) if again else delete(row).where(theirs)
        )
        if decision.wait_until is not None:
            return Outcome(user_id, "waiting", decision.why)
        written = _write_mail(kind, recipient, decision, now, claimed=connection is not None)
    if decision.skip:
        return Outcome(user_id, "skipped", decision.skip, written.id)
    state = mail.send_claimed(mail=written, connection=connection, now=now) if connection else written.state
    return Outcome(user_id, state or written.state, decision.why, written.id)


def _lock_memberships(user_id: str) -> set[str]:
    """Lock the memberships with unread messages, in the order of thread ids. Return those thread ids.

    Lock order: memberships before the row of the schedule, as the dispatcher of messages does.
    """
    unread = select(Membership.thread_id).where(
        Membership.user_id == user_id, Membership.last_seq > Membership.last_read_seq
    )
    return set(db.session.execute(unread.order_by(Membership.thread_id).with_for_update()).scalars())


def postpone(kind: DigestKind, user_id: str, now: datetime) -> None:
    """Make a person who could not be decided on due again in five minutes."""
    with transaction() as session:
        theirs = update(kind.schedule).where(kind.schedule.user_id == user_id)
        session.execute(theirs.values(due_at=now + RETRY_AFTER))


def _write_mail(
    kind: DigestKind, recipient: Recipient, decision: DigestDecision, now: datetime, *, claimed: bool
) -> Mail:
    to: dict[str, Any] = {
        "user_id": recipient.user_id,
        "address": recipient.address,
        "name": kind.name,
        "now": now,
    }
    if decision.skip:
        return mail.record_skip(**to, reason=decision.skip)
    # Counted as mailed in the transaction that writes the mail down: a message is in at most one mail.
    for thread in decision.threads:
        db.session.execute(
            update(Membership)
            .where(Membership.thread_id == thread.thread_id, Membership.user_id == recipient.user_id)
            .values(mailed_seq=thread.last_seq)
            .execution_options(synchronize_session=False)
        )
    covers = [thread.covers() for thread in decision.threads]
    what: dict[str, Any] = {"context": {"name": recipient.name}, "covers": covers, "reason": decision.why}
    return mail.create_claimed(**to, **what) if claimed else mail.queue_mail(**to, **what, wake_worker=False)
