"""The page of one message with everything that can be done to it, for browsers without script."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.queries import person_json
from wellchat.errors import CannotWrite, Invalid
from wellchat.forms import read_form
from wellchat.messaging import messages, queries, reactions, receipts
from wellchat.messaging.forms import MAX_BODY, EditMessage, MarkUnread, PinMessage, React
from wellchat.messaging.pages.thread import message_url
from wellchat.messaging.serializers import message_json
from wellchat.messaging.shown import shown_body
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("messages", __name__, url_prefix="/threads/<thread_id>")


@pages.get("/messages/<int:seq>")
@signed_in
def message(thread_id: str, seq: int) -> str:
    return _page(thread_id, seq)


def _page(thread_id: str, seq: int, body: str | None = None, errors: dict[str, str] | None = None) -> str:
    user = viewer()
    found, view = queries.message_for(user, thread_id, seq), queries.thread_for(user, thread_id)
    return render_template(
        "messaging/message.html",
        message=message_json(found, user.id),
        other=person_json(view.other, view.trade),
        mine=found.sender_id == user.id,
        editable=found.sender_id == user.id and found.may_be_edited(clock.now()),
        thread_url=message_url(thread_id, seq, view.thread.last_seq),
        body=body if body is not None else shown_body(found, user.id),
        errors=errors or {},
        max_body=MAX_BODY,
    )


@pages.post("/messages/<int:seq>")
@signed_in
@limiter.limit("60/minute")
def edit(thread_id: str, seq: int) -> Response | tuple[str, int]:
    """Replace the text; show the page again with the reason if that is refused."""
    try:
        form = read_form(EditMessage)
        messages.edit_message(viewer=viewer(), thread_id=thread_id, seq=seq, body=form.body, now=clock.now())
    except Invalid as refusal:
        return _page(thread_id, seq, request.form.get("body", ""), refusal.errors), 422
    except CannotWrite as refusal:
        typed = request.form.get("body", "")
        return _page(thread_id, seq, typed, {"body": refusal.detail}), refusal.status
    return _back(thread_id, seq)


@pages.post("/messages/<int:seq>/delete")
@signed_in
@limiter.limit("60/minute")
def delete(thread_id: str, seq: int) -> Response:
    messages.delete_message(viewer=viewer(), thread_id=thread_id, seq=seq, now=clock.now())
    return _back(thread_id, seq)


@pages.post("/messages/<int:seq>/pin")
@signed_in
@limiter.limit("60/minute")
def change_pin(thread_id: str, seq: int) -> Response:
    """Pin or unpin; show the reason on the next page if that is refused."""
    try:
        form = read_form(PinMessage)
        messages.pin(viewer=viewer(), thread_id=thread_id, seq=seq, on=form.pinned, now=clock.now())
    except (Invalid, CannotWrite) as refusal:
        flash(refusal.detail, "danger")
    return _back(thread_id, seq)


@pages.post("/messages/<int:seq>/reactions")
@signed_in
@limiter.limit("120/minute")
def change_reaction(thread_id: str, seq: int) -> Response | tuple[str, int]:
    """Put or remove a reaction; show the page again with the reason if that is refused."""
    try:
        form = read_form(React)
        reactions.react(
            viewer=viewer(),
            thread_id=thread_id,
            seq=seq,
            emoji=form.emoji,
            on=form.add is not None,
            now=clock.now(),
        )
    except (Invalid, CannotWrite) as refusal:
        errors = refusal.errors or {"emoji": refusal.detail}
        return _page(thread_id, seq, errors=errors), refusal.status
    return _back(thread_id, seq)


@pages.post("/unread")
@signed_in
@limiter.limit("60/minute")
def mark_unread(thread_id: str) -> Response:
    """Mark as unread and redirect to the inbox, because opening the thread would mark it as read again."""
    receipts.mark_unread(viewer=viewer(), thread_id=thread_id, seq=read_form(MarkUnread).seq)
    return redirect(url_for("inbox.inbox"), 303)


def _back(thread_id: str, seq: int) -> Response:
    last_seq = queries.thread_for(viewer(), thread_id).thread.last_seq
    return redirect(message_url(thread_id, seq, last_seq), 303)
