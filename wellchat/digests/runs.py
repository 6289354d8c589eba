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
from wellchat.digests.actions import Outcome, put_off, send_one
from wellchat.digests.decide import Decision, Standing, decide, standings
from wellchat.digests.models import DigestSchedule
from wellchat.digests.render import contents
from wellchat.i18n import N_
from wellchat.mail import actions as mail
from wellchat.mail.lanes import Lanes
from wellchat.mail.models import Mail, RefusedAddress
from wellchat.mail.transport import Lane
from wellchat.messaging.models import Membership, Message
from wellchat.notifications.models import Preferences

log = logging.getLogger(__name__)

BATCH = 100  # people whom one lane looks at together
CHOICE = 10  # times as many are looked at to choose from
FIRST_COUNTED = ("sent", "skipped", "waiting")


class Prepared(NamedTuple):
    """A mail as it would be by what was seen a moment ago."""

    standing: Standing
    decision: Decision
    content: dict[str, Any]


class Changed(Exception):
    """What a decision stood on is not so any more."""


# Deciding before the claim


def prepare(user_ids: Sequence[str], now: datetime) -> dict[str, Prepared]:
    """Those of these people who are to get a mail now by what can be seen, and the mail. Changes nothing."""
    snapshot()  # or another run mails half of it while we look
    found = [(standing, decide(standing, now)) for standing in standings(user_ids, now).values()]
    ready = [(standing, decision) for standing, decision in found if decision.threads and decision.later is None]
    content = contents(ready)
    return {standing.user_id: Prepared(standing, decision, content[standing.user_id]) for standing, decision in ready}


def remember(prepared: Prepared, now: datetime) -> Mail:
    """Claim the person and write down what was prepared. Raises Changed where it would not be decided so now.

    Memberships before the schedule, as everybody locks them. A look that is asked for from here on is a new row.
    """
    standing, decision, _ = prepared
    with transaction() as session:
        connection = session.connection()
        for thread in sorted(decision.threads, key=lambda each: each.thread_id):
            as_seen = {
                "reader": standing.user_id,
                "thread": thread.thread_id,
                "top": thread.top_seq,
                "read": thread.read_seq,
                "mailed": thread.mailed_seq,
                "first": thread.first_seq,
                "moment": now,
            }
            if connection.execute(_COUNT_AS_MAILED, as_seen).rowcount == 0:
                raise Changed
        as_seen = {"reader": standing.user_id, "due": standing.due_at, "times_asked": standing.asked}
        if connection.execute(_CLAIM, {**as_seen, "address": standing.address}).rowcount == 0:
            raise Changed
        return mail.begin(
            user_id=standing.user_id,
            address=standing.address,
            name="digest",
            context={"name": standing.name},
            covers=[thread.covers() for thread in decision.threads],
            reason=decision.why,
            now=now,
        )


_mine, _said, _look = table(Membership).c, table(Message).c, table(DigestSchedule).c
_refused = table(RefusedAddress).c
_moment = bindparam("moment", type_=UTCDateTime())

_COUNT_AS_MAILED = (
    update(table(Membership))
    .where(
        _mine.user_id == bindparam("reader"),
        _mine.thread_id == bindparam("thread"),
        _mine.last_seq == bindparam("top"),
        _mine.last_read_seq == bindparam("read"),
        _mine.mailed_seq == bindparam("mailed"),
        or_(_mine.muted_until.is_(None), _mine.muted_until <= _moment),
        or_(_mine.snoozed_until.is_(None), _mine.snoozed_until <= _moment),
        ~exists().where(
            _said.thread_id == _mine.thread_id,
            _said.seq >= bindparam("first"),
            or_(_said.edited_at.is_not(None), _said.deleted_at.is_not(None)),
        ),
    )
    .values(mailed_seq=bindparam("top"))
)
_CLAIM = delete(table(DigestSchedule)).where(
    _look.user_id == bindparam("reader"),
    _look.due_at == bindparam("due"),
    _look.asked == bindparam("times_asked"),
    ~exists().where(_refused.email == bindparam("address")),
)


# The run


