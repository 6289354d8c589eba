"""Serve `/oversight`: for administrators only; for everybody else it does not exist."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.attachments.serving import send_original, send_thumbnail
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.messaging.forms import ListThreads, ThreadQuery
from wellchat.messaging.serializers import message_json
from wellchat.oversight import queries
from wellchat.oversight.actions import grant_access
from wellchat.oversight.forms import AccessReason
from wellchat.web import signed_in, viewer

pages = Blueprint("oversight", __name__, url_prefix="/oversight")


@pages.get("")
@signed_in
def index() -> str:
    """Show the conversations."""
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
def request_access(thread_id: str) -> Response | tuple[str, int]:
    """Record the reason and open the conversation."""
    try:
        form = read_form(AccessReason)
        entry = grant_access(admin=viewer(), thread_id=thread_id, reason=form.reason, now=clock.now())
    except Invalid as refusal:
        return _index(thread_id, refusal.errors), 422
    return redirect(url_for("oversight.show", grant_id=entry.id), 303)


@pages.get("/looks/<grant_id>")
@signed_in
def show(grant_id: str) -> str:
    """Show the transcript of a conversation, while the grant is valid."""
    admin = viewer()
    if not admin.is_admin:
        raise NotFound
    entry, thread = queries.grant_of(admin, grant_id, clock.now())
    found = queries.transcript(entry, before=read_query(ThreadQuery).before)
    return render_template(
        "oversight/transcript.html",
        grant=entry,
        thread=thread,
        people={thread.client_id: thread.client, thread.professional_id: thread.professional},
        messages=[_on_record(message_json(message, admin.id), grant_id) for message in found],
        earlier=queries.earlier_texts(entry, found),
        grants=queries.grants_for(admin, thread.id),
    )


def _on_record(message: dict[str, Any], grant_id: str) -> dict[str, Any]:
    """Return the message with links to its files that lead through the grant."""
    for file in message["attachments"]:
        for name in ("url", "thumbnail_url"):
            file[name] = file[name] and f"/oversight/looks/{grant_id}{file[name]}"
    return message


@pages.get("/looks/<grant_id>/attachments/<attachment_id>/<name>")
@signed_in
def file(grant_id: str, attachment_id: str, name: str) -> Response:
    """Return a file of the conversation."""
    return send_original(queries.file_under_grant(viewer(), grant_id, attachment_id, clock.now()))


@pages.get("/looks/<grant_id>/attachments/<attachment_id>/thumbnail")
@signed_in
def thumbnail(grant_id: str, attachment_id: str) -> Response:
    """Return the thumbnail of a file of the conversation."""
    return send_thumbnail(queries.file_under_grant(viewer(), grant_id, attachment_id, clock.now()))
