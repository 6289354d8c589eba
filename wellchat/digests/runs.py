"""A run over everybody who is due, many people at once.

It decides before it claims: whoever is to get a mail by what was seen then gets it if nothing of that has changed,
which the claim itself asks. All others are claimed first and decided on after (`actions.send_one`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import sample
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, exists, func, or_, select, update

from wellchat.db import UTCDateTime, db, snapshot, table, transaction
from wellchat.digests.actions import Outcome, postpone, send_one
from wellchat.digests.decide import DigestDecision, Recipient, decide, load_recipients
from wellchat.digests.models import DigestSchedule
from wellchat.digests.render import contents
from wellchat.i18n import N_
from wellchat.mail import actions as mail
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.mail.smtp_pool import SmtpPool
from wellchat.mail.transport import MailConnection
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.models import Preferences

log = logging.getLogger(__name__)

BATCH = 100  # people whom one connection serves at a time
OVERSAMPLE = 10  # times as many are looked at to choose from
FIRST_COUNTED = ("sent", "skipped", "waiting")


class Prepared(NamedTuple):
    """A mail as it would be by what was seen a moment ago."""

    recipient: Recipient
    decision: DigestDecision
    content: dict[str, Any]


class Changed(Exception):
    """What a decision stood on is not so any more."""


# Deciding before the claim


def build_batch(user_ids: Sequence[str], now: datetime) -> dict[str, Prepared]:
    """Those of these people who are to get a mail now by what can be seen, and the mail. Changes nothing."""
    snapshot()  # or another run mails half of it while we look
    found = [(recipient, decide(recipient, now)) for recipient in load_recipients(user_ids, now).values()]
    ready = [
        (recipient, decision) for recipient, decision in found if decision.threads and decision.later is None
    ]
    content = contents(ready)
    return {
        recipient.user_id: Prepared(recipient, decision, content[recipient.user_id])
        for recipient, decision in ready
    }


def claim(prepared: Prepared, now: datetime) -> Mail:
    """Claim the person and write down what was prepared. Raises Changed where it would not be decided so now.

    Memberships before the schedule, as everybody locks them. A look that is asked for from here on is a new row.
    """
    recipient, decision, _ = prepared
    with transaction() as session:
        connection = session.connection()
        for thread in sorted(decision.threads, key=lambda each: each.thread_id):
            as_seen = {
                "reader": recipient.user_id,
                "thread": thread.thread_id,
                "top": thread.top_seq,
                "read": thread.read_seq,
                "mailed": thread.mailed_seq,
                "first": thread.first_seq,
                "moment": now,
            }
            if connection.execute(_COUNT_AS_MAILED, as_seen).rowcount == 0:
                raise Changed
        as_seen = {"reader": recipient.user_id, "due": recipient.due_at, "times_asked": recipient.asked}
        if connection.execute(_CLAIM, {**as_seen, "address": recipient.address}).rowcount == 0:
            raise Changed
        return mail.create_claimed(
            user_id=recipient.user_id,
            address=recipient.address,
            name="digest",
            context={"name": recipient.name},
            covers=[thread.covers() for thread in decision.threads],
            reason=decision.why,
            now=now,
        )


_membership, _message, _schedule = table(Membership).c, table(Message).c, table(DigestSchedule).c
_refused = table(RefusedAddress).c
_moment = bindparam("moment", type_=UTCDateTime())

_COUNT_AS_MAILED = (
    update(table(Membership))
    .where(
        _membership.user_id == bindparam("reader"),
        _membership.thread_id == bindparam("thread"),
        _membership.last_seq == bindparam("top"),
        _membership.last_read_seq == bindparam("read"),
        _membership.mailed_seq == bindparam("mailed"),
        or_(_membership.muted_until.is_(None), _membership.muted_until <= _moment),
        or_(_membership.snoozed_until.is_(None), _membership.snoozed_until <= _moment),
        ~exists().where(
            _message.thread_id == _membership.thread_id,
            _message.seq >= bindparam("first"),
            or_(_message.edited_at.is_not(None), _message.deleted_at.is_not(None)),
        ),
    )
    .values(mailed_seq=bindparam("top"))
)
_CLAIM = delete(table(DigestSchedule)).where(
    _schedule.user_id == bindparam("reader"),
    _schedule.due_at == bindparam("due"),
    _schedule.asked == bindparam("times_asked"),
    ~exists().where(_refused.email == bindparam("address")),
)


# The run


def send_due(*, now: datetime, cadence: str | None = None) -> Iterator[Outcome]:
    """Work off everybody who is due, of one cadence or all, over a few connections; yields what came of each.

    Who has waited longest comes first. Safe to run twice, on two hosts at once, and to stop anywhere; stops where the
    mail server cannot be reached at all.
    """
    with SmtpPool() as pool:
        while not pool.unreachable and (due := _due(now, cadence, BATCH * len(pool))):
            yield from pool.distribute(
                due, lambda user_ids, connection: _send_batch(user_ids, now, connection)
            )


def _send_batch(user_ids: Sequence[str], now: datetime, connection: MailConnection) -> list[Outcome]:
    prepared = _build_batch_safely(user_ids, now)
    outcomes = []
    for user_id in user_ids:
        outcome = _send_safely(user_id, prepared.get(user_id), now, connection)
        if outcome is not None:
            outcomes.append(outcome)
        if connection.unreachable:
            break
    return outcomes


def _due(now: datetime, cadence: str | None, limit: int) -> list[str]:
    """Those who wait longest; where there are many, some of those, so that two runs at once go for different ones."""
    query = select(DigestSchedule.user_id).where(DigestSchedule.due_at <= now)
    query = (
        _of_cadence(query, cadence)
        .order_by(DigestSchedule.due_at, DigestSchedule.user_id)
        .limit(limit * OVERSAMPLE)
    )
    found = list(db.session.execute(query).scalars())
    return [found[index] for index in sorted(sample(range(len(found)), min(limit, len(found))))]


def _of_cadence(query: Select[str], cadence: str | None) -> Select[str]:
    if cadence is None:
        return query
    theirs = func.coalesce(Preferences.cadence, "soon")
    return query.outerjoin(Preferences, Preferences.user_id == DigestSchedule.user_id).where(
        theirs == cadence
    )


def _build_batch_safely(user_ids: Sequence[str], now: datetime) -> dict[str, Prepared]:
    try:
        return build_batch(user_ids, now)
    except Exception:
        log.exception("one of %s people could not be decided on; each is now taken alone", len(user_ids))
        db.session.rollback()
        return {}


def _send_safely(
    user_id: str, prepared: Prepared | None, now: datetime, connection: MailConnection
) -> Outcome | None:
    """One person's trouble is theirs alone, and does not come first again at once."""
    try:
        if prepared is not None and (outcome := _send_prepared(prepared, now, connection)):
            return outcome
        return send_one(user_id=user_id, now=now, connection=connection)
    except Exception:
        log.exception("the digest of %s could not be decided", user_id)
        postpone(user_id, now)
        return Outcome(user_id, "failed", "It could not be decided; it is tried again.")


