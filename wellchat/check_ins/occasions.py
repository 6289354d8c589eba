"""Find what the rules of a professional are about: visits, last bookings and birthdays, and when it is due.

The preview and the worker ask the same functions. They take one statement for each kind of occasion, however
many clients there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from wellchat.check_ins.models import BIRTHDAY, LAST_BOOKING, VISIT, Birthday, CheckInRule
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.notifications.local_time import moment_on
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

NOT_VISITED = ("cancelled", "canceled", "no_show", "noshow", "no-show")  # statuses of the host
SLACK = timedelta(days=2)  # between a day on one clock and a day on another


@dataclass(frozen=True)
class Occasion:
    """Something for which one rule has a message to one client. `key` names it, for good."""

    rule: CheckInRule
    connection: Connection
    key: str
    due_at: datetime
    booking: str | None = None  # its title


def connections_of(professional_id: str, connection_id: str | None = None) -> dict[str, Connection]:
    """Return client id -> connection, with both people loaded; of one connection if it is named."""
    query = select(Connection).where(Connection.professional_id == professional_id)
    if connection_id is not None:
        query = query.where(Connection.id == connection_id)
    both = (joinedload(Connection.client), joinedload(Connection.professional))
    found = db.session.execute(query.options(*both).execution_options(populate_existing=True)).scalars()
    return {each.client_id: each for each in found}


def occasions(
    rules: Sequence[CheckInRule], start: datetime, end: datetime, *, connection_id: str | None = None
) -> list[Occasion]:
    """Return what is due from `start` to `end`, both included, of rules of one professional, by time."""
    if not rules:
        return []
    people = connections_of(rules[0].professional_id, connection_id)
    found: list[Occasion] = []
    for kind, of_kind in ((LAST_BOOKING, _last_bookings), (VISIT, _visits)):
        wanted = [rule for rule in rules if rule.occasion == kind]
        if wanted:
            found += _after_bookings(wanted, people, of_kind(wanted, people, start, end))
    wanted = [rule for rule in rules if rule.occasion == BIRTHDAY]
    if wanted:
        found += _birthdays(wanted, people, start, end)
    due = [each for each in found if start <= each.due_at <= end and each.due_at >= each.rule.since]
    return sorted(due, key=lambda each: (each.due_at, each.connection.client.shown_name, each.key))


def _bookings(people: Mapping[str, Connection], professional_id: str) -> Any:
    of_pair = [kind.name for kind in kinds().values() if kind.scope == "connection"]
    clients = [next(iter(people))] if len(people) == 1 else None
    query = select(Subject).where(
        Subject.professional_id == professional_id,
        Subject.kind.in_(of_pair),
        Subject.starts_at.is_not(None),
        Subject.hidden_at.is_(None),
        Subject.client_id.is_not(None),
        or_(Subject.status.is_(None), func.lower(Subject.status).not_in(NOT_VISITED)),
    )
    return query.where(Subject.client_id.in_(clients)) if clients else query


_END = func.coalesce(Subject.ends_at, Subject.starts_at)


def _visits(
    rules: Sequence[CheckInRule], people: Mapping[str, Connection], start: datetime, end: datetime
) -> list[Subject]:
    first = start - timedelta(days=max(rule.days for rule in rules)) - SLACK
    last = end - timedelta(days=min(rule.days for rule in rules)) + SLACK
    query = _bookings(people, rules[0].professional_id).where(first <= _END, last >= _END)
    return list(db.session.execute(query).scalars())


def _last_bookings(
    rules: Sequence[CheckInRule], people: Mapping[str, Connection], start: datetime, end: datetime
) -> list[Subject]:
    """Return the last booking of each client, whether it is over or still to come."""
    bookings = _bookings(people, rules[0].professional_id).subquery()
    order = (bookings.c.starts_at.desc(), bookings.c.id.desc())
    place = func.row_number().over(partition_by=bookings.c.client_id, order_by=order).label("place")
    numbered = select(bookings.c.id, place).subquery()
    query = select(Subject).join(numbered, numbered.c.id == Subject.id).where(numbered.c.place == 1)
    return list(db.session.execute(query).scalars())


def _after_bookings(
    rules: Sequence[CheckInRule], people: Mapping[str, Connection], subjects: Sequence[Subject]
) -> Iterator[Occasion]:
    for subject in subjects:
        connection = people.get(subject.client_id or "")
        if connection is None or subject.starts_at is None:
            continue
        zone = ZoneInfo(connection.client.time_zone)
        day = (subject.ends_at or subject.starts_at).astimezone(zone).date()
        for rule in rules:
            due = moment_on(day + timedelta(days=rule.days), time(rule.hour), zone)
            yield Occasion(rule, connection, f"subject:{subject.id}", due, subject.title)


def birthday_in(year: int, month: int, day: int) -> date:
    """Return the day of a birthday in a year. That of 29 February is on the 28th in other years."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def _birthdays(
    rules: Sequence[CheckInRule], people: Mapping[str, Connection], start: datetime, end: datetime
) -> Iterator[Occasion]:
    query = select(Birthday).join(Connection, Connection.id == Birthday.connection_id)
    query = query.where(Connection.professional_id == rules[0].professional_id)
    for each in db.session.execute(query).scalars():
        connection = people.get(each.user_id)
        if connection is None or connection.id != each.connection_id:
            continue
        zone = ZoneInfo(connection.client.time_zone)
        for year in range(start.year - 1, end.year + 2):
            day = birthday_in(year, each.month, each.day)
            for rule in rules:
                due = moment_on(day, time(rule.hour), zone)
                yield Occasion(rule, connection, f"birthday:{year}", due)
