"""Mails: written down first, then sent at most once.

Claim the row, send, mark. A row that was claimed and never marked may have gone out: it becomes `unknown` and is
sent again by an operator only. Retries are for refusals that the server told us of, and for never having reached it.
An address that refuses mail for good gets none until its owner, who is told so on their pages, says to try again.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, delete, func, insert, or_, select, update

from wellchat.db import current_transaction, db, new_id, release_connection, table, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.feature import registry
from wellchat.i18n import N_, gettext
from wellchat.mail import compose, transport
from wellchat.mail.addresses import envelope_sender
from wellchat.mail.models import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN, Mail, RefusedAddress
from wellchat.mail.refusals import REFUSES, save_refusal
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # a claim older than this was left by a crash
RETRY_FOR = timedelta(days=1)  # of temporary refusals
FIRST_PAUSE, MAX_PAUSE = timedelta(minutes=1), timedelta(hours=1)
BATCH = 500  # mails of one sweep
LOW_PRIORITY = ("digest", "week")  # after what somebody sits and waits for, such as a new password
AGAIN = N_("The owner of the address said to try again.")
CRASHED = N_("A crash came between sending and marking. It may have gone out.")

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
    wake_worker: bool = True,
) -> Mail:
    """Write down a mail that is to go out, in the transaction at hand, and ring the worker once that is durable.

    `name` is the folder under templates/emails. `context` holds ids and plain words, such as the recipient's `name`;
    never a secret and never a message's text: links and texts are looked up when the mail is made. `wake_worker=False`
    is for who delivers it themselves.
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
        if wake_worker and mail.due_at is not None and mail.due_at <= now:
            enqueue("mail.deliver", mail_id=mail.id)
    return mail


def create_claimed(
    *,
    user_id: str,
    address: str,
    name: str,
    context: dict[str, Any],
    now: datetime,
    reason: str,
    covers: Covers,
) -> Mail:
    """Write down a mail that its writer sends as soon as this is durable, by `send_claimed`: claimed from the start."""
    mail_id = new_id()
    mail = Mail(
        id=mail_id,
        user_id=user_id,
        address=address,
        name=name,
        state=SENDING,
        reason=reason,
        context=context,
        covers=covers,
        message_id=compose.message_id(mail_id),
        attempts=1,
        due_at=now + LEASE,
        created_at=now,
    )
    with transaction() as session:
        session.connection().execute(
            _INSERT_CLAIMED, {name: value for name, value in vars(mail).items() if name in _COLUMNS}
        )
    return mail


_COLUMNS = set(table(Mail).columns.keys())
_INSERT_CLAIMED = insert(table(Mail))


def send_claimed(
    *, mail: Mail, connection: transport.MailConnection, now: datetime, content: dict[str, Any] | None = None
) -> str | None:
    """Send what `create_claimed` wrote down. Returns its state. `content`: where it was gathered just now."""
    if current_transaction() is not None:
        raise RuntimeError("send_claimed inside transaction()")
    return _attempt(mail, connection, now, content)


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


def deliver(*, mail_id: str, now: datetime, connection: transport.MailConnection | None = None) -> str | None:
    """Send one mail, if it is due and nobody else has it. Answers the state it is in afterwards; None: not ours.

    `connection`: an open one to reuse. Not inside a transaction: the claim must be durable before the first byte
    leaves.
    """
    if current_transaction() is not None:
        raise RuntimeError("deliver inside transaction()")
    claimed = _claim(mail_id, now)
    if claimed is None:
        return None
    mail, refusal = claimed
    if refusal is not None and not _is_interactive(mail.name):
        return _settle(mail, SKIPPED, reason=f"{REFUSES} {refusal}")
    with nullcontext(connection) if connection else transport.open_connection() as opened:
        return _attempt(mail, opened, now)


def _attempt(
    mail: Mail, connection: transport.MailConnection, now: datetime, content: dict[str, Any] | None = None
) -> str | None:
    """Make a claimed mail, send it, and write down how that ended."""
    try:
        rendered, covers = compose.render(mail, now=now, content=content)
    except compose.NotWanted as no:
        return _settle(mail, SKIPPED, reason=no.reason)
    except compose.NotNow as later:
        return _settle(mail, QUEUED, due_at=later.until, attempts=mail.attempts - 1)
    except Exception as error:
        log.exception("mail %s cannot be made", mail.id)
        return _settle(mail, FAILED, reason=f"It could not be made: {type(error).__name__}: {error}")
    release_connection()  # a slow mail server must not hold a database connection
    sender, label = envelope_sender(mail_id=mail.id, now=now), f"{now:%Y%m%dT%H%M%S.%f}Z-{mail.id}"
    try:
        connection.send(rendered, to=mail.address, sender=sender, label=label)
    except transport.Temporary as refusal:
        return _settle_temporary(mail, refusal, now)
    except transport.AddressRefused as refusal:
        return _settle_refused(mail, refusal, now)
    except transport.Permanent as refusal:
        return _settle(mail, FAILED, reason=str(refusal))
    except transport.OutcomeUnknown as loss:
        return _settle(mail, UNKNOWN, reason=f"{loss} It may have gone out.")
    return _settle(mail, SENT, sent_at=now, covers=covers)


