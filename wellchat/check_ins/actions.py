"""Make and change rules, leave one check-in out, refuse all, and note birthdays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select

from wellchat.accounts.models import User
from wellchat.check_ins import reasons
from wellchat.check_ins.models import (
    BIRTHDAY,
    QUEUED,
    SKIPPED,
    Birthday,
    CheckIn,
    CheckInLimit,
    CheckInRefusal,
    CheckInRule,
)
from wellchat.check_ins.occasions import birthday_in
from wellchat.connections.models import Connection
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.queries import ThreadView, pair_threads, thread_for

MAX_RULES = 30  # of one professional
LEAP_YEAR = 2000


def rule_for(professional: User, rule_id: str) -> CheckInRule:
    """Return a rule of the professional's. Raises NotFound."""
    query = select(CheckInRule).where(
        CheckInRule.id == rule_id, CheckInRule.professional_id == professional.id
    )
    found = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def check_professional(viewer: User) -> None:
    """Raise NotFound for everybody who has no clients: the pages do not exist for them."""
    if not viewer.is_professional:
        raise NotFound


def make_rule(
    *, viewer: User, name: str, occasion: str, days: int, hour: int, body: str, now: datetime
) -> CheckInRule:
    """Make a rule. It sends nothing about what was due before. Raises NotFound, and Invalid for MAX_RULES."""
    check_professional(viewer)
    count = select(func.count()).where(CheckInRule.professional_id == viewer.id)
    if db.session.execute(count).scalar_one() >= MAX_RULES:
        raise Invalid({"name": gettext("You have %(num)s rules. Delete one first.", num=MAX_RULES)})
    with transaction() as session:
        rule = CheckInRule(professional_id=viewer.id, name=name, occasion=occasion, hour=hour, body=body)
        rule.days = _days(occasion, days)
        rule.since = rule.due_at = rule.created_at = now
        session.add(rule)
        session.flush()
    return rule


def _days(occasion: str, days: int) -> int:
    if occasion == BIRTHDAY:
        return 0
    if days < 1:
        raise Invalid({"days": gettext("Choose at least one day after the booking.")})
    return days


def change_rule(
    *, viewer: User, rule_id: str, name: str, occasion: str, days: int, hour: int, body: str, now: datetime
) -> CheckInRule:
    """Change a rule. What the new rule would have sent before now is not sent. Raises NotFound, Invalid."""
    with transaction() as session:
        rule = _locked(viewer, rule_id)
        days = _days(occasion, days)
        if (rule.occasion, rule.days, rule.hour) != (occasion, days, hour):
            rule.since = now
            _forget_queued(rule)
        rule.name, rule.occasion, rule.days, rule.hour, rule.body = name, occasion, days, hour, body
        session.flush()
    return rule


def pause_rule(*, viewer: User, rule_id: str, paused: bool, now: datetime) -> CheckInRule:
    """Pause a rule, or let it go on. What was due meanwhile is not sent afterwards. Raises NotFound."""
    with transaction():
        rule = _locked(viewer, rule_id)
        if paused and rule.paused_at is None:
            rule.paused_at, rule.due_at = now, None
            _forget_queued(rule)
        elif not paused and rule.paused_at is not None:
            rule.paused_at = None
            rule.since = rule.due_at = now
    return rule


def _forget_queued(rule: CheckInRule) -> None:
    """Delete what is planned by the rule and not sent yet, in the caller's transaction."""
    planned = (CheckIn.rule_id == rule.id, CheckIn.state == QUEUED)
    db.session.execute(delete(CheckIn).where(*planned).execution_options(synchronize_session=False))


def delete_rule(*, viewer: User, rule_id: str) -> None:
    """Delete a rule, with the record of what it sent. The messages stay. Raises NotFound."""
    with transaction() as session:
        rule = _locked(viewer, rule_id)
        session.execute(delete(CheckIn).where(CheckIn.rule_id == rule.id))
        session.execute(delete(CheckInRule).where(CheckInRule.id == rule.id))


