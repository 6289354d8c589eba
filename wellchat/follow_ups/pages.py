"""Pages of reminders to oneself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.errors import Invalid
from wellchat.follow_ups import actions, queries
from wellchat.follow_ups.forms import MAX_NOTE, Remind
from wellchat.forms import fill
from wellchat.i18n import gettext
from wellchat.messaging.queries import thread_for
from wellchat.notifications.chosen_time import both_clocks, on_clock
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("follow_ups", __name__)


def _typed() -> dict[str, Any]:
    typed = dict(request.form)
    if typed.get("when"):
        # A button for a morning was pressed: what stands in the field is not meant.
        typed.pop("local_at", None)
    return typed


def _page(template: str, **more: Any) -> str:
    zone = viewer().time_zone
    clocks = both_clocks(clock.now(), mine=zone, theirs=zone)
    return render_template(f"follow_ups/{template}.html", clocks=clocks, max_note=MAX_NOTE, **more)


def _rows(thread_id: str | None = None) -> list[dict[str, Any]]:
    user = viewer()
    rows = queries.open_reminders(user, thread_id)
    return [
        {"reminder": one, "other": other, "when": on_clock(one.remind_at, user.time_zone)}
        for one, other in rows
    ]


@pages.get("/reminders")
@signed_in
def index() -> str:
    """List all reminders of the viewer that are not done."""
    return _page("index", rows=_rows(), at=clock.now())


@pages.get("/threads/<thread_id>/reminders")
@signed_in
def of_thread(thread_id: str) -> str:
    """Show the form of a new reminder, and those of this conversation."""
    return _of_thread(thread_id, {}, {})


def _of_thread(thread_id: str, typed: dict[str, Any], errors: dict[str, str]) -> str:
    other = thread_for(viewer(), thread_id).other
    rows = _rows(thread_id)
    return _page("of_thread", thread_id=thread_id, other=other, rows=rows, typed=typed, errors=errors)


@pages.post("/threads/<thread_id>/reminders")
@signed_in
@limiter.limit("60/minute")
def remind(thread_id: str) -> Response | tuple[str, int]:
    """Set a reminder."""
    user, now = viewer(), clock.now()
    try:
        form = fill(Remind, _typed())
        at = form.moment(mine=user.time_zone, theirs=user.time_zone, now=now)
        actions.remind(viewer=user, thread_id=thread_id, note=form.note.strip(), remind_at=at, now=now)
    except Invalid as refusal:
        return _of_thread(thread_id, dict(request.form), refusal.errors), 422
    flash(gettext("You will be reminded on %(time)s.", time=on_clock(at, user.time_zone)), "good")
    return redirect(url_for("follow_ups.of_thread", thread_id=thread_id), 303)


@pages.get("/reminders/<follow_up_id>")
@signed_in
def show(follow_up_id: str) -> str:
    """Show the form that moves a reminder."""
    one, _ = queries.reminder_of(viewer().id, follow_up_id)
    field = both_clocks(one.remind_at, mine=viewer().time_zone, theirs=viewer().time_zone)["mine_field"]
    return _one(follow_up_id, {"note": one.note, "local_at": field}, {})


def _one(follow_up_id: str, typed: dict[str, Any], errors: dict[str, str]) -> str:
    one, other = queries.reminder_of(viewer().id, follow_up_id)
    return _page("one", reminder=one, other=other, typed=typed, errors=errors)


@pages.post("/reminders/<follow_up_id>")
@signed_in
@limiter.limit("60/minute")
def move(follow_up_id: str) -> Response | tuple[str, int]:
    """Move a reminder, and change its note."""
    user = viewer()
    queries.reminder_of(user.id, follow_up_id)
    try:
        form = fill(Remind, _typed())
        at = form.moment(mine=user.time_zone, theirs=user.time_zone, now=clock.now())
    except Invalid as refusal:
        return _one(follow_up_id, dict(request.form), refusal.errors), 422
    actions.change_reminder(viewer=user, follow_up_id=follow_up_id, note=form.note.strip(), remind_at=at)
    return redirect(url_for("follow_ups.index"), 303)


@pages.post("/reminders/<follow_up_id>/done")
@signed_in
@limiter.limit("60/minute")
def done(follow_up_id: str) -> Response:
    """End a reminder."""
    actions.change_reminder(viewer=viewer(), follow_up_id=follow_up_id, done=True)
    return redirect(url_for("follow_ups.index"), 303)
