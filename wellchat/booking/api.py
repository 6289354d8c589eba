"""The JSON calls of bookings. Their docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock
from wellchat.booking import actions
from wellchat.booking.forms import CancelBooking, Details, ListBookings, MarkBooking, MoveBooking, PostBooking
from wellchat.booking.queries import booking_for, booking_json, bookings_of
from wellchat.booking.refusals import Taken
from wellchat.clock import iso
from wellchat.errors import problem
from wellchat.shapes import Id, Moment, like
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "booking_api",
    __name__,
    url_prefix="/api/bookings",
    tag={"name": "Bookings", "description": "Times that a client holds, asks for or has."},
)


class BookingShape(BaseModel):
    """A booking. `held_seconds` is how long a hold still stands; null for what is no hold.

    `starts_local` is what the clock of `zone` shows. Cancelling is free up to `free_until`, and costs me
    `cancelling_costs` now. `late` says that it was cancelled after that.
    """

    id: Id
    state: Literal["held", "lapsed", "requested", "booked", "done", "missed", "cancelled"]
    title: Annotated[str, like("Follow-up")]
    place: Annotated[str, like("")]
    professional_id: Id
    client_id: Id
    service_id: Id
    starts_at: Moment
    ends_at: Moment
    starts_local: Annotated[str, like("2026-12-15T12:00")]
    zone: Annotated[str, like("Europe/Berlin")]
    held_seconds: int | None = like(600)
    price: str | None = like("75.00 EUR")
    free_until: Moment
    cancelling_costs: str | None = like("0.00 EUR")
    agenda: Annotated[str, like("")]
    can_move: bool
    can_cancel: bool
    late: bool
    reason: Annotated[str, like("")]


class OneBooking(BaseModel):
    booking: BookingShape


class SomeBookings(BaseModel):
    """`before` leads to the next page; null on the last."""

    bookings: list[BookingShape]
    before: str | None = like(None)


def _one(booking_id: str, status: int = 200) -> Response:
    booking = booking_for(viewer(), booking_id)
    return json_response({"booking": booking_json(booking, viewer(), clock.now())}, status)


def taken(refusal: Taken) -> Response:
    """Return the answer for a time that is not free: 409, with the next three in `next`."""
    answer = problem(409, refusal.detail)
    body = answer.get_json() | {"next": [iso(each) for each in refusal.next]}
    other = json_response(body, 409)
    other.content_type = answer.content_type
    return other


api.register_error_handler(Taken, taken)
TAKEN = {409: "This time is not free; `next` holds the next three that are"}


@api.get("")
@signed_in
@api.input(ListBookings, location="query", arg_name="page")
@api.output(SomeBookings)
def list_bookings(page: ListBookings) -> Response:
    """List my bookings: `upcoming` the soonest first, `past` and `cancelled` the latest first."""
    now = clock.now()
    found, more = bookings_of(viewer(), page.when, now, page.before)
    shown = [booking_json(each, viewer(), now) for each in found]
    return json_response({"bookings": shown, "before": more})


@api.post("")
@signed_in
@limiter.limit("60/minute")
@api.input(PostBooking, arg_name="form")
@api.output(OneBooking, status_code=201)
@api.doc(responses=TAKEN)
def hold_time(form: PostBooking) -> Response:
    """Hold a free time of a service for ten minutes. I have one hold at a time: another takes its place."""
    held = actions.hold(
        viewer=viewer(),
        service_id=form.service,
        starts_at=form.starts_at,
        client_key=form.client_key,
        now=clock.now(),
    )
    return _one(held.id, 201)


@api.get("/<booking_id>")
@signed_in
@api.output(OneBooking)
def get_booking(booking_id: str) -> Response:
    """Return one booking of mine."""
    return _one(booking_id)


@api.post("/<booking_id>/confirm")
@signed_in
@limiter.limit("60/minute")
@api.input(Details, arg_name="form")
@api.output(OneBooking)
@api.doc(responses=TAKEN)
def confirm_booking(booking_id: str, form: Details) -> Response:
    """Book the time that I hold; where the service asks, ask for it. Twice is the same as once."""
    actions.confirm(viewer=viewer(), booking_id=booking_id, agenda=form.agenda, now=clock.now())
    return _one(booking_id)


@api.post("/<booking_id>/approve")
@signed_in
@limiter.limit("60/minute")
@api.output(OneBooking)
@api.doc(responses={409: "It was cancelled, or its time has come"})
def approve_booking(booking_id: str) -> Response:
    """Say yes to what a client asked for. Twice is the same as once."""
    actions.approve(viewer=viewer(), booking_id=booking_id, now=clock.now())
    return _one(booking_id)


@api.patch("/<booking_id>")
@signed_in
@limiter.limit("60/minute")
@api.input(MoveBooking, arg_name="form")
@api.output(OneBooking)
@api.doc(responses=TAKEN)
def move_booking(booking_id: str, form: MoveBooking) -> Response:
    """Move a booking. A client moves to a free time, and only while cancelling is free."""
    actions.move(
        viewer=viewer(),
        booking_id=booking_id,
        starts_at=form.starts_at,
        reason=form.reason,
        now=clock.now(),
    )
    return _one(booking_id)


@api.post("/<booking_id>/cancel")
@signed_in
@limiter.limit("60/minute")
@api.input(CancelBooking, arg_name="form")
@api.output(OneBooking)
@api.doc(responses={409: "It has begun, or it costs something else than `cost` now"})
def cancel_booking(booking_id: str, form: CancelBooking) -> Response:
    """Cancel a booking, or take back a request. `cost` is what I was shown, in the smallest unit."""
    actions.cancel(
        viewer=viewer(), booking_id=booking_id, reason=form.reason, shown=form.cost, now=clock.now()
    )
    return _one(booking_id)


@api.post("/<booking_id>/mark")
@signed_in
@limiter.limit("60/minute")
@api.input(MarkBooking, arg_name="form")
@api.output(OneBooking)
@api.doc(responses={409: "It has not begun, or is over for more than a week"})
def mark_booking(booking_id: str, form: MarkBooking) -> Response:
    """Say whether the client came, as the professional."""
    actions.mark(viewer=viewer(), booking_id=booking_id, missed=form.missed, now=clock.now())
    return _one(booking_id)


@api.delete("/<booking_id>")
@signed_in
@limiter.limit("60/minute")
def let_go(booking_id: str) -> Response:
    """Free a time that I hold. What is booked is cancelled instead."""
    actions.let_go(viewer=viewer(), booking_id=booking_id, now=clock.now())
    return Response(status=204)
