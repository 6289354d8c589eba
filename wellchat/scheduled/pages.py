"""Pages of messages that are sent later, and what the composer posts without script."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.attachments.uploads import raise_body_limit, uploaded_files
from wellchat.db import new_id
from wellchat.errors import Conflict, Invalid, NotAllowed, TooLarge
from wellchat.forms import fill, read_form
from wellchat.i18n import gettext
from wellchat.messaging.forms import MAX_BODY
from wellchat.messaging.pages.thread import message_url
from wellchat.messaging.queries import thread_for
from wellchat.notifications.chosen_time import both_clocks, on_clock
from wellchat.scheduled import actions, queries, sending
from wellchat.scheduled.forms import PostScheduled, SaveScheduled
from wellchat.scheduled.models import ScheduledMessage
from wellchat.subjects.queries import subject_by_id
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("scheduled", __name__)

Typed = dict[str, Any]


@pages.get("/scheduled")
@signed_in
def index() -> str:
    """List all messages of the viewer that wait or were refused."""
    return _list(None)


@pages.get("/threads/<thread_id>/scheduled")
@signed_in
def of_thread(thread_id: str) -> str:
    """List those of one conversation."""
    return _list(thread_id)


def _list(thread_id: str | None) -> str:
    user = viewer()
    rows = [queries.shown(row, user) for row in queries.waiting_for(user, thread_id)]
    return render_template(
        "scheduled/index.html", rows=rows, thread_id=thread_id, made=request.args.get("made")
    )


@pages.post("/threads/<thread_id>/scheduled/choose")
@signed_in
def choose(thread_id: str) -> str:
    """Ask for a time, with the words of the composer. Nothing is stored yet."""
    errors: dict[str, str] = {}
    try:
        if uploaded_files():
            fill(PostScheduled, {"attachments": ["file"]})
    except (Invalid, TooLarge) as refusal:
        errors = {"file": refusal.errors.get("attachments", refusal.detail)}
    return _new(thread_id, errors)


def _new(thread_id: str, errors: dict[str, str]) -> str:
    typed = {**request.form, "client_key": request.form.get("client_key") or new_id()}
    return _form(thread_id, thread_for(viewer(), thread_id).other, typed, errors)


def _form(
    thread_id: str, other: User, typed: Typed, errors: dict[str, str], message: ScheduledMessage | None = None
) -> str:
    return render_template(
        "scheduled/one.html",
        thread_id=thread_id,
        other=other,
        typed=typed,
        errors=errors,
        message=message,
        action=f"/scheduled/{message.id}" if message else f"/threads/{thread_id}/scheduled",
        clocks=both_clocks(clock.now(), mine=viewer().time_zone, theirs=other.time_zone),
        max_body=MAX_BODY,
    )


@pages.post("/threads/<thread_id>/scheduled")
@signed_in
@limiter.limit("60/minute")
def schedule(thread_id: str) -> Response | tuple[str, int]:
    """Put a message down. If it is refused, show the form with the words and the reason."""
    user, now = viewer(), clock.now()
    view = thread_for(user, thread_id)
    try:
        form = read_form(PostScheduled, attachments=[each.filename for each in uploaded_files()])
        one, _ = actions.schedule_message(
            author=user,
            thread_id=thread_id,
            body=form.body,
            client_key=form.client_key,
            send_at=form.moment(mine=user.time_zone, theirs=view.other.time_zone, now=now),
            zone_of=form.zone,
            reply_to=form.reply_to,
            subject=subject_by_id(user, form.subject) if form.subject else None,
            now=now,
        )
    except (Invalid, NotAllowed, Conflict, TooLarge) as refusal:
        return _new(thread_id, refusal.errors or {"form": refusal.detail}), refusal.status
    flash(gettext("It will be sent on %(time)s.", time=on_clock(one.send_at, user.time_zone)), "good")
    return redirect(url_for("scheduled.of_thread", thread_id=thread_id, made=one.id), 303)


@pages.url_value_preprocessor
def _room_for_files(endpoint: str | None, _values: object) -> None:
    # Files are refused by a sentence beside the words, and not by the size of the request.
    if endpoint in ("scheduled.schedule", "scheduled.choose"):
        raise_body_limit()


@pages.get("/scheduled/<scheduled_id>")
@signed_in
def show(scheduled_id: str) -> Response | str:
    """Show one with its form. One that was sent leads to its message."""
    one, other, _ = queries.scheduled_for(viewer(), scheduled_id)
    if one.is_sent and one.message_seq is not None:
        return redirect(message_url(one.thread_id, one.message_seq))
    clocks = both_clocks(one.send_at, mine=viewer().time_zone, theirs=other.time_zone)
    typed = {"body": one.body, "zone": one.zone_of, "local_at": clocks[f"{one.zone_of}_field"]}
    return _form(one.thread_id, other, typed, {}, one)


@pages.post("/scheduled/<scheduled_id>")
@signed_in
@limiter.limit("60/minute")
def save(scheduled_id: str) -> Response | tuple[str, int]:
    """Change the text and the time."""
    user, now = viewer(), clock.now()
    one, other, _ = queries.scheduled_for(user, scheduled_id)
    try:
        form = read_form(SaveScheduled)
        actions.change_scheduled(
            viewer=user,
            scheduled_id=scheduled_id,
            body=form.body,
            send_at=form.moment(mine=user.time_zone, theirs=other.time_zone, now=now),
            zone_of=form.zone,
            now=now,
        )
    except (Invalid, NotAllowed, Conflict) as refusal:
        errors = refusal.errors or {"form": refusal.detail}
        return _form(one.thread_id, other, dict(request.form), errors, one), refusal.status
    return redirect(url_for("scheduled.of_thread", thread_id=one.thread_id), 303)


@pages.post("/scheduled/<scheduled_id>/send")
@signed_in
@limiter.limit("60/minute")
def send(scheduled_id: str) -> Response:
    """Send one now, and lead to the message. If it is refused, lead back to it with the reason."""
    try:
        message = sending.send_now(viewer=viewer(), scheduled_id=scheduled_id, now=clock.now())
    except (Invalid, NotAllowed, Conflict) as refusal:
        flash(refusal.detail, "danger")
        return redirect(url_for("scheduled.show", scheduled_id=scheduled_id), 303)
    return redirect(message_url(message.thread_id, message.seq), 303)


@pages.post("/scheduled/<scheduled_id>/cancel")
@signed_in
@limiter.limit("60/minute")
def cancel(scheduled_id: str) -> Response:
    """Cancel one."""
    one, *_ = queries.scheduled_for(viewer(), scheduled_id)
    try:
        actions.cancel_scheduled(viewer=viewer(), scheduled_id=scheduled_id)
    except Conflict as refusal:
        flash(refusal.detail, "danger")
    else:
        flash(gettext("Cancelled. It will not be sent."), "good")
    return redirect(url_for("scheduled.of_thread", thread_id=one.thread_id), 303)
