"""The pages of a professional: the week, days that differ, the rules of the calendar, and what they offer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wellchat import clock, money
from wellchat.accounts.forms import time_zones
from wellchat.availability import actions, queries
from wellchat.availability.days import offered_days
from wellchat.availability.exceptions import exceptions_of
from wellchat.availability.forms import (
    SPANS,
    AskStarts,
    PutException,
    PutRules,
    PutService,
    clock_of,
    read_week,
)
from wellchat.availability.models import Service
from wellchat.errors import Invalid
from wellchat.forms import read_form, read_query
from wellchat.i18n import gettext
from wellchat.notifications.pages import WEEKDAYS
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("availability", __name__)
NAMES = "abc"[:SPANS]


@pages.get("/availability")
@signed_in
def show() -> str:
    """Show the week and the rules in a form, what differs, and the free times of a service in any zone."""
    return _page(_stored(), {})


@pages.post("/availability")
@signed_in
@limiter.limit("60/minute")
def save() -> Response | tuple[str, int]:
    """Keep the week and the rules together, or show what is refused again with the reasons."""
    user, now = viewer(), clock.now()
    actions.only_professionals(user)
    errors: dict[str, str] = {}
    week, rules = None, None
    try:
        week = read_week(request.form)
    except Invalid as refusal:
        errors |= refusal.errors
    try:
        rules = read_form(PutRules)
    except Invalid as refusal:
        errors |= refusal.errors
    if week is None or rules is None:
        return _page(request.form, errors), 422
    actions.set_week(viewer=user, form=rules, week=week, now=now)
    flash(gettext("Saved."), "good")
    return redirect("/availability", 303)


def _stored() -> dict[str, Any]:
    """Return what is kept, as the fields of the form."""
    user = viewer()
    calendar = queries.calendar_of(user.id)
    rules = PutRules(zone=user.time_zone) if calendar is None else None
    fields: dict[str, Any] = rules.model_dump() if rules else {}
    if calendar is not None:
        fields = {name: getattr(calendar, name) for name in ("zone", "step", "horizon_days", "week_starts")}
        fields |= {"most_per_day": calendar.most_per_day, "most_per_week": calendar.most_per_week}
        fields["notice_hours"] = calendar.notice_minutes // 60
    for day, spans in queries.week_of(user.id).items():
        for name, span in zip(NAMES, spans, strict=False):
            at = f"d{day}{name}"
            fields |= {f"{at}_from": clock_of(span.begin), f"{at}_to": clock_of(span.end)}
            fields[f"{at}_every"] = str(span.every)
    return fields


def _page(values: Mapping[str, Any], errors: dict[str, str]) -> str:
    user, now = viewer(), clock.now()
    actions.only_professionals(user)
    offered = queries.services_of(user.id)
    asked = read_query(AskStarts)
    zone = asked.zone or user.time_zone
    first = asked.since or now.astimezone(ZoneInfo(zone)).date()
    chosen = next((each for each in offered if each.id == request.args.get("service")), None)
    chosen = chosen or next(iter(offered), None)
    return render_template(
        "availability/page.html",
        values=values,
        errors=errors,
        days=list(enumerate(map(gettext, WEEKDAYS))),
        spans=NAMES,
        zones=[(each, each.replace("_", " ")) for each in time_zones()],
        exceptions=exceptions_of(user.id, now.date() - timedelta(days=1)),
        services=offered,
        chosen=chosen,
        zone=zone,
        first=first,
        preview=offered_days(chosen, zone, first, 7, now) if chosen else [],
    )


@pages.post("/availability/exceptions")
@signed_in
@limiter.limit("60/minute")
def add_exception() -> Response | tuple[str, int]:
    """Take days off, set the hours of one day, or go by the clock of another place."""
    user, now = viewer(), clock.now()
    actions.only_professionals(user)
    try:
        form = read_form(PutException)
        actions.put_exception(viewer=user, form=form, now=now)
    except Invalid as refusal:
        return _page(_stored() | request.form.to_dict(), refusal.errors), 422
    flash(gettext("Saved."), "good")
    return redirect("/availability#exceptions", 303)


@pages.post("/availability/exceptions/<exception_id>/delete")
@signed_in
def delete_exception(exception_id: str) -> Response:
    """Take back days off, a stay or the hours of one day."""
    actions.take_back(viewer=viewer(), exception_id=exception_id)
    return redirect("/availability#exceptions", 303)


@pages.get("/services")
@signed_in
def services() -> str:
    """List what somebody offers."""
    user = viewer()
    actions.only_professionals(user)
    found = [(each, queries.price_of(each)) for each in queries.services_of(user.id)]
    return render_template("availability/services.html", services=found)


@pages.get("/services/new")
@signed_in
def new_service() -> str:
    """Show the form of a new service."""
    actions.only_professionals(viewer())
    return _service(PutService(name="New", minutes=60).model_dump() | {"name": ""}, {})


@pages.post("/services")
@signed_in
@limiter.limit("60/hour")
def make_service() -> Response | tuple[str, int]:
    """Make a service."""
    return _put(None)


@pages.get("/services/<service_id>")
@signed_in
def service(service_id: str) -> str:
    """Show the form of a service."""
    found = actions.own_service(viewer(), service_id)
    price = "" if found.price_minor is None else money.plain(found.price_minor, found.currency or "")
    fields = {name: getattr(found, name) for name in ("name", "about", "place", "minutes", "asks")}
    fields |= {"before": found.before_minutes, "after": found.after_minutes, "price": price}
    fields |= {"window_hours": found.window_minutes // 60, "late_percent": found.late_share // 100}
    return _service(fields, {}, found)


@pages.post("/services/<service_id>")
@signed_in
@limiter.limit("60/hour")
def change_service(service_id: str) -> Response | tuple[str, int]:
    """Change a service. What is booked keeps its terms."""
    return _put(actions.own_service(viewer(), service_id))


def _put(found: Service | None) -> Response | tuple[str, int]:
    actions.only_professionals(viewer())
    try:
        form = read_form(PutService, asks=bool(request.form.get("asks")))
        known = found.id if found else None
        actions.put_service(viewer=viewer(), form=form, service_id=known, now=clock.now())
    except Invalid as refusal:
        return _service(request.form.to_dict(), refusal.errors, found), 422
    flash(gettext("Saved."), "good")
    return redirect("/services", 303)


def _service(values: Mapping[str, Any], errors: dict[str, str], found: Service | None = None) -> str:
    return render_template("availability/service.html", values=values, errors=errors, service=found)


@pages.post("/services/<service_id>/retire")
@signed_in
def retire(service_id: str) -> Response:
    """Offer a service no more."""
    actions.retire_service(viewer=viewer(), service_id=service_id, now=clock.now())
    flash(gettext("It is not offered any more. What is booked stays."), "good")
    return redirect("/services", 303)