def _send_prepared(prepared: Prepared, now: datetime, connection: MailConnection) -> Outcome | None:
    """None: things have changed since, and nothing was done."""
    try:
        written = claim(prepared, now)
    except Changed:
        return None
    state = mail.send_claimed(mail=written, connection=connection, now=now, content=prepared.content)
    return Outcome(written.user_id or "", state or written.state, written.reason, written.id)


def sweep(now: datetime) -> dict[str, int]:
    """Everybody who is due. Answers how many digests were sent, skipped, put off, and so on."""
    done = Counter(outcome.did for outcome in send_due(now=now))
    return {
        f"digests_{did}": done[did] for did in (*FIRST_COUNTED, *sorted(done.keys() - set(FIRST_COUNTED)))
    }


# Looking before leaping


class Forecast(NamedTuple):
    """What a run would do about one person."""

    recipient: Recipient
    decision: DigestDecision


def preview_due(*, now: datetime, cadence: str | None = None) -> Iterator[Forecast]:
    """Everybody for whom a look is planned, and what would come of it now; changes nothing. A page at a time."""
    last = ""
    while True:
        query = _of_cadence(select(DigestSchedule.user_id), cadence).where(DigestSchedule.user_id > last)
        user_ids = list(db.session.execute(query.order_by(DigestSchedule.user_id).limit(BATCH)).scalars())
        if not user_ids:
            return
        for recipient in sorted(load_recipients(user_ids, now).values(), key=lambda each: each.user_id):
            yield Forecast(recipient, forecast(recipient, now))
        last = user_ids[-1]


def forecast(recipient: Recipient, now: datetime) -> DigestDecision:
    if recipient.due_at is not None and recipient.due_at > now:
        return DigestDecision(wait_until=recipient.due_at, why=N_("Not due yet."))
    return decide(recipient, now)
