"""`/oversight`: for administrators only; to everybody else it does not exist."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.attachments.serving import small, whole
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.messaging.forms import ListThreads, ThreadQuery
from wellchat.messaging.serializers import message_json
from wellchat.oversight import queries
from wellchat.oversight.actions import look
from wellchat.oversight.forms import TakeLook
from wellchat.web import signed_in, viewer

pages = Blueprint("oversight", __name__, url_prefix="/oversight")


@pages.get("")
@signed_in
def index() -> str:
    return _index()


def _index(refused: str | None = None, errors: dict[str, str] | None = None) -> str:
    q = read_query(ListThreads).q
    threads = queries.conversations(viewer(), q)
    return render_template(
        "oversight/index.html",
        threads=threads,
        q=q,
        refused=refused,
        errors=errors or {},
        reason=request.form.get("reason", ""),
    )


@pages.post("/threads/<thread_id>/looks")
@signed_in
def take_a_look(thread_id: str) -> Response | tuple[str, int]:
    try:
        wish = read_form(TakeLook)
        entry = look(admin=viewer(), thread_id=thread_id, reason=wish.reason, now=clock.now())
    except Invalid as refusal:
        return _index(thread_id, refusal.errors), 422
    return redirect(url_for("oversight.show", look_id=entry.id), 303)


@pages.get("/looks/<look_id>")
@signed_in
def show(look_id: str) -> str:
    admin = viewer()
    if not admin.is_admin:
        raise NotFound
    entry, thread = queries.look_of(admin, look_id, clock.now())
    found = queries.transcript(entry, before=read_query(ThreadQuery).before)
    return render_template(
        "oversight/look.html",
        look=entry,
        thread=thread,
        people={thread.client_id: thread.client, thread.professional_id: thread.professional},
        messages=[_on_record(message_json(message, admin.id), look_id) for message in found],
        earlier=queries.earlier_texts(entry, found),
        looks=queries.looks_at(admin, thread.id),
    )


def _on_record(message: dict[str, Any], look_id: str) -> dict[str, Any]:
    """A message whose files lead through the look."""
    for file in message["attachments"]:
        for name in ("url", "thumbnail_url"):
            file[name] = file[name] and f"/oversight/looks/{look_id}{file[name]}"
    return message


@pages.get("/looks/<look_id>/attachments/<attachment_id>/<name>")
@signed_in
def file(look_id: str, attachment_id: str, name: str) -> Response:
    return whole(queries.file_of(viewer(), look_id, attachment_id, clock.now()))


@pages.get("/looks/<look_id>/attachments/<attachment_id>/thumbnail")
@signed_in
def thumbnail(look_id: str, attachment_id: str) -> Response:
    return small(queries.file_of(viewer(), look_id, attachment_id, clock.now()))
