"""Read what people set up, and say when somebody is back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from wellchat import i18n
from wellchat.accounts.models import User
from wellchat.automatic_messages.hours import OfficeHours, OfficeState
from wellchat.automatic_messages.models import AutomaticMessages, CouponWelcome
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.i18n import gettext
from wellchat.messaging.queries import ThreadView
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

MAX_COUPONS = 100  # on the page


def only_professionals(viewer: User) -> None:
    """Raise NotFound for everybody else: nobody writes to them first."""
    if not viewer.is_professional:
        raise NotFound


def setup_of(user: User) -> AutomaticMessages | None:
    """Return what somebody set up. It takes no statement where that is nothing."""
    return db.session.get(AutomaticMessages, user.id) if user.answers_by_itself else None


def hours_of(user: User, setup: AutomaticMessages) -> OfficeHours:
    """Return the hours of somebody, in their own zone."""
    return OfficeHours.stored(setup.hours, setup.days_off, user.time_zone)


def reading_zone(reader: User, writer: User) -> ZoneInfo:
    """Return the zone in which a reader thinks; the writer's while theirs is not known."""
    return ZoneInfo(reader.time_zone if reader.zone_known else writer.time_zone)


def state_for(viewer: User, view: ThreadView, now: datetime) -> OfficeState | None:
    """Return whether the professional of a thread is at work, for the client; None without hours."""
    if not viewer.is_client or view.mine.closed_as is not None:
        return None
    setup = setup_of(view.other)
    hours = hours_of(view.other, setup) if setup else None
    return hours.at(now) if hours and hours.are_set else None


def back_words(opens_at: datetime, zone: ZoneInfo) -> str:
    """Return "Tuesday 1 December 09:00", in the language and zone of the reader."""
    local = opens_at.astimezone(zone)
    return f"{i18n.format_date(local.date(), 'long')} {i18n.format_time(local)}"


def back_sentence(name: str, opens_at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Return when somebody is back, as a sentence in the language and zone of the reader."""
    if opens_at is None:
        return gettext("%(name)s is away.", name=name)
    local, today = opens_at.astimezone(zone), now.astimezone(zone).date()
    time = i18n.format_time(local)
    if local.date() == today:
        return gettext("%(name)s is back today at %(time)s.", name=name, time=time)
    if local.date() == today + timedelta(days=1):
        return gettext("%(name)s is back tomorrow at %(time)s.", name=name, time=time)
    day = i18n.format_date(local.date(), "long")
    return gettext("%(name)s is back on %(day)s at %(time)s.", name=name, day=day, time=time)


def note_json(viewer: User, view: ThreadView, now: datetime) -> dict[str, Any] | None:
    """Return what stands above the field of a client, before they write; None without hours.

    `sentence` is shown while `open` is false. While it is true, it is what will be shown from `closes_at` on.
    """
    state = state_for(viewer, view, now)
    if state is None:
        return None
    # What is shown then is known now: a page stays open over the evening.
    then = state
    if state.closes_at is not None:
        setup = setup_of(view.other)
        then = hours_of(view.other, setup).at(state.closes_at) if setup else state
    zone = reading_zone(viewer, view.other)
    return {
        "open": state.is_open,
        "closes_at": iso(state.closes_at),
        "back_at": iso(then.opens_at),
        "sentence": back_sentence(view.other.shown_name, then.opens_at, zone, state.closes_at or now),
    }


def coupons_of(viewer: User) -> list[tuple[Subject, str]]:
    """Return the coupons of a professional with the welcome of each, the newest first; "" without one."""
    of_clients = [kind.name for kind in kinds().values() if kind.scope == "client"]
    query = (
        select(Subject, CouponWelcome.body)
        .outerjoin(CouponWelcome, CouponWelcome.subject_id == Subject.id)
        .where(Subject.professional_id == viewer.id, Subject.kind.in_(of_clients))
        .where(Subject.hidden_at.is_(None))
        .order_by(Subject.created_at.desc(), Subject.id)
        .limit(MAX_COUPONS)
    )
    return [(subject, body or "") for subject, body in db.session.execute(query)]


def coupon_of(viewer: User, subject_id: str) -> Subject:
    """Return a coupon of the viewer's, the professional. Raises NotFound."""
    only_professionals(viewer)
    found = db.session.get(Subject, subject_id)
    if found is None or found.professional_id != viewer.id or found.declared.scope != "client":
        raise NotFound
    return found
