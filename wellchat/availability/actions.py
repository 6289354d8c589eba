"""Change what somebody offers and when they work. Each locks their calendar first, as bookings do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from wellchat import money
from wellchat.accounts.models import User
from wellchat.availability.forms import PutException, PutRules, PutService, span_of
from wellchat.availability.free import Span
from wellchat.availability.models import Calendar, DaysOff, HourRate, HoursRow, Service, SpecialDay, StayRow
from wellchat.db import db, insert, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.i18n import gettext

MAX_SERVICES, MAX_HOURS, MAX_DAYS = 100, 1000, 400
WEEKLY = tuple[int, int, int, int]  # weekday, from, until, every


def only_professionals(viewer: User) -> None:
    """Raise NotFound for everybody else: they offer nothing."""
    if not viewer.is_professional:
        raise NotFound


def lock_calendar(professional_id: str) -> Calendar | None:
    """Lock and return somebody's calendar. It comes before every other lock: see docs/architecture.md."""
    return db.session.get(Calendar, professional_id, with_for_update=True, populate_existing=True)


def put_service(*, viewer: User, form: PutService, now: datetime, service_id: str | None = None) -> Service:
    """Make a service, or change one. Bookings that stand keep their time, price and terms.

    Raises NotFound, and Invalid for too many.
    """
    only_professionals(viewer)
    with transaction() as session:
        _have_calendar(session, viewer, now)
        service = own_service(viewer, service_id) if service_id else _new_service(viewer, now)
        price = money.parse(form.price) if form.price else (None, None)
        service.name, service.about, service.place = form.name, form.about, form.place
        service.minutes, service.before_minutes, service.after_minutes = form.minutes, form.before, form.after
        service.price_minor, service.currency = price
        service.asks = form.asks
        service.window_minutes, service.late_share = form.window_hours * 60, form.late_percent * 100
        session.add(service)
    return service


def _new_service(viewer: User, now: datetime) -> Service:
    theirs = select(Service.id).where(Service.professional_id == viewer.id, Service.retired_at.is_(None))
    if len(db.session.execute(theirs.limit(MAX_SERVICES)).all()) == MAX_SERVICES:
        raise Invalid({"name": gettext("There are as many as there may be. Take one away first.")})
    return Service(professional_id=viewer.id, made_at=now)


def own_service(viewer: User, service_id: str) -> Service:
    """Return a service of the viewer's. Raises NotFound."""
    found = db.session.get(Service, service_id)
    if found is None or found.professional_id != viewer.id:
        raise NotFound
    return found


def retire_service(*, viewer: User, service_id: str, now: datetime) -> None:
    """Offer a service no more. What is booked stays. Raises NotFound."""
    with transaction():
        service = own_service(viewer, service_id)
        service.retired_at = service.retired_at or now


def _have_calendar(session: Session, viewer: User, now: datetime) -> Calendar:
    new = insert(Calendar).values(professional_id=viewer.id, zone=viewer.time_zone, changed_at=now)
    session.execute(new.on_conflict_do_nothing(index_elements=["professional_id"]))
    found = lock_calendar(viewer.id)
    assert found is not None
    return found


def set_rules(*, viewer: User, form: PutRules, now: datetime) -> Calendar:
    """Set the zone of somebody's hours, and their rules of notice, horizon and how much. Raises NotFound."""
    only_professionals(viewer)
    with transaction() as session:
        calendar = _have_calendar(session, viewer, now)
        calendar.zone, calendar.step, calendar.week_starts = form.zone, form.step, form.week_starts
        calendar.notice_minutes, calendar.horizon_days = form.notice_hours * 60, form.horizon_days
        calendar.most_per_day, calendar.most_per_week = form.most_per_day, form.most_per_week
        calendar.changed_at = now
    return calendar


def set_hours(*, viewer: User, week: Sequence[WEEKLY], now: datetime, anchor: date | None = None) -> Calendar:
    """Set all weekly hours. `anchor` is a day of a week that counts, of hours of every second week.

    Raises NotFound, and Invalid for too many.
    """
    only_professionals(viewer)
    if len(week) > MAX_HOURS:
        raise Invalid({"hours": gettext("There are as many as there may be. Take one away first.")})
    with transaction() as session:
        calendar = _have_calendar(session, viewer, now)
        calendar.changed_at = now
        session.execute(delete(HoursRow).where(HoursRow.professional_id == viewer.id))
        for weekday, begin, end, every in week:
            row = HoursRow(professional_id=viewer.id, weekday=weekday, begin_minute=begin, end_minute=end)
            row.every, row.anchor = every, (anchor or now.date()) if every == 2 else None
            session.add(row)
    return calendar


