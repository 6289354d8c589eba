"""Serve the page with one's own link, the public page that it leads to, and the first message."""

from __future__ import annotations

import segno
from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.connections.avatars import picture_of
from wellchat.connections.queries import connection_between, may_write_first
from wellchat.db import new_id
from wellchat.errors import CannotWrite, Invalid, NotAllowed, NotFound
from wellchat.forms import read_form
from wellchat.i18n import gettext
from wellchat.invites import actions, queries
from wellchat.invites.forms import PageForm
from wellchat.messaging.forms import MAX_BODY, PostMessage
from wellchat.messaging.messages import send_message
from wellchat.messaging.queries import pair_threads
from wellchat.messaging.threads import open_thread
from wellchat.next_page import with_next
from wellchat.web import limiter, place_key, signed_in, viewer

pages = Blueprint("invites", __name__)

Page = str | tuple[str, int] | BaseResponse


def _professional() -> User:
    user = viewer()
    if not user.is_professional:
        raise NotFound
    return user


@pages.get("/invite")
@signed_in
def invite() -> Page:
    """Show the link to share, as text and as a QR code, and the form of the public page."""
    return _invite_page(_professional())


def _invite_page(user: User, refusal: Invalid | None = None) -> tuple[str, int]:
    link = f"{current_app.config['BASE_URL']}{queries.invite_path(user)}"
    picture = segno.make(link, error="m", micro=False).svg_inline(border=4, light="#fff", omitsize=True)
    page = queries.page_of(user.id)
    shown = render_template(
        "invites/invite.html",
        link=link,
        qr=Markup(picture),  # noqa: S704 - our own
        name=page.name if page else queries.suggestion(user),
        is_shown=page is not None and page.is_shown,
        errors=refusal.errors if refusal else {},
        typed=request.form if refusal else None,
    )
    return shown, 422 if refusal else 200


@pages.post("/invite")
@signed_in
@limiter.limit("20/hour")
def save() -> Page:
    """Save the readable name, and whether everybody may see the page."""
    user = _professional()
    try:
        form = read_form(PageForm)
        actions.save_page(user_id=user.id, **form.model_dump(), now=clock.now())
    except Invalid as refusal:
        return _invite_page(user, refusal)
    flash(gettext("Saved."), "good")
    return redirect("/invite", 303)


def _looker() -> User | None:
    return viewer() if current_user.is_authenticated else None


@pages.get("/with/<public_name>")
@limiter.limit("120/minute", key_func=place_key)
def public_page(public_name: str) -> Page:
    """Show a professional's public page to anybody; lead from an old name to the present one."""
    user = _looker()
    person, name = queries.find(public_name, user)
    if name != public_name:
        return redirect(f"/with/{name}")
    page = queries.page_of(person.id)
    if page is None or not page.is_shown or not queries.may_be_shown(person):
        # Only who may see the profile gets here.
        return redirect(f"/people/{person.id}")
    write = f"/with/{name}/write"
    is_open = current_app.config["SIGN_UP"] == "open"
    return render_template(
        "invites/public_page.html",
        person=_shown(person, name),
        address=f"{current_app.config['BASE_URL']}/with/{name}",
        write=write if user else with_next("/sign-up" if is_open else "/sign-in", write),
        sign_in=with_next("/sign-in", write),
        can_write=user is None or _can_write(user, person),
        is_own=user is not None and user.id == person.id,
    )


def _shown(person: User, name: str) -> dict[str, str | None]:
    """Return what the public page shows. No address and no id; the picture has a path of its own."""
    version = person.avatar_version
    return {
        "id": name,
        "name": person.name,
        "role_label": person.label,
        "bio": person.bio,
        "avatar_url": f"/with/{name}/picture?v={version}" if version else None,
    }


def _can_write(user: User, person: User) -> bool:
    return may_write_first(user, person, connection_between(user.id, person.id))


@pages.get("/with/<public_name>/picture")
@limiter.limit("120/minute", key_func=place_key)
def picture(public_name: str) -> Response:
    """Return the picture of a public page. Raises NotFound."""
    return picture_of(queries.find(public_name, _looker()).person)


@pages.get("/with/<public_name>/write")
@signed_in
def write(public_name: str) -> Page:
    """Show the form of the first message; lead to the conversation where there is one."""
    return _write_page(*queries.find(public_name, viewer()))


def _write_page(person: User, name: str, refusal: Invalid | CannotWrite | None = None) -> Page:
    user = viewer()
    connection = connection_between(user.id, person.id)
    opened = pair_threads(user, [connection.id]) if connection else {}
    if connection and connection.id in opened:
        return redirect(f"/threads/{opened[connection.id]}")
    if not may_write_first(user, person, connection):
        return redirect(f"/with/{name}")
    page = render_template(
        "invites/write.html",
        person=person,
        name=name,
        client_key=request.form.get("client_key", "") if refusal else new_id(),
        max_body=MAX_BODY,
        body=request.form.get("body", ""),
        errors={"body": refusal.detail} if refusal else {},
    )
    return page, refusal.status if refusal else 200


@pages.post("/with/<public_name>/write")
@signed_in
@limiter.limit("10/minute")
def send_first(public_name: str) -> Page:
    """Open the conversation with its first message. Without a word there is none."""
    user, now = viewer(), clock.now()
    person, name = queries.find(public_name, user)
    if not _can_write(user, person):
        raise NotAllowed(gettext("You cannot write to %(name)s from this account.", name=person.name))
    try:
        form = read_form(PostMessage)
        thread_id, _ = open_thread(viewer=user, with_id=person.id, subject=None, now=now)
        send_message(sender=user, thread_id=thread_id, body=form.body, client_key=form.client_key, now=now)
    except (Invalid, CannotWrite) as refusal:
        return _write_page(person, name, refusal)
    return redirect(f"/threads/{thread_id}", 303)