def send_due(*, now: datetime, cadence: str | None = None) -> Iterator[Outcome]:
    """Work off everybody who is due, of one cadence or all, over a few connections; yields what came of each.

    Who has waited longest comes first. Safe to run twice, on two hosts at once, and to stop anywhere; stops where the
    mail server cannot be reached at all.
    """
    with Lanes() as lanes:
        while not lanes.unreachable and (due := _due(now, cadence, BATCH * len(lanes))):
            yield from lanes.share(due, lambda user_ids, out: _work_off(user_ids, now, out))


def _work_off(user_ids: Sequence[str], now: datetime, out: Lane) -> list[Outcome]:
    prepared = _prepare_safely(user_ids, now)
    outcomes = []
    for user_id in user_ids:
        outcome = _send_safely(user_id, prepared.get(user_id), now, out)
        if outcome is not None:
            outcomes.append(outcome)
        if out.unreachable:
            break
    return outcomes


def _due(now: datetime, cadence: str | None, most: int) -> list[str]:
    """Those who wait longest; where there are many, some of those, so that two runs at once go for different ones."""
    query = select(DigestSchedule.user_id).where(DigestSchedule.due_at <= now)
    query = _of_cadence(query, cadence).order_by(DigestSchedule.due_at, DigestSchedule.user_id).limit(most * CHOICE)
    found = list(db.session.execute(query).scalars())
    return [found[place] for place in sorted(sample(range(len(found)), min(most, len(found))))]


def _of_cadence(query: Select[str], cadence: str | None) -> Select[str]:
    if cadence is None:
        return query
    theirs = func.coalesce(Preferences.cadence, "soon")
    return query.outerjoin(Preferences, Preferences.user_id == DigestSchedule.user_id).where(theirs == cadence)


def _prepare_safely(user_ids: Sequence[str], now: datetime) -> dict[str, Prepared]:
    try:
        return prepare(user_ids, now)
    except Exception:
        log.exception("one of %s people could not be decided on; each is now taken alone", len(user_ids))
        db.session.rollback()
        return {}


def _send_safely(user_id: str, prepared: Prepared | None, now: datetime, out: Lane) -> Outcome | None:
    """One person's trouble is theirs alone, and does not come first again at once."""
    try:
        if prepared is not None and (outcome := _send_prepared(prepared, now, out)):
            return outcome
        return send_one(user_id=user_id, now=now, lane=out)
    except Exception:
        log.exception("the digest of %s could not be decided", user_id)
        put_off(user_id, now)
        return Outcome(user_id, "failed", "It could not be decided; it is tried again.")


def _send_prepared(prepared: Prepared, now: datetime, out: Lane) -> Outcome | None:
    """None: things have changed since, and nothing was done."""
    try:
        written = remember(prepared, now)
    except Changed:
        return None
    state = mail.send_begun(mail=written, lane=out, now=now, content=prepared.content)
    return Outcome(written.user_id or "", state or written.state, written.reason, written.id)


def sweep(now: datetime) -> dict[str, int]:
    """Everybody who is due. Answers how many digests were sent, skipped, put off, and so on."""
    done = Counter(outcome.did for outcome in send_due(now=now))
    return {f"digests_{did}": done[did] for did in (*FIRST_COUNTED, *sorted(done.keys() - set(FIRST_COUNTED)))}


# Looking before leaping


class Foreseen(NamedTuple):
    """What a run would do about one person."""

    standing: Standing
    decision: Decision


def preview_due(*, now: datetime, cadence: str | None = None) -> Iterator[Foreseen]:
    """Everybody for whom a look is planned, and what would come of it now; changes nothing. A page at a time."""
    last = ""
    while True:
        query = _of_cadence(select(DigestSchedule.user_id), cadence).where(DigestSchedule.user_id > last)
        user_ids = list(db.session.execute(query.order_by(DigestSchedule.user_id).limit(BATCH)).scalars())
        if not user_ids:
            return
        for standing in sorted(standings(user_ids, now).values(), key=lambda each: each.user_id):
            yield Foreseen(standing, foresee(standing, now))
        last = user_ids[-1]


def foresee(standing: Standing, now: datetime) -> Decision:
    if standing.due_at is not None and standing.due_at > now:
        return Decision(wait_until=standing.due_at, why=N_("Not due yet."))
    return decide(standing, now)