def _claim(mail_id: str, now: datetime) -> tuple[Mail, str | None] | None:
    """The mail, now ours, and why its address takes no mail, where that is known: one statement."""
    refusal = select(RefusedAddress.reason).where(RefusedAddress.email == Mail.address).correlate(Mail)
    with transaction() as session:
        row = session.execute(
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
        mail, reason = row
        session.expunge(mail)  # what was claimed, whatever becomes of the row
    return mail, reason


def _settle(mail: Mail, state: str, **values: Any) -> str | None:
    """Say how this very attempt ended; not if the mail has meanwhile been taken up again by somebody else."""
    ended = {"state": state, "due_at": None, **values}
    with transaction() as session:
        this_attempt = {"mail_id": mail.id, "attempt": mail.attempts}
        settled = session.connection().execute(_settlement(frozenset(ended)), {**this_attempt, **ended})
    return state if settled.rowcount else None


@cache
def _settlement(columns: frozenset[str]) -> Update:
    of = table(Mail).c
    this_attempt = (of.id == bindparam("mail_id"), of.attempts == bindparam("attempt"))
    values = {name: bindparam(name, type_=of[name].type) for name in sorted(columns)}
    ours = or_(of.state == SENDING, of.state == UNKNOWN)  # an IN would be spelt out anew for each mail
    return update(table(Mail)).where(*this_attempt, ours).values(values)


def _settle_temporary(mail: Mail, refusal: transport.Temporary, now: datetime) -> str | None:
    if now - mail.created_at > RETRY_FOR:
        return _settle(mail, FAILED, reason=f"Given up after {mail.attempts} tries. {refusal}")
    pause = min(MAX_PAUSE, FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10))
    return _settle(mail, QUEUED, reason=f"Try {mail.attempts} was put off. {refusal}", due_at=now + pause)


def _settle_refused(mail: Mail, refusal: transport.AddressRefused, now: datetime) -> str | None:
    with transaction():
        save_refusal(mail.address, str(refusal), now)
        return _settle(mail, FAILED, reason=str(refusal))


def try_address_again(*, user_id: str, address: str, name: str, now: datetime) -> Mail | None:
    """The owner of an address says that it takes mail after all: it does again, and a first one goes there at once.

    None where nothing was wrong with it.
    """
    with transaction() as session:
        lifted = session.execute(delete(RefusedAddress).where(RefusedAddress.email == address))
        if lifted.rowcount == 0:  # type: ignore[attr-defined]
            return None
        return queue_mail(
            user_id=user_id,
            address=address,
            name="address_check",
            context={"name": name},
            reason=AGAIN,
            now=now,
        )


def resend(*, mail_id: str, now: datetime, by: str = "the operator") -> Mail:
    """Send a mail again whose fate is unknown, or that failed: an operator's decision, never the program's.

    Raises NotFound, and Conflict for a mail in any other state.
    """
    with transaction() as session:
        mail = session.get(Mail, mail_id, populate_existing=True, with_for_update=True)
        if mail is None:
            raise NotFound(gettext("There is no mail %(id)s.", id=mail_id))
        if mail.state not in (UNKNOWN, FAILED):
            message = gettext(
                "Mail %(id)s is %(state)s; only an unknown or failed one can be sent again.",
                id=mail_id,
                state=mail.state,
            )
            raise Conflict(message)
        mail.state, mail.due_at, mail.reason = (
            QUEUED,
            now,
            f"Sent again by {by}; it was {mail.state}.",
        )
        enqueue("mail.deliver", mail_id=mail.id)
    return mail


def deliver_all(*, mail_ids: list[str], now: datetime) -> dict[str, str]:
    """Deliver these over one connection. Answers the state each is in afterwards, without those that were not ours.

    Stops where the mail server cannot be reached at all: the rest stays queued.
    """
    ended: dict[str, str] = {}
    with transport.open_connection() as connection:
        for mail_id in mail_ids:
            state = deliver(mail_id=mail_id, now=now, connection=connection)
            if state is not None:
                ended[mail_id] = state
            if connection.unreachable:
                break
    return ended


def sweep(now: datetime) -> dict[str, int]:
    """Send what is due, and call unknown what a crash left in `sending`. Answers how many ended in each state."""
    with transaction() as session:
        stuck = session.execute(
            update(Mail)
            .where(Mail.state == SENDING, Mail.due_at <= now)
            .values(state=UNKNOWN, due_at=None, reason=CRASHED)
            .execution_options(synchronize_session=False)
        )
    due = select(Mail.id).where(Mail.state == QUEUED, Mail.due_at <= now)
    due = due.order_by(Mail.name.in_(LOW_PRIORITY), Mail.due_at).limit(BATCH)
    ended = Counter(deliver_all(mail_ids=list(db.session.execute(due).scalars()), now=now).values())
    ended[UNKNOWN] += stuck.rowcount  # type: ignore[attr-defined]
    return {f"mails_{state}": ended[state] for state in (SENT, SKIPPED, QUEUED, FAILED, UNKNOWN)}


def _is_interactive(name: str) -> bool:
    declared = registry().mails.get(name)
    return declared is not None and declared.interactive
