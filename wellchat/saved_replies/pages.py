"""The pages of saved replies: one's own in the settings, those of the installation for administrators.

Both are the same views, on another shelf (`_shelf`). Without a script the menu of the composer is a page.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.proof import fresh_proof
from wellchat.attachments.uploads import raise_body_limit
from wellchat.db import new_id
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form, read_query
from wellchat.i18n import gettext, ngettext
from wellchat.messaging.forms import MAX_BODY
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import thread_json
from wellchat.placeholders import NAMES
from wellchat.saved_replies import actions, queries
from wellchat.saved_replies.csv_files import BadRow, write_rows
from wellchat.saved_replies.filling import BOOKINGS
from wellchat.saved_replies.forms import Move, ReplyPage, SavedReplyForm
from wellchat.saved_replies.models import EVERYBODY, MAX_REPLIES, MAX_REPLY, MAX_TITLE
from wellchat.web import limiter, signed_in, viewer

own_pages = Blueprint("saved_replies", __name__)
site_pages = Blueprint("site_replies", __name__)
thread_pages = Blueprint("thread_replies", __name__)

OWN_PATH, SITE_PATH = "/settings/replies", "/oversight/replies"
MAX_SHOWN = 20  # refused rows on the page


class _Shelf(NamedTuple):
    id: str
    path: str


def _shelf() -> _Shelf:
    """Return the shelf of the page that was asked for. Raises NotFound for everybody else."""
    if request.blueprint == site_pages.name:
        if not viewer().may("settings"):
            raise NotFound
        return _Shelf(EVERYBODY, SITE_PATH)
    queries.only_professionals(viewer())
    return _Shelf(viewer().id, OWN_PATH)


def show() -> str:
    """Show the replies of a shelf, and a form for a new one."""
    return _page(_shelf())


@limiter.limit("60/minute")
def make() -> BaseResponse | tuple[str, int]:
    """Make a reply. What is refused is shown again, with the reason at its field."""
    shelf = _shelf()
    try:
        actions.make_reply(shelf=shelf.id, form=read_form(SavedReplyForm), now=clock.now())
    except Invalid as refusal:
        return _page(shelf, errors=refusal.errors, typed=request.form.to_dict()), 422
    return _done(shelf)


def edit(reply_id: str) -> str:
    """Show one reply, in a form to change it."""
    shelf = _shelf()
    reply = queries.reply_on(shelf.id, reply_id)
    return _edit_page(shelf, reply_id, {"title": reply.title, "body": reply.body})


@limiter.limit("60/minute")
def change(reply_id: str) -> BaseResponse | tuple[str, int]:
    """Change one reply."""
    shelf = _shelf()
    queries.reply_on(shelf.id, reply_id)
    try:
        form = read_form(SavedReplyForm)
        actions.change_reply(shelf=shelf.id, reply_id=reply_id, form=form, now=clock.now())
    except Invalid as refusal:
        return _edit_page(shelf, reply_id, request.form.to_dict(), refusal.errors), 422
    return _done(shelf)


@limiter.limit("60/minute")
def remove(reply_id: str) -> BaseResponse:
    """Delete one reply."""
    shelf = _shelf()
    actions.delete_reply(shelf=shelf.id, reply_id=reply_id, now=clock.now())
    flash(gettext("Deleted."), "good")
    return redirect(shelf.path, 303)


@limiter.limit("300/minute")
def move(reply_id: str) -> BaseResponse:
    """Move one reply in the order of its shelf."""
    shelf = _shelf()
    queries.reply_on(shelf.id, reply_id)
    actions.move_reply(shelf=shelf.id, reply_id=reply_id, to=read_form(Move).to, now=clock.now())
    return redirect(f"{shelf.path}#{reply_id}", 303)


@limiter.limit("10/minute")
def import_file() -> BaseResponse | tuple[str, int]:
    """Take replies from a CSV file; show which rows were refused."""
    shelf, upload = _shelf(), request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Invalid({"file": gettext("Choose a file first.")})
        good_only = "good_only" in request.form
        done = actions.import_replies(
            shelf=shelf.id, content=upload.read(), good_only=good_only, now=clock.now()
        )
    except Invalid as refusal:
        return _page(shelf, errors=refusal.errors), 422
    if done.taken:
        taken = ngettext("%(num)s saved reply was taken.", "%(num)s saved replies were taken.", done.taken)
        flash(taken, "good")
    if done.refused:
        return _page(shelf, refused=done.refused), 200 if done.taken else 422
    return redirect(shelf.path, 303)


def export_file() -> Response:
    """Send the replies of a shelf as a CSV file."""
    content = write_rows(queries.all_of(_shelf().id))
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="saved-replies.csv"'
    return response


def _done(shelf: _Shelf) -> BaseResponse:
    flash(gettext("Saved."), "good")
    return redirect(shelf.path, 303)


def _page(
    shelf: _Shelf,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    refused: list[BadRow] | None = None,
) -> str:
    query = read_query(ReplyPage)
    found, count, has_more = queries.page_of(
        viewer(), shelf.id, words=query.q, by_use=query.by == "use", page=query.page
    )
    return render_template(
        "saved_replies/page.html",
        shelf=shelf,
        is_site=shelf.id == EVERYBODY,
        replies=found,
        count=count,
        most=MAX_REPLIES,
        query=query,
        has_more=has_more,
        refused=(refused or [])[:MAX_SHOWN],
        refused_more=max(0, len(refused or []) - MAX_SHOWN),
        values=typed or {},
        errors=errors or {},
        **_limits(),
    )


def _edit_page(
    shelf: _Shelf, reply_id: str, values: dict[str, str], errors: dict[str, str] | None = None
) -> str:
    return render_template(
        "saved_replies/edit.html",
        shelf=shelf,
        is_site=shelf.id == EVERYBODY,
        reply_id=reply_id,
        values=values,
        errors=errors or {},
        **_limits(),
    )


def _limits() -> dict[str, Any]:
    return {"max_title": MAX_TITLE, "max_reply": MAX_REPLY, "names": {**NAMES, **BOOKINGS}}


for _pages, _path in ((own_pages, OWN_PATH), (site_pages, SITE_PATH)):
    for _rule, _method, _view in (
        ("", "GET", show),
        ("", "POST", make),
        ("/import", "POST", import_file),
        ("/export", "GET", export_file),
        ("/<reply_id>", "GET", edit),
        ("/<reply_id>", "POST", change),
        ("/<reply_id>/delete", "POST", remove),
        ("/<reply_id>/move", "POST", move),
    ):
        _guarded = signed_in(fresh_proof(_view) if _pages is site_pages else _view)
        _pages.add_url_rule(_path + _rule, _view.__name__, _guarded, methods=[_method])


def _room_for_a_file(endpoint: str | None, _values: object) -> None:
    if endpoint and endpoint.endswith(".import_file"):
        raise_body_limit()


own_pages.url_value_preprocessor(_room_for_a_file)
site_pages.url_value_preprocessor(_room_for_a_file)


@thread_pages.get("/threads/<thread_id>/saved-replies")
@signed_in
def choose(thread_id: str) -> str:
    """Show what can be put into a message of this thread, for browsers without a script."""
    view, query = thread_for(viewer(), thread_id), read_query(ReplyPage)
    found = queries.usable(viewer(), query.q, queries.PER_PAGE)
    return render_template(
        "saved_replies/choose.html",
        thread=thread_json(view, viewer(), now=clock.now()),
        replies=queries.menu_json(viewer(), view, found, clock.now()),
        query=query,
    )


@thread_pages.post("/threads/<thread_id>/saved-replies/<reply_id>")
@signed_in
@limiter.limit("120/minute")
def put_in(thread_id: str, reply_id: str) -> str:
    """Show a message with the reply in it, to be changed and sent."""
    view = thread_for(viewer(), thread_id)
    filled = actions.use_reply(viewer=viewer(), view=view, reply_id=reply_id, now=clock.now())
    return render_template(
        "saved_replies/put_in.html",
        thread=thread_json(view, viewer(), now=clock.now()),
        filled=filled,
        client_key=new_id(),
        max_body=MAX_BODY,
    )
