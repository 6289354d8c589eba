"""Run over everybody who is due, for digests and for weekly summaries, over a few SMTP connections.

Digests are decided on in batches and claimed if nothing has changed since (batches.py). All other people, and
all weekly summaries, are claimed first and decided on afterwards (actions.send_one).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from random import sample
from typing import NamedTuple

from sqlalchemy import Select, func, select

from wellchat.aside import waits_for_others
from wellchat.claims import each_safely
from wellchat.db import db
from wellchat.digests.actions import Outcome, postpone, send_one
from wellchat.digests.batches import Changed, Prepared, build_batch, claim
from wellchat.digests.decide import DigestDecision
from wellchat.digests.kinds import DIGEST, WEEK, DigestKind
from wellchat.digests.recipients import Recipient, load_recipients
from wellchat.i18n import N_
from wellchat.mail import actions as mail
from wellchat.mail.smtp_pool import SmtpPool
from wellchat.mail.transport import MailConnection
from wellchat.notifications.models import Preferences

log = logging.getLogger(__name__)

BATCH = 100  # people whom one connection looks at together
OVERSAMPLE = 10  # times as many are looked at to choose from
FIRST_COUNTED = ("sent", "skipped", "waiting")


def send_due(*, now: datetime, kind: DigestKind = DIGEST, cadence: str | None = None) -> Iterator[Outcome]:
    """Send to everybody who is due, of one cadence or all, and yield the outcome of each.

    Whoever has waited longest comes first. Safe to run twice, on two hosts at once, and to stop anywhere.
    Ends early if the mail server cannot be reached.
    """
    with SmtpPool() as pool:
        while not pool.unreachable and (due := _due(kind, now, cadence, BATCH * len(pool))):
            yield from pool.distribute(
                due, lambda user_ids, connection: _send_batch(kind, user_ids, now, connection)
            )


def _due(kind: DigestKind, now: datetime, cadence: str | None, limit: int) -> list[str]:
    """Return the ids of up to `limit` people who have waited longest, longest first.

    If more are due, it is a random choice of them, so that two runs at once take different people.
    """
    row = kind.schedule
    query = _of_cadence(kind, select(row.user_id).where(row.due_at <= now), cadence)
    query = query.order_by(row.due_at, row.user_id).limit(limit * OVERSAMPLE)
    found = list(db.session.execute(query).scalars())
    return [found[index] for index in sorted(sample(range(len(found)), min(limit, len(found))))]


def _of_cadence(kind: DigestKind, query: Select[str], cadence: str | None) -> Select[str]:
    if cadence is None:
        return query
    theirs = func.coalesce(Preferences.cadence, "soon")
    joined = query.outerjoin(Preferences, Preferences.user_id == kind.schedule.user_id)
    return joined.where(theirs == cadence)


def _send_batch(
    kind: DigestKind, user_ids: Sequence[str], now: datetime, connection: MailConnection
) -> list[Outcome]:
    prepared = _build_batch_safely(user_ids, now) if kind.holds_messages else {}
    outcomes = []
    for outcome in each_safely(
        user_ids,
        lambda user_id: _send(kind, user_id, prepared.get(user_id), now, connection),
        lambda user_id: _postpone(kind, user_id, now),
        what=kind.name,
    ):
        if outcome is not None:
            outcomes.append(outcome)
        if connection.unreachable:
            break
    return outcomes


def _build_batch_safely(user_ids: Sequence[str], now: datetime) -> Mapping[str, Prepared]:
    """Return what `build_batch` does, or {} if one person's data breaks it: each is then taken alone."""
    try:
        return build_batch(user_ids, now)
    except Exception:
        log.exception("one of %s people could not be decided on; each is now taken alone", len(user_ids))
        db.session.rollback()
        return {}


def _send(
    kind: DigestKind, user_id: str, prepared: Prepared | None, now: datetime, connection: MailConnection
) -> Outcome | None:
    if prepared is not None and (outcome := _send_prepared(prepared, now, connection)):
        return outcome
    return send_one(kind=kind, user_id=user_id, now=now, connection=connection)


def _postpone(kind: DigestKind, user_id: str, now: datetime) -> Outcome:
    postpone(kind, user_id, now)
    return Outcome(user_id, "failed", "It could not be decided; it is tried again.")


def _send_prepared(prepared: Prepared, now: datetime, connection: MailConnection) -> Outcome | None:
    """Claim and send a prepared digest. None: something has changed since, and nothing was written."""
    try:
        written = claim(prepared, now)
    except Changed:
        return None
    state = mail.send_claimed(mail=written, connection=connection, now=now, content=prepared.content)
    return Outcome(written.user_id or "", state or written.state, written.reason, written.id)


@waits_for_others
def sweep(now: datetime) -> dict[str, int]:
    """Send the digests that are due. Return how many were sent, skipped, left waiting, and so on."""
    return _sweep(DIGEST, now)


@waits_for_others
def sweep_weeks(now: datetime) -> dict[str, int]:
    """Send the weekly summaries that are due. Return counts as `sweep` does."""
    return _sweep(WEEK, now)


def _sweep(kind: DigestKind, now: datetime) -> dict[str, int]:
    done = Counter(outcome.did for outcome in send_due(now=now, kind=kind))
    others = sorted(done.keys() - set(FIRST_COUNTED))
    return {f"{kind.name}s_{did}": done[did] for did in (*FIRST_COUNTED, *others)}


class Forecast(NamedTuple):
    """One person, and what a run would decide about them now."""

    recipient: Recipient
    decision: DigestDecision


def preview_due(
    *, now: datetime, kind: DigestKind = DIGEST, cadence: str | None = None
) -> Iterator[Forecast]:
    """Yield what a run would decide about everybody who is scheduled, by user id. Change nothing.

    Of weekly summaries, only those that are due: most people are scheduled for one most of the time.
    """
    row, last = kind.schedule, ""
    while True:
        query = _of_cadence(kind, select(row.user_id), cadence).where(row.user_id > last)
        if kind is WEEK:
            query = query.where(row.due_at <= now)
        # A page at a time, so that memory does not grow with the number of people.
        user_ids = list(db.session.execute(query.order_by(row.user_id).limit(BATCH)).scalars())
        if not user_ids:
            return
        for _, recipient in sorted(load_recipients(user_ids, now).items()):
            decision = forecast(recipient, now) if kind is DIGEST else kind.decide(recipient, now)
            yield Forecast(recipient, decision)
        last = user_ids[-1]


def forecast(recipient: Recipient, now: datetime) -> DigestDecision:
    """Decide about a digest as a run would now, which leaves out those that are not due."""
    if recipient.due_at is not None and recipient.due_at > now:
        return DigestDecision(wait_until=recipient.due_at, why=N_("Not due yet."))
    return DIGEST.decide(recipient, now)
