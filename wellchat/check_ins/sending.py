"""Plan what the rules are due to send, and send it: once for each rule, client and occasion.

A rule is looked at every EVERY. What is due becomes a row, by a key that is unique for good; the row is
claimed, decided on again by what is so at that moment, and sent in one transaction with its mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from wellchat import claims, clock_watch
from wellchat.check_ins import reasons
from wellchat.check_ins.actions import has_refused
from wellchat.check_ins.models import QUEUED, SENT, SKIPPED, CheckIn, CheckInRule
from wellchat.check_ins.occasions import Occasion, occasions
from wellchat.check_ins.planning import count_sent, per_month, start_of_month
from wellchat.claims import each_safely
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotAllowed, NotFound
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import AUTOMATIC
from wellchat.messaging.threads import open_thread
from wellchat.notifications.queries import preferences
from wellchat.notifications.quiet_hours import quiet_for

EVERY = timedelta(minutes=10)
LATE = timedelta(days=2)  # quiet hours, and a worker that was away, may delay one by so much
FAR = timedelta(days=800)  # beyond every rule
RULES, BATCH = 100, 500  # of one sweep
LEASE = timedelta(minutes=10)
RETRY_AFTER = timedelta(minutes=5)
KEY = "check-in-"  # begins the client_key of every check-in


def sweep(now: datetime) -> dict[str, int]:
    """Plan and send what is due. Return {"check_ins_sent": number, "check_ins_skipped": number}."""
    if not clock_watch.may_act():
        return {"check_ins_sent": 0, "check_ins_skipped": 0}
    return run(now)


def run(now: datetime) -> dict[str, int]:
    """Do what `sweep` does, whatever the clock of this machine did."""
    due = select(CheckInRule.id).where(CheckInRule.due_at <= now).order_by(CheckInRule.due_at).limit(RULES)
    rule_ids: Sequence[str] = db.session.execute(due).scalars().all()
    for _ in each_safely(rule_ids, lambda each: _plan(each, now), lambda _each: 0, what="rule of check-ins"):
        pass
    query = select(CheckIn.id).where(CheckIn.due_at <= now).order_by(CheckIn.due_at, CheckIn.id)
    ids: Sequence[str] = db.session.execute(query.limit(BATCH)).scalars().all()
    work = each_safely(
        ids, lambda each: _settle(each, now), lambda each: _postpone(each, now), what="check-in"
    )
    states = list(work)
    return {"check_ins_sent": states.count(SENT), "check_ins_skipped": states.count(SKIPPED)}


def _plan(rule_id: str, now: datetime) -> int:
    """Put down what a rule is due to send. Return how much is new. The claim is in the same transaction."""
    with transaction() as session:
        claim = update(CheckInRule).where(CheckInRule.id == rule_id, CheckInRule.due_at <= now)
        claimed = claim.values(due_at=now + EVERY).returning(CheckInRule)
        rule = session.execute(claimed.execution_options(populate_existing=True)).scalar_one_or_none()
        if rule is None:
            return 0
        rows = [
            {
                "id": new_id(),
                "rule_id": rule.id,
                "connection_id": each.connection.id,
                "occasion_key": each.key,
                "state": QUEUED,
                "attempts": 0,
                "planned_at": each.due_at,
                "due_at": each.due_at,
            }
            for each in occasions([rule], now - LATE, now)
        ]
        if rows:
            fresh = insert(CheckIn).on_conflict_do_nothing(
                index_elements=["rule_id", "connection_id", "occasion_key"]
            )
            session.execute(fresh, rows)
        return len(rows)


class _LeftOut(Exception):
    """It is not sent. The argument is a name of reasons.py."""


class _NotYet(Exception):
    """The booking was moved, or the client's clock was: it is planned again when it is due."""


class _NotNow(Exception):
    """It is sent later. The argument is when."""


