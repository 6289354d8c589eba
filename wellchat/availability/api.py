"""The JSON calls of services, hours and free times. Their docstrings are published in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from wellchat import clock, money
from wellchat.accounts.models import User
from wellchat.availability import actions, queries
from wellchat.availability.days import offered_days
from wellchat.availability.forms import AskServiceStarts, PutAvailability, clock_of, week_of_json
from wellchat.availability.free import Hours
from wellchat.availability.models import Service
from wellchat.errors import NotFound
from wellchat.shapes import Id, Moment, like
from wellchat.web import json_response, limiter, signed_in, viewer

api = APIBlueprint(
    "availability_api",
    __name__,
    url_prefix="/api",
    tag={"name": "Availability", "description": "What professionals offer, and when they are free."},
)


class ServiceShape(BaseModel):
    """Something that can be booked. `price` is null where none is set."""

    id: Id
    name: Annotated[str, like("Follow-up")]
    about: Annotated[str, like("")]
    minutes: Annotated[int, like(50)]
    price: str | None = like("75.00 EUR")
    asks: Annotated[bool, like(False)]


class AllServices(BaseModel):
    services: list[ServiceShape]


class StartShape(BaseModel):
    """A free start. `label` is what the clock of the zone shows."""

    at: Moment
    label: Annotated[str, like("14:00")]


class Starts(BaseModel):
    zone: Annotated[str, like("Europe/Berlin")]
    starts: list[StartShape]


class HoursShape(BaseModel):
    """Weekly hours. `weekday` 0 is Monday; `until` may be 24:00; `every` 2 is every second week."""

    weekday: Annotated[int, like(0)]
    begin: Annotated[str, like("09:00")]
    until: Annotated[str, like("12:30")]
    every: Annotated[int, like(1)]


class AvailabilityShape(BaseModel):
    zone: Annotated[str, like("Europe/Berlin")]
    step: Annotated[int, like(30)]
    notice_hours: Annotated[int, like(12)]
    horizon_days: Annotated[int, like(60)]
    most_per_day: int | None
    most_per_week: int | None
    week_starts: Annotated[int, like(0)]
    hours: list[HoursShape]


class OneAvailability(BaseModel):
    availability: AvailabilityShape | None


def service_json(service: Service) -> dict[str, Any]:
    """Return a service as its shape says."""
    price = queries.price_of(service)
    fields = {name: getattr(service, name) for name in ("id", "name", "about", "minutes", "asks")}
    return fields | {"price": money.plain(price.minor, price.currency) if price else None}


@api.get("/people/<user_id>/services")
@signed_in
@api.output(AllServices)
def list_services(user_id: str) -> Response:
    """List what a professional offers: mine, or of one I am connected with."""
    if not queries.may_see(viewer(), user_id):
        raise NotFound
    return json_response({"services": [service_json(each) for each in queries.services_of(user_id)]})


@api.get("/people/<user_id>/starts")
@signed_in
@api.input(AskServiceStarts, location="query", arg_name="ask")
@api.output(Starts)
def list_starts(user_id: str, ask: AskServiceStarts) -> Response:
    """List the free starts of a service, on days of a time zone: mine, unless `zone` names another."""
    user, now = viewer(), clock.now()
    found = queries.service_for(user, ask.service)
    if found.professional_id != user_id:
        raise NotFound
    zone = ask.zone or user.time_zone
    first = ask.since or now.astimezone(ZoneInfo(zone)).date()
    days = offered_days(found, zone, first, ask.days, now)
    starts = [{"at": start.at, "label": start.label} for day in days for start in day.starts]
    return json_response({"zone": zone, "starts": starts})


@api.get("/availability")
@signed_in
@api.output(OneAvailability)
def get_availability() -> Response:
    """Return my hours and the rules of my calendar; null before I have set any."""
    actions.only_professionals(viewer())
    return json_response({"availability": _availability(viewer())})


def _availability(user: User) -> dict[str, Any] | None:
    calendar = queries.calendar_of(user.id)
    if calendar is None:
        return None
    names = ("zone", "step", "horizon_days", "most_per_day", "most_per_week", "week_starts")
    fields = {name: getattr(calendar, name) for name in names}
    fields["notice_hours"] = calendar.notice_minutes // 60
    week = sorted(each for hours in queries.week_of(user.id).values() for each in hours)
    return fields | {"hours": [_hours(each) for each in week]}


def _hours(each: Hours) -> dict[str, Any]:
    return {
        "weekday": each.weekday,
        "begin": clock_of(each.begin),
        "until": clock_of(each.end),
        "every": each.every,
    }


@api.put("/availability")
@signed_in
@limiter.limit("60/minute")
@api.input(PutAvailability, arg_name="form")
@api.output(OneAvailability)
def put_availability(form: PutAvailability) -> Response:
    """Set all my weekly hours and the rules of my calendar. Nothing that is booked changes."""
    week = week_of_json(form)
    actions.set_week(viewer=viewer(), form=form, week=week, now=clock.now())
    return json_response({"availability": _availability(viewer())})
