"""The pages of what is booked: the lists, one session, moving and cancelling it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.availability.models import Service
from wellchat.booking import actions, terms
from wellchat.booking.forms import BookPage, CancelBooking, ListBookings, MarkBooking, MoveBooking
from wellchat.booking.models import BOOKED, DONE, HELD, LAPSED, MISSED, REQUESTED, Booking
from wellchat.booking.pages import choices
from wellchat.booking.queries import WHEN, booking_for, bookings_of
from wellchat.booking.refusals import Taken, over, too_late
from wellchat.booking.showing import changes_of, shown
from wellchat.booking.telling import subject_kind
from wellchat.db import db
from wellchat.errors import Conflict
from wellchat.forms import read_form, read_query
from wellchat.i18n import N_, gettext
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("sessions", __name__, url_prefix="/sessions")
TABS = dict(zip(WHEN, (N_("Upcoming"), N_("Past"), N_("Cancelled")), strict=True))


@pages.get("")
@signed_in
def index() -> str:
    """List what is ahead, over or cancelled."""
    user, ask, now = viewer(), read_query(ListBookings), clock.now()
    found, more = bookings_of(user, ask.when, now, ask.before)
    return render_template(
        "booking/index.html",
        when=ask.when,
        tabs=[(name, gettext(label)) for name, label in TABS.items()],
        bookings=[shown(each, user, now) for each in found],
        more=more,
    )


@pages.get("/<booking_id>")
@signed_in
def session(booking_id: str) -> str | Response:
    """Show one of them, with what can be done."""
    user, now = viewer(), clock.now()
    booking = booking_for(user, booking_id)
    if booking.state in (HELD, LAPSED):
        return redirect(url_for("booking.details", booking_id=booking_id), 303)
    theirs = user.id == booking.professional_id
    begun = now >= booking.starts_at + actions.MISSED_AFTER
    recent = now <= booking.ends_at + actions.MARKED_WITHIN
    return render_template(
        "booking/session.html",
        booking=shown(booking, user, now),
        changes=changes_of(booking, user),
        kind=subject_kind(),
        can_answer=theirs and booking.state == REQUESTED and terms.is_ahead(booking, now),
        can_mark=theirs and booking.state in (BOOKED, DONE, MISSED) and begun and recent,
        has_subject=booking.state != REQUESTED,
    )


@pages.post("/<booking_id>/approve")
@signed_in
def approve(booking_id: str) -> Response:
    """Say yes to what was asked for."""
    actions.approve(viewer=viewer(), booking_id=booking_id, now=clock.now())
    flash(gettext("It is booked."), "good")
    return _back(booking_id)


def _back(booking_id: str) -> Response:
    return redirect(url_for("sessions.session", booking_id=booking_id), 303)


@pages.post("/<booking_id>/mark")
@signed_in
def mark(booking_id: str) -> Response:
    """Say whether the client came."""
    missed = read_form(MarkBooking).missed
    actions.mark(viewer=viewer(), booking_id=booking_id, missed=missed, now=clock.now())
    flash(gettext("Saved."), "good")
    return _back(booking_id)


@pages.get("/<booking_id>/move")
@signed_in
def choose_move(booking_id: str) -> str:
    """Show the times to which it can be moved."""
    return _move(booking_for(viewer(), booking_id), read_query(BookPage))


def _move(booking: Booking, ask: BookPage, refusal: Taken | None = None) -> str:
    user, now = viewer(), clock.now()
    if not terms.is_ahead(booking, now):
        raise over()
    if not terms.may_move(booking, user, now):
        raise too_late()
    service = db.session.get_one(Service, booking.service_id)
    zone = ask.zone or user.time_zone
    return render_template(
        "booking/move.html",
        booking=shown(booking, user, now),
        path=f"/sessions/{booking.id}/move",
        kept={"zone": zone},
        **choices(service, zone, ask.day, refusal, booking),
    )


@pages.post("/<booking_id>/move")
@signed_in
@limiter.limit("60/minute")
def move(booking_id: str) -> Response | tuple[str, int]:
    """Move it."""
    user = viewer()
    booking = booking_for(user, booking_id)
    form, ask = read_form(MoveBooking, starts_at=request.form.get("at", "")), read_form(BookPage)
    try:
        actions.move(viewer=user, booking_id=booking_id, starts_at=form.starts_at, now=clock.now())
    except Taken as refusal:
        return _move(booking, ask, refusal), 409
    flash(gettext("It is moved. Both of you are told."), "good")
    return _back(booking_id)


@pages.get("/<booking_id>/cancel")
@signed_in
def ask_cancel(booking_id: str) -> str:
    """Show what cancelling costs, before the button."""
    return _cancel(booking_id)


def _cancel(booking_id: str, refusal: Conflict | None = None) -> str:
    user, now = viewer(), clock.now()
    booking = booking_for(user, booking_id)
    if not terms.is_ahead(booking, now):
        raise over()
    return render_template(
        "booking/cancel.html",
        booking=shown(booking, user, now),
        refusal=refusal,
        reason=request.form.get("reason", ""),
    )


@pages.post("/<booking_id>/cancel")
@signed_in
def cancel(booking_id: str) -> Response | tuple[str, int]:
    """Cancel it, at the cost that was shown; if that has changed, show it anew."""
    user = viewer()
    booking_for(user, booking_id)
    form, now = read_form(CancelBooking), clock.now()
    try:
        actions.cancel(viewer=user, booking_id=booking_id, reason=form.reason, shown=form.cost, now=now)
    except Conflict as refusal:
        return _cancel(booking_id, refusal), 409
    flash(gettext("It is cancelled. Both of you are told."), "good")
    return _back(booking_id)
