"""Preview who gets what on which day, as the worker would decide it today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from wellchat.accounts.models import User
from wellchat.check_ins import reasons
from wellchat.check_ins.filling import fill_in, values_for
from wellchat.check_ins.models import (
    MAX_PER_MONTH,
    SENT,
    SKIPPED,
    CheckIn,
    CheckInLimit,
    CheckInRefusal,
    CheckInRule,
)
from wellchat.check_ins.occasions import Occasion, occasions
from wellchat.connections.models import Connection
from wellchat.db import db

AHEAD = timedelta(days=60)
LATELY = 20  # of what was sent or left out


@dataclass(frozen=True)
class Planned:
    """One check-in to come. `left_out` is a name of reasons.py; None: it is sent."""

    occasion: Occasion
    text: str
    left_out: str | None


def rules_of(professional: User) -> Sequence[CheckInRule]:
    """Return the rules of a professional, oldest first."""
    query = select(CheckInRule).where(CheckInRule.professional_id == professional.id)
    return db.session.execute(query.order_by(CheckInRule.created_at, CheckInRule.id)).scalars().all()


def per_month(professional_id: str) -> int:
    """Return how many check-ins one person gets in a month at the most."""
    query = select(CheckInLimit.per_month).where(CheckInLimit.professional_id == professional_id)
    found: int | None = db.session.execute(query).scalar_one_or_none()
    return MAX_PER_MONTH if found is None else found


def month_of(moment: datetime, zone: str) -> tuple[int, int]:
    """Return (year, month) of a moment, on the professional's clock."""
    there = moment.astimezone(ZoneInfo(zone))
    return there.year, there.month


def start_of_month(moment: datetime, zone: str) -> datetime:
    """Return when the month of a moment began on the professional's clock, in UTC."""
    there = moment.astimezone(ZoneInfo(zone))
    return there.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def count_sent(connection_ids: Sequence[str], since: datetime) -> dict[str, int]:
    """Return connection id -> how many check-ins it got since then."""
    query = select(CheckIn.connection_id, func.count()).where(
        CheckIn.connection_id.in_(connection_ids), CheckIn.state == SENT, CheckIn.settled_at >= since
    )
    rows = db.session.execute(query.group_by(CheckIn.connection_id)).all()
    return {row[0]: row[1] for row in rows}


def plan(professional: User, now: datetime, end: datetime | None = None) -> list[Planned]:
    """Return what is to come up to `end`, by time; without it, of the next 60 days.

    Today's rules, bookings and birthdays decide, and who wants none. It takes as many statements for one
    client as for thousands.
    """
    rules = [rule for rule in rules_of(professional) if rule.paused_at is None]
    found = occasions(rules, now, end or now + AHEAD)
    ids = sorted({each.connection.id for each in found})
    refused = _refused(ids)
    settled = _settled([rule.id for rule in rules], ids)
    sent: Counter[tuple[str, tuple[int, int]]] = Counter()
    this_month = month_of(now, professional.time_zone)
    for connection_id, number in count_sent(ids, start_of_month(now, professional.time_zone)).items():
        sent[connection_id, this_month] = number
    limit = per_month(professional.id)
    planned = []
    for each in found:
        state, reason = settled.get((each.rule.id, each.connection.id, each.key), (None, None))
        if state == SENT:
            continue
        month = (each.connection.id, month_of(each.due_at, professional.time_zone))
        left_out = _left_out(each, state, reason, refused, sent[month] >= limit)
        if left_out is None:
            sent[month] += 1
        values = values_for(professional, each.connection.client, each.booking)
        planned.append(Planned(each, fill_in(each.rule.body, values), left_out))
    return planned


def _left_out(
    each: Occasion, state: str | None, reason: str | None, refused: set[str], is_over: bool
) -> str | None:
    if state == SKIPPED:
        return reason
    if each.connection.id in refused:
        return reasons.REFUSED
    if each.connection.closed_at is not None:
        return reasons.CLOSED
    return reasons.LIMIT if is_over else None


def _refused(connection_ids: Sequence[str]) -> set[str]:
    query = select(CheckInRefusal.connection_id).where(CheckInRefusal.connection_id.in_(connection_ids))
    return set(db.session.execute(query).scalars())


Key = tuple[str, str, str]


def _settled(rule_ids: Sequence[str], connection_ids: Sequence[str]) -> Mapping[Key, tuple[str, str | None]]:
    of = CheckIn
    query = select(of.rule_id, of.connection_id, of.occasion_key, of.state, of.reason)
    query = query.where(of.rule_id.in_(rule_ids), of.connection_id.in_(connection_ids))
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in db.session.execute(query)}


def lately(professional: User) -> list[tuple[CheckIn, User]]:
    """Return what was sent or left out last, the latest first, each with its client."""
    query = (
        select(CheckIn, User)
        .join(CheckInRule, CheckInRule.id == CheckIn.rule_id)
        .join(Connection, Connection.id == CheckIn.connection_id)
        .join(User, User.id == Connection.client_id)
        .where(CheckInRule.professional_id == professional.id, CheckIn.settled_at.is_not(None))
        .where(CheckIn.reason.is_distinct_from(reasons.BY_HAND))
        .options(joinedload(CheckIn.rule))
        .order_by(CheckIn.settled_at.desc(), CheckIn.id)
        .limit(LATELY)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]
