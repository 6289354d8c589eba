"""The page on which a professional sets up a welcome, office hours and an answer outside of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.automatic_messages import actions, queries
from wellchat.automatic_messages.forms import BACK, SPANS, Texts, WelcomeForm, read_days_off, read_hours
from wellchat.automatic_messages.models import AutomaticMessages
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.forms import read_form
from wellchat.i18n import N_, gettext
from wellchat.messaging.queries import thread_for
from wellchat.notifications.pages import WEEKDAYS
from wellchat.placeholders import NAMES
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("automatic_messages", __name__)

T = TypeVar("T")
PATH = "/settings/automatic"
BACK_MEANS = N_("when you are back, in the reader's time zone")


@pages.get(PATH)
@signed_in
def show() -> str:
    """Show what is set up, in a form to change it."""
    queries.only_professionals(viewer())
    return _page(_stored())


@pages.post(PATH)
@signed_in
@limiter.limit("60/minute")
def save() -> BaseResponse | tuple[str, int]:
    """Keep the texts, the hours and the days off; or show what is refused again, with the reasons."""
    user, now = viewer(), clock.now()
    queries.only_professionals(user)
    try:
        hours, days_off, texts = _posted()
        actions.set_up(viewer=user, texts=texts, hours=hours, days_off=days_off, now=now)
    except Invalid as refusal:
        return _page(request.form, errors=refusal.errors), 422
    flash(gettext("Saved."), "good")
    return redirect(PATH, 303)


def _posted() -> tuple[list[list[list[str]]], list[list[str]], Texts]:
    """Return (hours, days off, texts). Raises Invalid with what is wrong in all of them."""
    today = clock.now().astimezone(ZoneInfo(viewer().time_zone)).date()
    errors: dict[str, str] = {}

    def read(what: Callable[[], T]) -> T | None:
        try:
            return what()
        except Invalid as refusal:
            errors.update(refusal.errors)
            return None

    hours = read(lambda: read_hours(request.form))
    days_off = read(lambda: read_days_off(request.form, today))
    texts = read(lambda: read_form(Texts))
    if hours is None or days_off is None or texts is None:
        raise Invalid(errors)
    return hours, days_off, texts


@pages.post(PATH + "/coupons/<subject_id>")
@signed_in
@limiter.limit("60/minute")
def save_coupon(subject_id: str) -> BaseResponse | tuple[str, int]:
    """Keep the welcome of one coupon."""
    user = viewer()
    queries.coupon_of(user, subject_id)
    try:
        body = read_form(WelcomeForm).body
    except Invalid as refusal:
        typed = {subject_id: request.form.get("body", "")}
        errors = {f"coupon-{subject_id}": next(iter(refusal.errors.values()))}
        return _page(_stored(), errors=errors, typed=typed), 422
    actions.set_coupon_welcome(viewer=user, subject_id=subject_id, body=body, now=clock.now())
    flash(gettext("Saved."), "good")
    return redirect(PATH, 303)


def _stored() -> dict[str, str]:
    """Return what is kept, as the fields of the form."""
    setup = db.session.get(AutomaticMessages, viewer().id)
    if setup is None:
        return {}
    fields = {"welcome": setup.welcome or "", "away": setup.away or ""}
    for day, spans in enumerate(setup.hours):
        for name, (start, end) in zip(SPANS, spans, strict=False):
            fields |= {f"d{day}{name}_from": start, f"d{day}{name}_to": end}
    for at, (first, last) in enumerate(setup.days_off):
        fields |= {f"off{at}_from": first, f"off{at}_to": last}
    return fields


def _page(
    values: Mapping[str, str], *, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> str:
    user = viewer()
    filled = [at for at in range(60) if values.get(f"off{at}_from") or values.get(f"off{at}_to")]
    return render_template(
        "automatic_messages/page.html",
        values=values,
        errors=errors or {},
        days=list(enumerate(map(gettext, WEEKDAYS))),
        spans=SPANS,
        # One more than there are: it is how one is added.
        rows_off=range(len(filled) + 1 if not filled else max(filled) + 2),
        zone=user.time_zone.replace("_", " "),
        names=NAMES,
        back=(BACK, BACK_MEANS),
        coupons=[
            (subject, (typed or {}).get(subject.id, body)) for subject, body in queries.coupons_of(user)
        ],
    )


def away_note(thread: dict[str, Any]) -> dict[str, Any] | None:
    """Return what stands above the field of a thread. It costs nothing where nothing is set up.

    A global of templates; `thread` is the JSON of a thread that the page has loaded.
    """
    user = viewer()
    # The page has loaded the person, so this is no statement.
    other = db.session.get(User, thread["other"]["id"]) if user.is_client else None
    if other is None or not other.answers_by_itself or not thread["can_write"]:
        return None
    return queries.note_json(user, thread_for(user, thread["id"]), clock.now())