def _locked(viewer: User, rule_id: str) -> CheckInRule:
    query = select(CheckInRule).where(CheckInRule.id == rule_id, CheckInRule.professional_id == viewer.id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.execute(locked).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def set_limit(*, viewer: User, per_month: int) -> None:
    """Set how many check-ins one person gets in a month at the most, of all rules together."""
    check_professional(viewer)
    with transaction() as session:
        fresh = insert(CheckInLimit).values(professional_id=viewer.id, per_month=per_month)
        chosen = fresh.on_conflict_do_update(
            index_elements=["professional_id"], set_={"per_month": per_month}
        )
        session.execute(chosen)


def leave_out(
    *, viewer: User, rule_id: str, connection_id: str, occasion_key: str, on: bool, now: datetime
) -> None:
    """Leave one check-in out, or take that back. Raises NotFound, and Conflict if it was settled."""
    rule = rule_for(viewer, rule_id)
    connection = db.session.get(Connection, connection_id)
    if connection is None or connection.professional_id != viewer.id:
        raise NotFound
    with transaction() as session:
        key = {"rule_id": rule.id, "connection_id": connection_id, "occasion_key": occasion_key}
        # One statement makes it, so that the worker that plans it at this moment does not make a second.
        planned = {"id": new_id(), "state": SKIPPED, "reason": reasons.BY_HAND, "attempts": 0}
        fresh = insert(CheckIn).values(planned | key | {"planned_at": now, "settled_at": now})
        session.execute(fresh.on_conflict_do_nothing(index_elements=list(key)))
        query = select(CheckIn).filter_by(**key).with_for_update()
        one = session.execute(query.execution_options(populate_existing=True)).scalar_one()
        if one.state != QUEUED and one.reason != reasons.BY_HAND:
            raise Conflict(gettext("This check-in was sent or left out already."))
        if on:
            one.state, one.reason, one.due_at, one.settled_at = SKIPPED, reasons.BY_HAND, None, now
        else:
            session.delete(one)


def refuse(*, viewer: User, thread_id: str, on: bool, now: datetime) -> None:
    """Say that the viewer, a client, wants no check-ins of the other person any more; or take that back.

    Twice is as once. Raises NotFound.
    """
    connection_id = _as_client(viewer, thread_id).thread.connection_id
    with transaction():
        set_refusal(connection_id=connection_id, client_id=viewer.id, on=on, now=now)


def set_refusal(*, connection_id: str, client_id: str, on: bool, now: datetime) -> None:
    """Write down the no of a connection's client, or take it back, in the caller's transaction."""
    # The worker holds this lock from asking to sending: it asks before the no, or does not send after it.
    db.session.execute(select(Connection.id).where(Connection.id == connection_id).with_for_update())
    if on:
        fresh = insert(CheckInRefusal).values(connection_id=connection_id, user_id=client_id, refused_at=now)
        db.session.execute(fresh.on_conflict_do_nothing(index_elements=["connection_id"]))
    else:
        db.session.execute(delete(CheckInRefusal).where(CheckInRefusal.connection_id == connection_id))


def _as_client(viewer: User, thread_id: str) -> ThreadView:
    view = thread_for(viewer, thread_id)
    if view.thread.client_id != viewer.id:
        raise NotFound
    return view


def has_refused(connection_id: str) -> bool:
    """Return whether the client of a connection wants no check-ins."""
    return db.session.get(CheckInRefusal, connection_id, populate_existing=True) is not None


def may_come(viewer: User, connection: Connection, now: datetime) -> dict[str, Any] | None:
    """Return what a client is shown on the page of a professional, {thread_id, refused, name}, or None.

    None where there is no conversation, and where no rule sends anything and nothing was refused.
    """
    has_rules = exists().where(CheckInRule.professional_id == connection.professional_id)
    refused = exists().where(CheckInRefusal.connection_id == connection.id)
    rules, said_no = db.session.execute(select(has_rules, refused)).one()
    thread_id = pair_threads(viewer, [connection.id]).get(connection.id) if rules or said_no else None
    if thread_id is None:
        return None
    name = db.session.get_one(User, connection.professional_id).shown_name  # known: it is their page
    return {"thread_id": thread_id, "refused": said_no, "name": name}


def birthday_of(connection_id: str) -> Birthday | None:
    """Return the birthday of the client of a connection; None if nobody wrote it down."""
    return db.session.get(Birthday, connection_id, populate_existing=True)


def note_birthday(*, viewer: User, thread_id: str, month: int | None, day: int | None) -> None:
    """Write down the birthday of the client of a thread, or forget it (both None). Either of the two may.

    Raises NotFound, and Invalid for a day that no year has.
    """
    view = thread_for(viewer, thread_id)
    thread = view.thread
    if (month is None) != (day is None):
        raise Invalid({"day": gettext("Choose both the day and the month.")})
    with transaction() as session:
        if month is None or day is None:
            session.execute(delete(Birthday).where(Birthday.connection_id == thread.connection_id))
            return
        if birthday_in(LEAP_YEAR, month, min(day, 28)).month != month or not _exists(month, day):
            raise Invalid({"day": gettext("There is no such day.")})
        values = {"user_id": thread.client_id, "month": month, "day": day}
        fresh = insert(Birthday).values(connection_id=thread.connection_id, **values)
        session.execute(fresh.on_conflict_do_update(index_elements=["connection_id"], set_=values))


def _exists(month: int, day: int) -> bool:
    return birthday_in(LEAP_YEAR, month, day).day == day
