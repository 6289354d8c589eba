"""Pages of the portfolio: the gallery, the pictures of a thread, a question, and what a client allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.attachments.models import Attachment
from wellchat.attachments.queries import files_of
from wellchat.config import setting
from wellchat.errors import CannotWrite, Conflict, Invalid, NotFound
from wellchat.forms import fill, read_form, read_query
from wellchat.i18n import gettext
from wellchat.messaging.pages.thread import message_url
from wellchat.messaging.queries import ThreadView, thread_for
from wellchat.messaging.serializers import attachment_json
from wellchat.portfolio import actions, queries
from wellchat.portfolio.forms import (
    AnswerAsk,
    AskForConsent,
    ListGallery,
    ListThreadPictures,
    SetLabel,
    SwitchPage,
    TakeBack,
)
from wellchat.portfolio.models import LABEL_WORDS, PURPOSE_WORDS
from wellchat.portfolio.serializers import shown_json
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("portfolio", __name__)

PAGE = 60  # pictures of one page


@pages.get("/portfolio")
@signed_in
def gallery() -> str:
    """Show what a professional may show, of all clients, and the switch of the public page."""
    user, asked = viewer(), read_query(ListGallery)
    if not user.is_professional:
        raise NotFound
    found, following = queries.gallery(user, label=asked.label, before=asked.before)
    page = queries.page_of(user.id)
    is_on = page is not None and page.is_on
    return render_template(
        "portfolio/gallery.html",
        pictures=[shown_json(each) for each in found],
        next=following,
        label=asked.label,
        labels=LABEL_WORDS,
        waiting=queries.asks_of(user, open_only=True),
        is_on=is_on,
        address=f"{setting('BASE_URL')}/gallery/{page.address}" if page and is_on else None,
    )


@pages.post("/portfolio/page")
@signed_in
@limiter.limit("20/hour")
def switch_page() -> Response:
    """Turn the public page on or off."""
    is_on = read_form(SwitchPage).is_on
    actions.set_page(viewer=viewer(), is_on=is_on, now=clock.now())
    words = gettext("Your public page is on.") if is_on else gettext("Your public page is off.")
    flash(words, "good")
    return redirect(url_for("portfolio.gallery"), 303)


def _thread_of(user: User, thread_id: str) -> ThreadView:
    """Return a thread in which the viewer is the professional. Raises NotFound."""
    view = thread_for(user, thread_id)
    if view.thread.professional_id != user.id:
        raise NotFound
    return view


@pages.get("/threads/<thread_id>/portfolio")
@signed_in
def thread_pictures(thread_id: str) -> str:
    """Show the pictures of a thread to its professional: labels, and who was asked about what."""
    return _thread_page(_thread_of(viewer(), thread_id))


def _thread_page(view: ThreadView, errors: dict[str, str] | None = None) -> str:
    user, now, before = viewer(), clock.now(), read_query(ListThreadPictures).before
    thread_id = view.thread.id
    files, following = files_of(user, thread_id, kind="picture", before=before, limit=PAGE)
    ids = [each.id for each in files]
    asked, labels = queries.asked_about(ids), queries.labels_of(ids)
    return render_template(
        "portfolio/thread.html",
        thread_id=thread_id,
        person=view.other,
        is_open=view.thread.closed_at is None,
        pictures=[_with_state(each, labels.get(each.id), asked.get(each.id, ()), now) for each in files],
        labels=LABEL_WORDS,
        chosen=set(request.form.getlist("attachments")),
        purpose=request.form.get("purpose", "clients"),
        next=following,
        errors=errors or {},
    )


def _with_state(
    file: Attachment, label: str | None, asked: Sequence[queries.Asked], now: datetime
) -> dict[str, Any]:
    """Return a picture for its professional: with label, what the client said, and whether to ask."""
    told = queries.standing_words(asked)
    state = None
    if told is not None:
        state = "revoked" if told.picture.revoked_at else told.ask.state
    return attachment_json(file) | {
        "label": label,
        "state_of": state,
        "at": told.last_at if told else None,
        "purpose": told.ask.purpose if told else None,
        "may_ask": queries.may_ask(asked, "public", now),
    }


@pages.post("/threads/<thread_id>/portfolio/labels")
@signed_in
@limiter.limit("60/minute")
def save_labels(thread_id: str) -> Response:
    """Save the labels of the pictures that the page showed."""
    _thread_of(viewer(), thread_id)
    given = {
        name.removeprefix("label-"): fill(SetLabel, {"label": value or None}).label
        for name, value in request.form.items()
        if name.startswith("label-")
    }
    actions.set_labels(viewer=viewer(), labels=dict(list(given.items())[:PAGE]), now=clock.now())
    flash(gettext("Saved."), "good")
    return redirect(url_for("portfolio.thread_pictures", thread_id=thread_id), 303)


@pages.post("/threads/<thread_id>/portfolio")
@signed_in
@limiter.limit("30/hour")
def ask(thread_id: str) -> Response | tuple[str, int]:
    """Ask the client about the chosen pictures; show the page again with the reason if that is refused."""
    view = _thread_of(viewer(), thread_id)
    try:
        chosen = request.form.getlist("attachments")
        form = fill(AskForConsent, {**request.form.to_dict(), "attachments": chosen})
        made = actions.ask(viewer=viewer(), thread_id=thread_id, now=clock.now(), **form.model_dump())
    except Invalid as refusal:
        return _thread_page(view, refusal.errors), 422
    except CannotWrite as refusal:
        return _thread_page(view, {"attachments": refusal.detail}), refusal.status
    return redirect(message_url(thread_id, made.message_seq, made.message_seq), 303)


@pages.post("/portfolio/asks/<ask_id>")
@signed_in
@limiter.limit("60/minute")
def answer(ask_id: str) -> Response:
    """Answer a question, and lead back to it."""
    says_yes = read_form(AnswerAsk).answer == "yes"
    try:
        actions.answer(viewer=viewer(), ask_id=ask_id, says_yes=says_yes, now=clock.now())
    except (Conflict, CannotWrite) as refusal:
        flash(refusal.detail, "danger")
    made = queries.ask_for(viewer(), ask_id).ask
    last_seq = thread_for(viewer(), made.thread_id).thread.last_seq
    return redirect(message_url(made.thread_id, made.message_seq, last_seq), 303)


@pages.post("/portfolio/asks/<ask_id>/revoke")
@signed_in
@limiter.limit("60/minute")
def revoke(ask_id: str) -> Response:
    """Take back a consent, or one picture of it."""
    form = read_form(TakeBack)
    actions.revoke(viewer=viewer(), ask_id=ask_id, attachment_id=form.attachment, now=clock.now())
    flash(gettext("Taken back. It is not shown any more."), "good")
    return redirect(url_for("portfolio.allowed"), 303)


@pages.get("/settings/pictures")
@signed_in
def allowed() -> str:
    """Show a client every question, and what they said."""
    if not viewer().is_client:
        raise NotFound
    asks = queries.asks_of(viewer())
    return render_template("portfolio/allowed.html", asks=asks, purposes=PURPOSE_WORDS)
