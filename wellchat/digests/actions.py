"""Planning and sending digests: decide, render, send, remember.

One recipient, one transaction. In it the schedule row is claimed, the decision made, the messages counted as mailed
and the mail written down; only then does anything leave. So a message is in at most one email, and what a crash leaves
behind is a queued mail or an untouched schedule, never a half.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, update

from wellchat.accounts.models import User
from wellchat.db import db, insert, is_postgresql, transaction
from wellchat.digests.decide import Decision, decide, due_for, switched_off
from wellchat.digests.models import DigestSchedule
from wellchat.jobs import enqueue
from wellchat.mail import actions as mail
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.models import Preferences
from wellchat.notifications.queries import preferences

log = logging.getLogger(__name__)

BATCH = 500  # recipients of one round
AFTER_TROUBLE = timedelta(minutes=5)  # before somebody is tried again whose digest could not be decided
FIRST_COUNTED = ("sent", "skipped", "waiting")


class Outcome(NamedTuple):
    """What came of one recipient, and why: `waiting`, or the state their mail is in."""

    user_id: str
    did: str
    why: str
    mail_id: str | None = None


def consider(*, user_id: str, thread_id: str, seq: int, now: datetime) -> None:
    """A message was sent to this person: plan a look at it for when it is due. Nothing for who wants no emails."""
    wishes = preferences(user_id)
    if switched_off(wishes):
        return
    written = db.session.execute(
        select(Message.created_at).where(Message.thread_id == thread_id, Message.seq == seq)
    ).scalar_one_or_none()
    if written is None:
        return
    due = due_for(wishes, written)
    if due is not None:
        with transaction():
            expect(user_id=user_id, at=due)
            if due <= now:
                enqueue("digests.send")


def expect(*, user_id: str, at: datetime) -> None:
    """Look at this person at `at` or, where a look is planned already, at the earlier of the two."""
    with transaction() as session:
        planned = insert(DigestSchedule).values(user_id=user_id, due_at=at)
        earlier = func.least if is_postgresql() else func.min
        session.execute(
            planned.on_conflict_do_update(
                index_elements=["user_id"],
                set_={"due_at": earlier(DigestSchedule.due_at, planned.excluded.due_at)},
            )
        )


def replan(user_id: str, now: datetime) -> None:
    """Somebody changed what they want: a planned look is taken at once, and decides by the new wishes."""
    with transaction() as session:
        session.execute(update(DigestSchedule).where(DigestSchedule.user_id == user_id).values(due_at=now))
        enqueue("digests.send")


def send_one(*, user_id: str, now: datetime) -> Outcome | None:
    """Decide on one person and write the outcome down, in one transaction. None: not due, or somebody else has them.

    A mail is left queued for whoever called; see mail.actions.deliver.
    """
    with transaction() as session:
        _lock_memberships(user_id)
        claimed = session.execute(
            update(DigestSchedule)
            .where(DigestSchedule.user_id == user_id, DigestSchedule.due_at <= now)
            .values(due_at=now + AFTER_TROUBLE)
        )
        if claimed.rowcount == 0:  # type: ignore[attr-defined]
            return None
        decision = decide(user_id, now)
        _plan(user_id, decision.wait_until or decision.later)
        if decision.wait_until is not None:
            return Outcome(user_id, "waiting", decision.why)
        return _write_down(user_id, decision, now)


def _lock_memberships(user_id: str) -> None:
    """Before the schedule, as whoever tells of a message locks them; by thread, as everybody does."""
    unread = select(Membership.thread_id).where(
        Membership.user_id == user_id, Membership.last_seq > Membership.last_read_seq
    )
    db.session.execute(unread.order_by(Membership.thread_id).with_for_update()).all()


def _plan(user_id: str, at: datetime | None) -> None:
    row = DigestSchedule.user_id == user_id
    db.session.execute(update(DigestSchedule).where(row).values(due_at=at) if at else delete(DigestSchedule).where(row))


def _write_down(user_id: str, decision: Decision, now: datetime) -> Outcome:
    user = db.session.get_one(User, user_id, populate_existing=True)
    if decision.skip:
        skipped = mail.record_skip(user_id=user_id, address=user.email, name="digest", reason=decision.skip, now=now)
        return Outcome(user_id, "skipped", decision.skip, skipped.id)
    for thread in decision.threads:
        db.session.execute(
            update(Membership)
            .where(Membership.thread_id == thread.thread_id, Membership.user_id == user_id)
            .values(mailed_seq=thread.last_seq)
            .execution_options(synchronize_session=False)
        )
    queued = mail.queue_mail(
        user_id=user_id,
        address=user.email,
        name="digest",
        context={"name": user.name},
        covers=[thread.covers() for thread in decision.threads],
        reason=decision.why,
        now=now,
        ring=False,
    )
    return Outcome(user_id, "queued", decision.why, queued.id)


def send_due(*, now: datetime, cadence: str | None = None) -> Iterator[Outcome]:
    """Work off everybody who is due, of one cadence or all, each mail over one connection; yields what came of each.

    Safe to run twice, on two hosts at once, and to stop anywhere.
    """
    while due := _due(now, cadence, BATCH):
        outcomes = [outcome for user_id in due if (outcome := _send_safely(user_id, now))]
        queued = [o.mail_id for o in outcomes if o.did == "queued" and o.mail_id]
        states = mail.deliver_all(mail_ids=queued, now=now)
        yield from (o._replace(did=states.get(o.mail_id or "", o.did)) for o in outcomes)


def preview_due(*, now: datetime, cadence: str | None = None) -> Iterator[tuple[str, Decision]]:
    """Who is due and what would come of it; changes nothing."""
    for user_id in _due(now, cadence, None):
        yield user_id, decide(user_id, now)


def _due(now: datetime, cadence: str | None, limit: int | None) -> list[str]:
    query = select(DigestSchedule.user_id).where(DigestSchedule.due_at <= now)
    if cadence:
        theirs = func.coalesce(Preferences.cadence, "soon")
        query = query.outerjoin(Preferences, Preferences.user_id == DigestSchedule.user_id).where(theirs == cadence)
    query = query.order_by(DigestSchedule.due_at, DigestSchedule.user_id).limit(limit)
    return list(db.session.execute(query).scalars())


def _send_safely(user_id: str, now: datetime) -> Outcome | None:
    """One person's trouble is theirs alone, and does not come first again at once."""
    try:
        return send_one(user_id=user_id, now=now)
    except Exception:
        log.exception("the digest of %s could not be decided", user_id)
        _plan_again(user_id, now)
        return Outcome(user_id, "failed", "It could not be decided; it is tried again.")


def _plan_again(user_id: str, now: datetime) -> None:
    with transaction():
        _plan(user_id, now + AFTER_TROUBLE)


def sweep(now: datetime) -> dict[str, int]:
    """Everybody who is due. Answers how many digests were sent, skipped, put off, and so on."""
    done = Counter(outcome.did for outcome in send_due(now=now))
    return {f"digests_{did}": done[did] for did in (*FIRST_COUNTED, *sorted(done.keys() - set(FIRST_COUNTED)))}