def _settle(check_in_id: str, now: datetime) -> str | None:
    """Send one, leave it out, or put it off. Return its state; None if it was not due any more."""
    try:
        return _send(check_in_id, now)
    except _NotYet:
        _forget(check_in_id)
        return None
    except _NotNow as later:
        return _mark(check_in_id, now, due_at=later.args[0])
    except _LeftOut as why:
        return _mark(check_in_id, now, reason=why.args[0])
    except NotAllowed:
        return _mark(check_in_id, now, reason=reasons.CLOSED)
    except (NotFound, Invalid, Conflict):
        return _mark(check_in_id, now, reason=reasons.NOT_SENT)


def _claim(check_in_id: str, now: datetime) -> CheckIn | None:
    found = claims.claim(CheckIn, check_in_id, now=now, lease=LEASE, returning=(CheckIn,))
    return None if found is None else found[0]


def _send(check_in_id: str, now: datetime) -> str | None:
    with transaction() as session:
        row = _claim(check_in_id, now)
        if row is None:
            return None
        rule = session.get_one(CheckInRule, row.rule_id, populate_existing=True)
        # Locked: two rules for one person are counted one after the other, and nobody ends it meanwhile.
        locked = (
            select(Connection)
            .where(Connection.id == row.connection_id)
            .options(joinedload(Connection.client), joinedload(Connection.professional))
            .with_for_update(of=Connection)
        )
        found = session.execute(locked.execution_options(populate_existing=True))
        connection = found.scalar_one()
        occasion = _decide(row, rule, connection, now)
        # Filled in now: who opens the thread loads the connection again, without its people.
        text, professional = occasion.text, connection.professional
        thread_id, _ = open_thread(viewer=professional, with_id=connection.client_id, now=now)
        send_message(
            sender=professional,
            thread_id=thread_id,
            body=text,
            client_key=f"{KEY}{row.id}",
            via=AUTOMATIC,
            now=now,
        )
        row.state, row.due_at, row.settled_at = SENT, None, now
        session.flush()
    return SENT


def _decide(row: CheckIn, rule: CheckInRule, connection: Connection, now: datetime) -> Occasion:
    """Return the occasion if the check-in goes out now. Raises _LeftOut, and _NotNow in quiet hours."""
    if rule.paused_at is not None:
        raise _LeftOut(reasons.PAUSED)
    if connection.closed_at is not None or not connection.professional.is_active:
        raise _LeftOut(reasons.CLOSED)
    if has_refused(connection.id):
        raise _LeftOut(reasons.REFUSED)
    if now - row.planned_at > LATE:
        raise _LeftOut(reasons.LATE)
    near = occasions([rule], now - 2 * LATE, now + FAR, connection_id=connection.id)
    found = next((each for each in near if each.key == row.occasion_key), None)
    if found is None:
        raise _LeftOut(reasons.GONE)
    if found.due_at > now:
        raise _NotYet
    if until := quiet_for(preferences(connection.client_id), now):
        raise _NotNow(until)
    since = start_of_month(now, connection.professional.time_zone)
    if count_sent([connection.id], since).get(connection.id, 0) >= per_month(rule.professional_id):
        raise _LeftOut(reasons.LIMIT)
    return found


def _mark(
    check_in_id: str, now: datetime, *, reason: str | None = None, due_at: datetime | None = None
) -> str | None:
    with transaction():
        row = _claim(check_in_id, now)
        if row is None:
            return None
        row.due_at = due_at
        if due_at is None:
            row.state, row.reason, row.settled_at = SKIPPED, reason, now
        return row.state


def _forget(check_in_id: str) -> None:
    with transaction() as session:
        queued = (CheckIn.id == check_in_id, CheckIn.state == QUEUED)
        session.execute(delete(CheckIn).where(*queued).execution_options(synchronize_session=False))


def _postpone(check_in_id: str, now: datetime) -> str | None:
    with transaction():
        claims.postpone(CheckIn, check_in_id, until=now + RETRY_AFTER, states=(QUEUED,))
    return None
