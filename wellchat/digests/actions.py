"""Planning and sending digests: decide, render, claim, send.

One recipient, one transaction. In it the schedule row is claimed, the decision made, the messages counted as mailed
and the mail written down; only then does anything leave. So a message is in at most one email, and what a crash leaves
behind is an untouched schedule, or a mail whose fate the ledger calls unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update

from wellchat.db import db, insert, is_postgresql, transaction
from wellchat.digests.decide import DigestDecision, Recipient, decide, due_for, load_recipient, switched_off
from wellchat.digests.models import DigestSchedule
from wellchat.mail import actions as mail
from wellchat.mail.models import Mail
from wellchat.mail.transport import MailConnection
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.queries import preferences
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

MAX_RESTARTS = 5  # of one person's turn, where new messages keep coming in
RETRY_AFTER = timedelta(minutes=5)  # before somebody is tried again whose digest could not be decided


class Outcome(NamedTuple):
    """What came of one recipient, and why: `waiting`, or the state their mail is in."""

    user_id: str
    did: str
    why: str
    mail_id: str | None = None


class LockMissed(Exception):
    """Something waits in a thread that was read when the unread ones were locked: begin again."""


# When to look


def schedule_for_messages(user_id: str, thread_id: str, seqs: Sequence[int], now: datetime) -> None:
    """Schedule a digest for each message that its recipient was notified of."""
    for seq in seqs:
        schedule_for_message(user_id=user_id, thread_id=thread_id, seq=seq, now=now)


def schedule_for_message(*, user_id: str, thread_id: str, seq: int, now: datetime) -> None:
    """A message was sent to this person: plan a look at it for when it is due. Nothing for who wants no emails."""
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
    """Look at this person at `at` or, where a look is planned already, at the earlier of the two."""
    with transaction() as session:
        planned = insert(DigestSchedule).values(user_id=user_id, due_at=at, asked=0)
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
    """Somebody changed what they want: a planned look is taken at once, and decides by the new wishes."""
    with transaction() as session:
        session.execute(
            update(DigestSchedule)
            .where(DigestSchedule.user_id == user_id)
            .values(due_at=now, asked=DigestSchedule.asked + 1)
        )
        enqueue("digests.send")


# One person, decided on under the claim


def send_one(*, user_id: str, now: datetime, connection: MailConnection | None = None) -> Outcome | None:
    """Claim and decide on one person and write the outcome down. None: not due, or somebody else has them.

    A mail leaves by `connection`; without one it is left queued for whoever called (see mail.actions.deliver).
    """
    for _ in range(MAX_RESTARTS - 1):
        with suppress(LockMissed):
            return _send_one(user_id, now, connection)
    return _send_one(user_id, now, connection)


def _send_one(user_id: str, now: datetime, connection: MailConnection | None) -> Outcome | None:
    """Raises LockMissed."""
    with transaction() as session:
        held = _lock_memberships(user_id)
        claimed = session.execute(
            update(DigestSchedule)
            .where(DigestSchedule.user_id == user_id, DigestSchedule.due_at <= now)
            .values(due_at=now + RETRY_AFTER)
        )
        recipient = load_recipient(user_id, now) if claimed.rowcount else None  # type: ignore[attr-defined]
        if recipient is None:
            return None
        if any(each.thread_id not in held for each in recipient.waiting):
            raise LockMissed  # who tells of that holds its membership, and waits for the plan that we hold
        decision = decide(recipient, now)
        _set_due(user_id, decision.wait_until or decision.later)
        if decision.wait_until is not None:
            return Outcome(user_id, "waiting", decision.why)
        written = _write_mail(recipient, decision, now, claimed=connection is not None)
    if decision.skip:
        return Outcome(user_id, "skipped", decision.skip, written.id)
    state = mail.send_claimed(mail=written, connection=connection, now=now) if connection else written.state
    return Outcome(user_id, state or written.state, decision.why, written.id)


def _lock_memberships(user_id: str) -> set[str]:
    """Before the schedule, as whoever tells of a message locks them; by thread, as everybody does. Answers of which."""
    unread = select(Membership.thread_id).where(
        Membership.user_id == user_id, Membership.last_seq > Membership.last_read_seq
    )
    return set(db.session.execute(unread.order_by(Membership.thread_id).with_for_update()).scalars())


def _set_due(user_id: str, at: datetime | None) -> None:
    row = DigestSchedule.user_id == user_id
    db.session.execute(
        update(DigestSchedule).where(row).values(due_at=at) if at else delete(DigestSchedule).where(row)
    )


def postpone(user_id: str, now: datetime) -> None:
    """Somebody could not be decided on: they are tried again in a while, and do not come first again at once."""
    with transaction():
        _set_due(user_id, now + RETRY_AFTER)


def _write_mail(recipient: Recipient, decision: DigestDecision, now: datetime, *, claimed: bool) -> Mail:
    to: dict[str, Any] = {
        "user_id": recipient.user_id,
        "address": recipient.address,
        "name": "digest",
        "now": now,
    }
    if decision.skip:
        return mail.record_skip(**to, reason=decision.skip)
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
