"""Mails: written down first, then sent at most once.

Claim the row, send, mark. A row that was claimed and never marked may have gone out: it becomes `unknown` and is
sent again by an operator only. Retries are for refusals that the server told us of, and for never having reached it.
An address that refuses mail for good gets none until its owner, who is told so on their pages, says to try again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, or_, select, update

from wellchat.db import db, let_go, transaction, unit
from wellchat.errors import Conflict, NotFound
from wellchat.jobs import enqueue
from wellchat.mail import compose, transport
from wellchat.mail.addresses import envelope_sender
from wellchat.mail.models import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN, Mail, RefusedAddress
from wellchat.mail.refusals import note_refusal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # a claim older than this was left by a crash
GIVE_UP = timedelta(days=1)  # of temporary refusals
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
BATCH = 500  # mails of one sweep
AGAIN = "The owner of the address said to try again."
CRASHED = "A crash came between sending and marking. It may have gone out."

Covers = list[dict[str, Any]]


def queue_mail(
    *,
    user_id: str | None,
    address: str,
    name: str,
    context: dict[str, Any],
    now: datetime,
    reason: str = "",
    covers: Covers | None = None,
    due_at: datetime | None = None,
    ring: bool = True,
) -> Mail:
    """Write down a mail that is to go out, in the transaction at hand, and ring the worker once that is durable.

    `name` is the folder under templates/emails. `context` holds ids and plain words, such as the recipient's `name`;
    never a secret and never a message's text: links and texts are looked up when the mail is made. `ring=False` is
    for who delivers it themselves.
    """
    with transaction() as session:
        mail = Mail(
            user_id=user_id,
            address=address,
            name=name,
            state=QUEUED,
            reason=reason,
            context=context,
            covers=covers or [],
            due_at=due_at or now,
            created_at=now,
        )
        session.add(mail)
        session.flush()
        if ring and mail.due_at is not None and mail.due_at <= now:
            enqueue("mail.deliver", mail_id=mail.id)
    return mail


def record_skip(
    *,
    user_id: str | None,
    address: str,
    name: str,
    reason: str,
    now: datetime,
    covers: Covers | None = None,
) -> Mail:
    """Write down that a mail was due and did not go out, and why: `reason` is a sentence for the person."""
    with transaction() as session:
        mail = Mail(
            user_id=user_id,
            address=address,
            name=name,
            state=SKIPPED,
            reason=reason,
            covers=covers or [],
            created_at=now,
        )
        session.add(mail)
        session.flush()
    return mail


def deliver(*, mail_id: str, now: datetime, lane: transport.Lane | None = None) -> str | None:
    """Send one mail, if it is due and nobody else has it. Answers the state it is in afterwards; None: not ours.

    `lane` is an open connection to reuse. Not inside a transaction: the claim must be durable before the first byte
    leaves.
    """
    with nullcontext(lane) if lane else transport.lane() as open_lane:
        return _work_off([mail_id], open_lane, now).get(mail_id)


def deliver_all(*, mail_ids: list[str], now: datetime) -> dict[str, str]:
    """Deliver these over one connection. Answers the state each is in afterwards, without those that were not ours.

    Stops where the mail server cannot be reached at all: the rest stays queued.
    """
    if not mail_ids:
        return {}
    with transport.lane() as lane:
        return _work_off(mail_ids, lane, now)


class Claimed(NamedTuple):
    mail: Mail
    refusal: str | None  # why its address takes no mail, where that is known


class End(NamedTuple):
    """How an attempt ended, still to be written down."""

    mail: Mail
    state: str
    values: dict[str, Any]
    refused: str = ""  # by the address itself, for good: what the mail server said


def _work_off(mail_ids: Iterable[str], lane: transport.Lane, now: datetime) -> dict[str, str]:
    if unit() is not None:
        raise RuntimeError("delivering inside transaction()")
    ended: dict[str, str] = {}
    waiting, end = iter(mail_ids), None
    while True:
        state, claimed = _turn(end, waiting, now)
        if end is not None and state is not None:
            ended[end.mail.id] = state
        if claimed is None:
            return ended
        end = _attempt(claimed, lane, now)
        if lane.unreachable:
            waiting = iter(())


def _turn(end: End | None, waiting: Iterator[str], now: datetime) -> tuple[str | None, Claimed | None]:
    """Write down how one mail ended and claim the next, in one transaction: over a run each mail costs but one."""
    with transaction():
        state = _settle(end, now) if end else None
        claimed = next((found for mail_id in waiting if (found := _claim(mail_id, now))), None)
    return state, claimed


def _attempt(claimed: Claimed, lane: transport.Lane, now: datetime) -> End:
    """Make a claimed mail and send it."""
    mail = claimed.mail
    if claimed.refusal is not None and mail.name not in compose.ASKED_FOR:
        return _end(
            mail, SKIPPED, reason=f"The address refuses mail, until its owner says otherwise. {claimed.refusal}"
        )
    try:
        message, covers = compose.render(mail, now=now)
    except compose.NotWanted as no:
        return _end(mail, SKIPPED, reason=no.reason)
    except compose.NotNow as later:
        return _end(mail, QUEUED, due_at=later.until, attempts=mail.attempts - 1)
    except Exception as error:
        log.exception("mail %s cannot be made", mail.id)
        return _end(mail, FAILED, reason=f"It could not be made: {type(error).__name__}: {error}")
    let_go()
    sender, label = envelope_sender(mail_id=mail.id, now=now), f"{now:%Y%m%dT%H%M%S.%f}Z-{mail.id}"
    try:
        lane.send(message, to=mail.address, sender=sender, label=label)
    except transport.Temporary as refusal:
        return _put_off(mail, refusal, now)
    except transport.Refused as refusal:
        return _end(mail, FAILED, reason=str(refusal))._replace(refused=str(refusal))
    except transport.Permanent as refusal:
        return _end(mail, FAILED, reason=str(refusal))
    except transport.Lost as loss:
        return _end(mail, UNKNOWN, reason=f"{loss} It may have gone out.")
    return _end(mail, SENT, sent_at=now, covers=covers)


def _end(mail: Mail, state: str, **values: Any) -> End:
    return End(mail, state, {"due_at": None} | values)


def _put_off(mail: Mail, refusal: transport.Temporary, now: datetime) -> End:
    if now - mail.created_at > GIVE_UP:
        return _end(mail, FAILED, reason=f"Given up after {mail.attempts} tries. {refusal}")
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10))
    return _end(mail, QUEUED, reason=f"Try {mail.attempts} was put off. {refusal}", due_at=now + pause)


def _claim(mail_id: str, now: datetime) -> Claimed | None:
    refusal = select(RefusedAddress.reason).where(RefusedAddress.email == Mail.address).correlate(Mail)
    row = db.session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state == QUEUED, or_(Mail.due_at.is_(None), Mail.due_at <= now))
        .values(
            state=SENDING,
            attempts=Mail.attempts + 1,
            due_at=now + LEASE,
            message_id=func.coalesce(Mail.message_id, compose.message_id(mail_id)),
        )
        .returning(Mail, refusal.scalar_subquery())
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    db.session.expunge(row[0])  # what was claimed, whatever becomes of the row
    return Claimed(row[0], row[1])


def _settle(end: End, now: datetime) -> str | None:
    """Not if the mail has meanwhile been taken up again by somebody else."""
    mail = end.mail
    settled = db.session.execute(
        update(Mail)
        .where(Mail.id == mail.id, Mail.state.in_((SENDING, UNKNOWN)), Mail.attempts == mail.attempts)
        .values(state=end.state, **end.values)
        .execution_options(synchronize_session=False)
    )
    if end.refused:
        note_refusal(mail.address, end.refused, now)
    return end.state if settled.rowcount else None  # type: ignore[attr-defined]


def try_address_again(*, user_id: str, address: str, name: str, now: datetime) -> Mail | None:
    """The owner of an address says that it takes mail after all: it does again, and a first one goes there at once.

    None where nothing was wrong with it.
    """
    with transaction() as session:
        lifted = session.execute(delete(RefusedAddress).where(RefusedAddress.email == address))
        if lifted.rowcount == 0:  # type: ignore[attr-defined]
            return None
        return queue_mail(
            user_id=user_id, address=address, name="address_check", context={"name": name}, reason=AGAIN, now=now
        )


def resend(*, mail_id: str, now: datetime) -> Mail:
    """Send a mail again whose fate is unknown, or that failed: an operator's decision, never the program's.

    Raises NotFound, and Conflict for a mail in any other state.
    """
    with transaction() as session:
        mail = session.get(Mail, mail_id, populate_existing=True, with_for_update=True)
        if mail is None:
            raise NotFound(f"There is no mail {mail_id}.")
        if mail.state not in (UNKNOWN, FAILED):
            raise Conflict(f"Mail {mail_id} is {mail.state}; only an unknown or failed one can be sent again.")
        mail.state, mail.due_at, mail.reason = (
            QUEUED,
            now,
            f"Sent again by the operator; it was {mail.state}.",
        )
        enqueue("mail.deliver", mail_id=mail.id)
    return mail


def sweep(now: datetime) -> dict[str, int]:
    """Send what is due, and call unknown what a crash left in `sending`. Answers how many ended in each state."""
    with transaction() as session:
        stuck = session.execute(
            update(Mail)
            .where(Mail.state == SENDING, Mail.due_at <= now)
            .values(state=UNKNOWN, due_at=None, reason=CRASHED)
            .execution_options(synchronize_session=False)
        )
    due = select(Mail.id).where(Mail.state == QUEUED, Mail.due_at <= now).order_by(Mail.due_at).limit(BATCH)
    ended = Counter(deliver_all(mail_ids=list(db.session.execute(due).scalars()), now=now).values())
    ended[UNKNOWN] += stuck.rowcount  # type: ignore[attr-defined]
    return {f"mails_{state}": ended[state] for state in (SENT, SKIPPED, QUEUED, FAILED, UNKNOWN)}
