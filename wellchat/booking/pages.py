"""The pages on which a client books: five steps, with their state in the address, and without any script."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.forms import time_zones
from wellchat.accounts.models import User
from wellchat.availability import queries as availability
from wellchat.availability.days import Day, labelled, offered_days
from wellchat.availability.models import Service
from wellchat.booking import actions
from wellchat.booking.forms import BookPage, Details, PickTime
from wellchat.booking.locking import wanted_of
from wellchat.booking.models import HELD, LAPSED, Booking
from wellchat.booking.queries import booking_for, professionals_of
from wellchat.booking.refusals import Taken
from wellchat.booking.showing import on_clock, shown
from wellchat.clock import iso
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.i18n import gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("booking", __name__)
DAYS = 14  # of one page


@pages.get("/book")
@signed_in
def people() -> str:
    """Show with whom: step one."""
    user = viewer()
    if not user.is_client:
        raise NotFound
    return render_template("booking/people.html", people=professionals_of(user.id))


@pages.get("/book/<professional_id>")
@signed_in
def book(professional_id: str) -> str:
    """Show what is offered, and once that is chosen, the days and the free times: steps two and three."""
    user, ask = viewer(), read_query(BookPage)
    professional = _professional(user, professional_id)
    if ask.service is None:
        offered = [(each, availability.price_of(each)) for each in availability.services_of(professional_id)]
        return render_template("booking/services.html", professional=professional, services=offered)
    return _times(professional, availability.service_for(user, ask.service), ask)


def _professional(user: User, professional_id: str) -> User:
    found = db.session.get(User, professional_id)
    if found is None or not user.is_client or not availability.may_see(user, professional_id):
        raise NotFound
    return found


def _times(professional: User, service: Service, ask: BookPage, refusal: Taken | None = None) -> str:
    if service.professional_id != professional.id:
        raise NotFound
    zone = ask.zone or viewer().time_zone
    return render_template(
        "booking/times.html",
        professional=professional,
        service=service,
        price=availability.price_of(service),
        path=f"/book/{professional.id}",
        kept={"service": service.id, "zone": zone},
        **choices(service, zone, ask.day, refusal),
    )


def choices(
    service: Service, zone: str, day: date | None, refusal: Taken | None = None, moved: Booking | None = None
) -> dict[str, Any]:
    """Return what the choice of a time shows: the days of a page, the day that is open, where to go on.

    `moved` is a booking that is to be moved: it is in nobody's way, and its own time is no choice.
    """
    now = clock.now()
    today = now.astimezone(ZoneInfo(zone)).date()
    # A page of days begins at a fixed distance from today, so that its links stay while one chooses.
    begin = today if day is None or day < today else today + (day - today) // (DAYS * ONE) * DAYS * ONE
    own: dict[str, Any] = {"without": moved.id, "wanted": wanted_of(moved)} if moved else {}
    days = offered_days(service, zone, begin, DAYS, now, **own)
    if moved:
        here = iso(moved.starts_at)
        days = [each._replace(starts=[start for start in each.starts if start.at != here]) for each in days]
    first = next((each for each in days if each.starts), days[0])
    chosen: Day = next((each for each in days if each.on == day), first)
    return {
        "zone": zone,
        "zones": [(each, each.replace("_", " ")) for each in time_zones()],
        "days": days,
        "chosen": chosen,
        "earlier": begin - DAYS * ONE if begin > today else None,
        "later": begin + DAYS * ONE,
        "next_times": _named(refusal, zone),
        "refusal": refusal,
    }


ONE = timedelta(days=1)


def _named(refusal: Taken | None, zone: str) -> list[tuple[str, str]]:
    """Return (moment, label) of the next free times of a refusal."""
    if refusal is None:
        return []
    there = [each.astimezone(ZoneInfo(zone)) for each in refusal.next]
    return [(labelled([each])[0].at, on_clock(each, zone)) for each in there]


@pages.post("/book/<professional_id>")
@signed_in
@limiter.limit("60/minute")
def pick(professional_id: str) -> Response | tuple[str, int]:
    """Hold the time that was picked, and go on to its details."""
    user = viewer()
    professional = _professional(user, professional_id)
    form, ask = read_form(PickTime), read_form(BookPage)
    try:
        held = actions.hold(viewer=user, service_id=form.service, starts_at=form.at, now=clock.now())
    except Taken as refusal:
        service = availability.service_for(user, form.service)
        return _times(professional, service, ask, refusal), 409
    return redirect(url_for("booking.details", booking_id=held.id), 303)


@pages.get("/sessions/<booking_id>/details")
@signed_in
def details(booking_id: str) -> str | Response:
    """Ask what the session is to be about: step four."""
    booking = booking_for(viewer(), booking_id)
    if booking.state not in (HELD, LAPSED):
        return redirect(url_for("sessions.session", booking_id=booking_id), 303)
    return _details(booking_id, booking.agenda, {})


def _details(booking_id: str, agenda: str, errors: dict[str, str]) -> str:
    booking = shown(booking_for(viewer(), booking_id), viewer(), clock.now())
    return render_template("booking/details.html", booking=booking, agenda=agenda, errors=errors)


@pages.post("/sessions/<booking_id>/details")
@signed_in
@limiter.limit("60/minute")
def keep_details(booking_id: str) -> Response | tuple[str, int]:
    """Keep the details, and go on to the review."""
    booking_for(viewer(), booking_id)
    try:
        agenda = read_form(Details).agenda
    except Invalid as refusal:
        return _details(booking_id, request.form.get("agenda", ""), refusal.errors), 422
    actions.describe(viewer=viewer(), booking_id=booking_id, agenda=agenda, now=clock.now())
    return redirect(url_for("booking.review", booking_id=booking_id), 303)


@pages.get("/sessions/<booking_id>/review")
@signed_in
def review(booking_id: str) -> str | Response:
    """Show all of it with its terms, before the button: step five."""
    booking = booking_for(viewer(), booking_id)
    if booking.state not in (HELD, LAPSED):
        return redirect(url_for("sessions.session", booking_id=booking_id), 303)
    return _review(booking_id)


def _review(booking_id: str, refusal: Taken | None = None) -> str:
    booking = booking_for(viewer(), booking_id)
    return render_template(
        "booking/review.html",
        booking=shown(booking, viewer(), clock.now()),
        professional_id=booking.professional_id,
        service_id=booking.service_id,
        refusal=refusal,
        next_times=_named(refusal, viewer().time_zone),
    )


@pages.post("/sessions/<booking_id>/review")
@signed_in
@limiter.limit("60/minute")
def confirm(booking_id: str) -> Response | tuple[str, int]:
    """Book what is held."""
    user = viewer()
    booking = booking_for(user, booking_id)
    try:
        done = actions.confirm(viewer=user, booking_id=booking_id, agenda=booking.agenda, now=clock.now())
    except Taken as refusal:
        return _review(booking_id, refusal), 409
    words = gettext("It is asked for. You hear of the answer.") if done.asks else gettext("It is booked.")
    flash(words, "good")
    return redirect(url_for("sessions.session", booking_id=booking_id), 303)


@pages.post("/sessions/<booking_id>/let-go")
@signed_in
def let_go(booking_id: str) -> Response:
    """Free the time that is held, and go back to the times."""
    user = viewer()
    booking = booking_for(user, booking_id)
    actions.let_go(viewer=user, booking_id=booking_id, now=clock.now())
    return redirect(
        url_for("booking.book", professional_id=booking.professional_id, service=booking.service_id), 303
    )