def set_week(*, viewer: User, form: PutRules, week: Sequence[WEEKLY], now: datetime) -> None:
    """Set the rules and all weekly hours, together. Raises NotFound, Invalid."""
    with transaction():
        set_rules(viewer=viewer, form=form, now=now)
        set_hours(viewer=viewer, week=week, now=now, anchor=_anchor(viewer))


def _anchor(viewer: User) -> date | None:
    """Return the day from which every second week counts; None where there is none yet."""
    kept = select(HoursRow.anchor).where(HoursRow.professional_id == viewer.id, HoursRow.every == 2)
    return db.session.execute(kept.limit(1)).scalar()


def put_exception(*, viewer: User, form: PutException, now: datetime) -> None:
    """Do what the form of days that differ says. Raises NotFound, Invalid."""
    last = form.last or form.first
    if form.kind == "off":
        take_days_off(viewer=viewer, first=form.first, last=last, now=now)
    elif form.kind == "stay":
        if form.zone_there is None:
            raise Invalid({"zone_there": gettext("This field is required.")})
        travel(viewer=viewer, first=form.first, last=last, zone=form.zone_there, now=now)
    else:
        try:
            spans = [span_of(form.special_from, form.special_to)]
        except ValueError as problem:
            raise Invalid({"special_from": str(problem)}) from None
        set_special_day(viewer=viewer, day=form.first, spans=spans, now=now)


def set_special_day(*, viewer: User, day: date, spans: Sequence[Span] | None, now: datetime) -> None:
    """Set the hours of one day; none close it, None takes back what was set. Raises NotFound."""
    only_professionals(viewer)
    with transaction() as session:
        _have_calendar(session, viewer, now)
        session.execute(
            delete(SpecialDay).where(SpecialDay.professional_id == viewer.id, SpecialDay.day == day)
        )
        if spans is not None:
            _refuse_too_many(viewer)
            session.add(SpecialDay(professional_id=viewer.id, day=day, spans=[list(each) for each in spans]))


def take_days_off(*, viewer: User, first: date, last: date, now: datetime) -> DaysOff:
    """Take days off, the last one included. Nothing that is booked is cancelled. Raises NotFound, Invalid."""
    only_professionals(viewer)
    _refuse_backwards(first, last)
    with transaction() as session:
        _have_calendar(session, viewer, now)
        _refuse_too_many(viewer)
        days = DaysOff(professional_id=viewer.id, first_day=first, last_day=last)
        session.add(days)
    return days


def travel(*, viewer: User, first: date, last: date, zone: str, now: datetime) -> StayRow:
    """Go by the clock of another place on some days. Raises NotFound, Invalid."""
    only_professionals(viewer)
    _refuse_backwards(first, last)
    with transaction() as session:
        _have_calendar(session, viewer, now)
        _refuse_too_many(viewer)
        stay = StayRow(professional_id=viewer.id, first_day=first, last_day=last, zone=zone)
        session.add(stay)
    return stay


def take_back(*, viewer: User, exception_id: str) -> None:
    """Take back days off, a stay, or the hours of one day, which its date names. Raises NotFound."""
    with transaction() as session:
        if (day := _day(exception_id)) is not None:
            gone = delete(SpecialDay).where(SpecialDay.professional_id == viewer.id, SpecialDay.day == day)
            if session.execute(gone).rowcount:  # type: ignore[attr-defined]
                return
            raise NotFound
        for model in (DaysOff, StayRow):
            gone = delete(model).where(model.id == exception_id, model.professional_id == viewer.id)
            if session.execute(gone).rowcount:  # type: ignore[attr-defined]
                return
        raise NotFound


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _refuse_backwards(first: date, last: date) -> None:
    if last < first:
        raise Invalid({"last": gettext("The last day must not be before the first.")})


def _refuse_too_many(viewer: User) -> None:
    for model in (DaysOff, StayRow, SpecialDay):
        theirs = select(model.professional_id).where(model.professional_id == viewer.id)
        if len(db.session.execute(theirs.limit(MAX_DAYS)).all()) == MAX_DAYS:
            raise Invalid({"first": gettext("There are as many as there may be. Take one away first.")})


def set_rate(*, professional_id: str, price: str) -> None:
    """Set what an hour of somebody costs, such as `90.00 EUR`; empty: what the installation says.

    Raises NotFound, and Invalid for no amount.
    """
    try:
        amount = money.parse(price) if price else None
    except ValueError as problem:
        raise Invalid({"price": str(problem)}) from None
    with transaction() as session:
        person = session.get(User, professional_id)
        if person is None or not person.is_professional:
            raise NotFound
        session.execute(delete(HourRate).where(HourRate.professional_id == professional_id))
        if amount:
            session.add(HourRate(professional_id=professional_id, hour_minor=amount[0], currency=amount[1]))
