"""Write mails into the ledger, and send each at most once.

Claim the row, send, mark it (claims.py). `RETRIES` tries temporary refusals (transport.py) again. A claimed
row that was never marked may have gone out: it becomes `unknown`, and only an operator sends it again. An
address that refuses mail for good gets none until its owner, who is told on their pages, says to try again.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from wellchat import claims
from wellchat.aside import waits_for_others
from wellchat.claims import FAILED, QUEUED, SENDING, SENT, SKIPPED, UNKNOWN
from wellchat.db import current_transaction, db, new_id, release_connection, table, transaction
from wellchat.errors import Conflict, NotFound, is_unavailable
from wellchat.feature import registry
from wellchat.i18n import N_, gettext
from wellchat.mail import compose, transport
from wellchat.mail.addresses import envelope_sender
from wellchat.mail.asked import LATELY, is_interactive, may_send
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.mail.reasons import UNMADE
from wellchat.mail.refusals import NO_ADDRESS, REFUSES, save_refusal
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # a claim older than this was left by a crash
RETRIES = claims.Retries(timedelta(minutes=1), timedelta(hours=1), give_up_after=timedelta(days=1))
BATCH = 500  # mails of one sweep
LOW_PRIORITY = ("digest", "week")  # sent after interactive mails, such as one with a new password
AGAIN = N_("The owner of the address said to try again.")
NO_DATABASE = transport.Temporary("The database could not be read.")
CRASHED = N_("A crash came between sending and marking. It may have gone out.")

Covers = list[dict[str, Any]]


def queue_mail(
    *,
    user_id: str | None,
    address: str | None,
    name: str,
    context: dict[str, Any],
    now: datetime,
    reason: str = "",
    covers: Covers | None = None,
    due_at: datetime | None = None,
    wake_worker: bool = True,
    limited: bool = True,
) -> Mail:
    """Write down a mail to be sent, in the caller's transaction, and wake the worker after the commit.

    `name` is the folder under templates/emails. `context` holds ids and plain words, such as the recipient's
    `name`; never a secret and never the text of a message: both are looked up when the mail is rendered. Pass
    `wake_worker=False` to call `deliver` yourself. A mail that may not be sent now (asked.py), or to a person
    without an address, is a skip; `limited=False` is for one whose cause cannot be repeated.
    """
    if address is None:
        return record_skip(user_id=user_id, address=None, name=name, reason=NO_ADDRESS, now=now)
    if limited and not may_send(name, address):
        return record_skip(user_id=user_id, address=address, name=name, reason=LATELY, now=now)
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
    """Write down a mail that is claimed from the start. Its writer calls `send_claimed` after the commit."""
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


# Past the ORM: a run writes one of these for every person.
_COLUMNS = set(table(Mail).columns.keys())
_INSERT_CLAIMED = insert(table(Mail))


def send_claimed(
    *, mail: Mail, connection: transport.MailConnection, now: datetime, content: dict[str, Any] | None = None
) -> str | None:
    """Send what `create_claimed` wrote down, outside of any transaction.

    Return the state of the mail, None if the claim was lost. `content` replaces the declared context.
    """
    if current_transaction() is not None:
        raise RuntimeError("send_claimed inside transaction()")
    return _attempt(mail, connection, now, content)


def record_skip(
    *,
    user_id: str | None,
    address: str | None,
    name: str,
    reason: str,
    now: datetime,
    covers: Covers | None = None,
) -> Mail:
    """Write down that a mail was due and not sent. `reason` is a sentence for the person."""
    with transaction() as session:
        mail = Mail(
            user_id=user_id,
            address=address or "",
            name=name,
            state=SKIPPED,
            reason=reason,
            covers=covers or [],
            created_at=now,
        )
        session.add(mail)
        session.flush()
    return mail


def move_queued(*, user_id: str, old: str | None, new: str | None) -> None:
    """Send to a person's new address what waits for the old one, in the caller's transaction.

    Without a new one it is a skip: the old address may be somebody else's soon.
    """
    stay = [name for name, kind in registry().mails.items() if kind.to_old_address]
    waiting = (Mail.user_id == user_id, Mail.address == old, Mail.state == QUEUED, Mail.name.not_in(stay))
    skipped = {"address": "", "state": SKIPPED, "due_at": None, "reason": NO_ADDRESS}
    moved = update(Mail).where(*waiting).values({"address": new} if new else skipped)
    db.session.execute(moved.execution_options(synchronize_session=False))


def deliver(*, mail_id: str, now: datetime, connection: transport.MailConnection | None = None) -> str | None:
    """Send one mail, if it is due and nobody else has claimed it.

    Return its state afterwards; None if it was not claimed. `connection` is an open one to reuse. Raises
    RuntimeError inside a transaction: the claim must be durable before the first byte leaves.
    """
    if current_transaction() is not None:
        raise RuntimeError("deliver inside transaction()")
    claimed = _claim(mail_id, now)
    if claimed is None:
        return None
    # The claim is committed. A crash from here on leaves `sending`: unknown, when the lease ends.
    mail, refusal = claimed
    if refusal is not None and not is_interactive(mail.name):
        return _settle(mail, SKIPPED, reason=f"{REFUSES} {refusal}")
    with nullcontext(connection) if connection else transport.open_connection() as opened:
        return _attempt(mail, opened, now)


def _attempt(
    mail: Mail, connection: transport.MailConnection, now: datetime, content: dict[str, Any] | None = None
) -> str | None:
    """Render a claimed mail, send it, and write down how that ended.

    Return the state; None if the claim was lost.
    """
    try:
        rendered, covers = compose.render(mail, now=now, content=content)
    except compose.NotWanted as no:
        return _settle(mail, SKIPPED, reason=no.reason)
    except compose.NotNow as later:
        # Waiting is no attempt, so take back what the claim has counted.
        return _settle(mail, QUEUED, due_at=later.until, attempts=mail.attempts - 1)
    except Exception as error:
        return _settle_unmade(mail, error, now)
    # A slow mail server must not hold a database connection.
    release_connection()
    sender, label = envelope_sender(mail_id=mail.id, now=now), f"{now:%Y%m%dT%H%M%S.%f}Z-{mail.id}"
    try:
        connection.send(rendered, to=mail.address, sender=sender, label=label)
    except transport.Temporary as refusal:
        again = RETRIES.after_refusal(refusal, attempts=mail.attempts, since=mail.created_at, now=now)
        return _settle(mail, **again)
    # Before Permanent, of which it is one.
    except transport.AddressRefused as refusal:
        return _settle_refused(mail, refusal, now)
    except transport.Permanent as refusal:
        return _settle(mail, FAILED, reason=str(refusal))
    except transport.OutcomeUnknown as loss:
        return _settle(mail, UNKNOWN, reason=f"{loss} It may have gone out.")
    return _settle(mail, SENT, sent_at=now, covers=covers)


def _claim(mail_id: str, now: datetime) -> tuple[Mail, str | None] | None:
    """Claim a mail. Return it, and why its address refuses mail if it does, from the same statement."""
    refusal = select(RefusedAddress.reason).where(RefusedAddress.email == Mail.address).correlate(Mail)
    with transaction() as session:
        row = claims.claim(
            Mail,
            mail_id,
            now=now,
            lease=LEASE,
            returning=(Mail, refusal.scalar_subquery()),
            state=SENDING,
            message_id=func.coalesce(Mail.message_id, compose.message_id(mail_id)),
        )
        if row is None:
            return None
        mail, reason = row
        # Keep what was claimed: another worker may settle or claim the row while this one sends.
        session.expunge(mail)
    return mail, reason


def _settle(mail: Mail, state: str, **values: Any) -> str | None:
    """Write down how this attempt ended, unless somebody else has claimed the mail since."""
    with transaction():
        return claims.settle(Mail, mail.id, state=state, claimed={"attempts": mail.attempts}, **values)


def _settle_unmade(mail: Mail, error: Exception, now: datetime) -> str | None:
    """Put a mail off while the database cannot be used; fail it for an error of its own."""
    log.exception("mail %s cannot be made", mail.id)
    # After a failed statement PostgreSQL takes no other until the transaction is rolled back.
    db.session.rollback()
    if not is_unavailable(error):
        # People read the reason, and an error of the database says which statement it was.
        said = "" if isinstance(error, SQLAlchemyError) else f": {error}"
        return _settle(mail, FAILED, reason=f"{UNMADE}{type(error).__name__}{said}")
    values = RETRIES.after_refusal(NO_DATABASE, attempts=mail.attempts, since=mail.created_at, now=now)
    return _settle(mail, **values)


def _settle_refused(mail: Mail, refusal: transport.AddressRefused, now: datetime) -> str | None:
    with transaction():
        save_refusal(mail.address, str(refusal), now)
        return _settle(mail, FAILED, reason=str(refusal))


def try_address_again(*, user_id: str, address: str, name: str, now: datetime) -> Mail | None:
    """Lift the refusal of an address, because its owner says so, and queue a first mail to it.

    Return that mail; None if the address refused nothing.
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
    """Queue a mail again that is unknown or failed. An operator decides this, never the program.

    Raises NotFound, and Conflict for a mail in any other state.
    """
    with transaction() as session:
        # Locked, so that two operators at once queue it once.
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
    """Deliver these mails over one connection. Return mail id -> state, without those that were not claimed.

    Ends early if the mail server cannot be reached; the rest stays queued.
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


@waits_for_others
def sweep(now: datetime) -> dict[str, int]:
    """Send the mails that are due; call unknown what a crash left in `sending`. Return counts by state."""
    with transaction():
        crashed = claims.mark_unknown(Mail, now=now, reason=CRASHED)
    due = select(Mail.id).where(Mail.state == QUEUED, Mail.due_at <= now)
    due = due.order_by(Mail.name.in_(LOW_PRIORITY), Mail.due_at).limit(BATCH)
    ended = Counter(deliver_all(mail_ids=list(db.session.execute(due).scalars()), now=now).values())
    ended[UNKNOWN] += crashed
    return {f"mails_{state}": ended[state] for state in (SENT, SKIPPED, QUEUED, FAILED, UNKNOWN)}
