"""Read what somebody offers and when they work. The number of statements does not grow with the hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from wellchat import money
from wellchat.accounts.models import User
from wellchat.availability.free import AROUND, Hours, Rules, Stay, Taken, Wanted, free_starts
from wellchat.availability.hooks import taken_between
from wellchat.availability.models import Calendar, DaysOff, HourRate, HoursRow, Service, SpecialDay, StayRow
from wellchat.config import setting
from wellchat.connections.queries import connection_between
from wellchat.db import db, table
from wellchat.errors import NotFound

A_WEEK = timedelta(days=8)  # and what the two ends of a range touch


@dataclass(frozen=True)
class Price:
    """The price of a service, in the smallest unit."""

    minor: int
    currency: str

    @property
    def shown(self) -> str:
        """Return it as people write it."""
        return money.shown(self.minor, self.currency)


def calendar_of(professional_id: str) -> Calendar | None:
    """Return somebody's calendar, None where they have set up none."""
    return db.session.get(Calendar, professional_id)


def rules_of(calendar: Calendar, first: date, last: date) -> Rules:
    """Return the rules of a calendar, with the days that differ between two dates, in four statements."""
    theirs, run = calendar.professional_id, db.session.execute
    hours = table(HoursRow).c
    week = select(hours.weekday, hours.begin_minute, hours.end_minute, hours.every, hours.anchor)
    special = select(SpecialDay.day, SpecialDay.spans).where(SpecialDay.day.between(first, last))
    off = select(DaysOff.first_day, DaysOff.last_day)
    stays = select(StayRow.first_day, StayRow.last_day, StayRow.zone)
    return Rules(
        calendar.zone,
        hours=[Hours(*row) for row in run(week.where(hours.professional_id == theirs))],
        special={
            day: [(begin, end) for begin, end in spans]
            for day, spans in run(special.where(SpecialDay.professional_id == theirs))
        },
        days_off=[
            (row[0], row[1])
            for row in run(off.where(DaysOff.professional_id == theirs, DaysOff.last_day >= first))
        ],
        stays=[
            Stay(*row)
            for row in run(stays.where(StayRow.professional_id == theirs, StayRow.last_day >= first))
        ],
        step=calendar.step,
        notice=timedelta(minutes=calendar.notice_minutes),
        horizon_days=calendar.horizon_days,
        most_per_day=calendar.most_per_day,
        most_per_week=calendar.most_per_week,
        week_starts=calendar.week_starts,
    )


def week_of(professional_id: str) -> dict[int, list[Hours]]:
    """Return weekday -> its hours, the earliest first."""
    of = table(HoursRow).c
    query = select(of.weekday, of.begin_minute, of.end_minute, of.every, of.anchor)
    found: dict[int, list[Hours]] = {}
    for row in db.session.execute(query.where(of.professional_id == professional_id)):
        found.setdefault(row.weekday, []).append(Hours(*row))
    return {day: sorted(hours, key=lambda each: each[1:4]) for day, hours in found.items()}


def wanted_of(service: Service) -> Wanted:
    """Return what a booking of a service takes."""
    return Wanted(service.minutes, service.before_minutes, service.after_minutes)


def free(
    service: Service,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    without: str | None = None,
    wanted: Wanted | None = None,
) -> list[datetime]:
    """Return the moments in [since, until) at which a service may begin.

    `without` names a booking to ignore, and `wanted` is what that one takes where the service has changed
    since. Call it for one moment, [it, it + a minute), to decide about it: no other rule says yes or no.
    """
    calendar = calendar_of(service.professional_id)
    if calendar is None or service.retired_at is not None:
        return []
    # What was asked for may lie at the ends of all time.
    since, until = max(since, now), min(until, now + timedelta(days=calendar.horizon_days + 3))
    if since >= until:
        return []
    rules = rules_of(calendar, (since - AROUND).date(), (until + AROUND).date())
    taken: list[Taken] = []
    for found in taken_between(service.professional_id, since - A_WEEK, until + A_WEEK, now, without):
        taken += found
    return free_starts(rules, wanted or wanted_of(service), taken, since=since, until=until, now=now)


def next_starts(
    service: Service,
    after: datetime,
    now: datetime,
    *,
    count: int = 3,
    without: str | None = None,
    wanted: Wanted | None = None,
) -> list[datetime]:
    """Return the next free starts after a moment, looking two weeks at a time, up to the horizon."""
    calendar = calendar_of(service.professional_id)
    found: list[datetime] = []
    since, weeks = max(after, now), timedelta(days=14)
    last = now + timedelta(days=calendar.horizon_days + 2) if calendar else now
    while len(found) < count and since < last:
        found += free(service, since=since, until=since + weeks, now=now, without=without, wanted=wanted)
        since += weeks
    return found[:count]


def services_of(professional_id: str) -> Sequence[Service]:
    """Return what somebody offers, by name, without what is retired."""
    query = select(Service).where(Service.professional_id == professional_id, Service.retired_at.is_(None))
    return db.session.execute(query.order_by(Service.name, Service.id)).scalars().all()


def service_for(viewer: User, service_id: str) -> Service:
    """Return a service that the viewer offers, or may book. Raises NotFound, also for others' services."""
    found = db.session.get(Service, service_id)
    if found is None or not may_see(viewer, found.professional_id):
        raise NotFound
    return found


def may_see(viewer: User, professional_id: str) -> bool:
    """Return whether the viewer may see somebody's services: their own, or those of a connected person."""
    if viewer.id == professional_id:
        return True
    pair = connection_between(viewer.id, professional_id) if viewer.is_client else None
    return pair is not None and pair.professional_id == professional_id and pair.closed_at is None


def price_of(service: Service) -> Price | None:
    """Return the price: the service's own, else by the person's hour, else by the installation's.

    None: none is set, and it is said on request. 0 only where somebody set it.
    """
    if service.price_minor is not None and service.currency is not None:
        return Price(service.price_minor, service.currency)
    rate = db.session.get(HourRate, service.professional_id)
    if rate is not None:
        return Price(money.of_minutes(service.minutes, rate.hour_minor), rate.currency)
    if (hour := setting("HOUR_PRICE")) is not None:
        return Price(money.of_minutes(service.minutes, hour[0]), hour[1])
    return None
