"""The pages about one's own data: copies, erasure, what is kept; and the download of one conversation."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextvars import copy_context
from datetime import datetime

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.links import DeadLink
from wellchat.accounts.models import User
from wellchat.accounts.proof import fresh_proof
from wellchat.config import setting
from wellchat.errors import Conflict, Invalid
from wellchat.flashes import lead_back
from wellchat.forms import read_form, read_query
from wellchat.i18n import force_language, gettext, language
from wellchat.privacy import erasure, exports, links, queries, transcript
from wellchat.privacy.archive import safe_name
from wellchat.privacy.downloads import attachment_header
from wellchat.privacy.forms import DownloadQuery, EraseForm
from wellchat.privacy.hooks import looks_told
from wellchat.privacy.models import ASKED
from wellchat.web import limiter, signed_in, viewer

pages = Blueprint("privacy", __name__)

Page = str | tuple[str, int] | BaseResponse
ASKED_FOR = "erasure"  # in the session of a browser: its person is to be erased


@pages.get("/privacy")
def about() -> str:
    """Say what is kept, for how long, and who may see it."""
    return render_template(
        "privacy/about.html",
        periods=queries.periods(),
        left=queries.left_after_erasure(),
        grace=setting("ERASURE_GRACE"),
        contact=setting("PRIVACY_CONTACT"),
    )


def _page(refusal: Invalid | Conflict | None = None, part: str = "") -> tuple[str, int]:
    """Return (page, status). A conflict is said in the section `part`."""
    user, now = viewer(), clock.now()
    export = exports.latest_export(user.id)
    page = render_template(
        "privacy/settings.html",
        export=export,
        ready=export is not None and exports.is_ready(export, now),
        ends_at=exports.ends_at(export) if export else None,
        may_ask=export is None or export.state == "failed" or now - export.asked_at >= exports.ONCE_IN,
        erasure=erasure.erasure_of(user.id),
        grace=setting("ERASURE_GRACE"),
        looks=[look for each in looks_told(user, now) for look in each],
        errors=refusal.errors if isinstance(refusal, Invalid) else {},
        conflict=refusal.detail if isinstance(refusal, Conflict) else None,
        part=part,
        now=now,
    )
    return page, refusal.status if refusal else 200


@pages.get("/settings/privacy")
@signed_in
def show() -> Page:
    """Show what one can do with one's own data."""
    return _page()


@pages.post("/settings/privacy/export")
@signed_in
@fresh_proof
@limiter.limit("10/hour")
def ask_for_export() -> Page:
    """Ask for a copy of one's data."""
    try:
        exports.request_export(user=viewer(), now=clock.now())
    except Conflict as refusal:
        return _page(refusal, "copy")
    return lead_back(
        url_for("privacy.show", _anchor="copy"),
        gettext("Your copy is being made. We send you an email when it is ready."),
    )


@pages.get("/settings/privacy/exports/<export_id>")
@signed_in
@fresh_proof
@limiter.limit("30/hour")
def download_export(export_id: str) -> Response:
    """Return a copy that is ready, as a zip, to its owner alone."""
    export, chunks = exports.fetch(viewer(), export_id, now=clock.now())
    name = f"{safe_name(setting('NAME'))}-{export.asked_at:%Y-%m-%d}.zip"
    response = _download(chunks, name, "application/zip")
    response.content_length = export.size
    return response


@pages.post("/settings/privacy/erase")
@signed_in
@fresh_proof
@limiter.limit("10/hour")
def ask_for_erasure() -> Page:
    """Ask to be erased, when the period of grace is over."""
    try:
        read_form(EraseForm)
    except Invalid as refusal:
        return _page(refusal)
    try:
        erasure.request_erasure(user=viewer(), now=clock.now())
    except Conflict as refusal:
        return _page(refusal, "erase")
    session[ASKED_FOR] = True
    return redirect(url_for("privacy.show", _anchor="erase"), 303)


def notice_at_sign_in(user: User, now: datetime) -> str | None:
    """Return that the account will be erased, and note it for the banner. None: it will not."""
    words = erasure.notice_at_sign_in(user, now)
    if words is not None:
        session[ASKED_FOR] = True
    return words


def erasure_at(user: User) -> datetime | None:
    """Return when the viewer will be erased, for the banner of every page; None: not at all.

    The session says whom to look up, so that nobody else's pages cost a statement.
    """
    if ASKED_FOR not in session:
        return None
    found = erasure.erasure_of(user.id)
    if found is not None and found.state == ASKED:
        return found.due_at
    del session[ASKED_FOR]
    return None


@pages.post("/settings/privacy/keep")
@signed_in
def keep() -> Page:
    """Cancel the erasure."""
    try:
        erasure.cancel_erasure(user_id=viewer().id, now=clock.now())
    except Conflict as refusal:
        return _page(refusal, "erase")
    return lead_back(url_for("privacy.show", _anchor="erase"), gettext("Your account is kept."))


@pages.get("/keep-account/<token>")
def confirm_keep(token: str) -> Response:
    """Show a button, and change nothing: mail scanners open every link of a mail before its reader does."""
    links.owner_of(token)
    return _keep_page(done=False)


@pages.post("/keep-account/<token>")
@limiter.limit("20/hour")
def keep_by_link(token: str) -> Response:
    """Cancel the erasure by the link of the mail. Raises DeadLink."""
    user_id = links.owner_of(token)
    try:
        erasure.cancel_erasure(user_id=user_id, now=clock.now())
    except Conflict:
        raise DeadLink from None
    return _keep_page(done=True)


def _keep_page(*, done: bool) -> Response:
    response = make_response(render_template("privacy/keep.html", done=done))
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response


@pages.get("/threads/<thread_id>/download")
@signed_in
@limiter.limit("30/hour")
def download_thread(thread_id: str) -> Response:
    """Return one conversation as a page, as text or as JSON, to its two people."""
    user = viewer()
    thread = transcript.thread_of(user, thread_id)
    form = read_query(DownloadQuery).format
    messages = transcript.messages_in(thread.id)
    if form == "json":
        chunks, media_type = transcript.as_json(user, thread, messages), "application/json"
    elif form == "text":
        chunks = transcript.as_text(user, thread, transcript.lines(user, thread, messages))
        media_type = "text/plain; charset=utf-8"
    else:
        chunks = transcript.as_html(user, thread, transcript.lines(user, thread, messages))
        media_type = "text/html; charset=utf-8"
    ending = {"text": "txt"}.get(form, form)
    return _download(
        _in_context(chunks), f"{safe_name(transcript.title_of(user, thread))}.{ending}", media_type
    )


def _in_context(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the chunks in a context of their own: that of the request is over before they are sent."""
    app, reader_language = current_app._get_current_object(), language()  # type: ignore[attr-defined]

    def read() -> Generator[bytes]:
        with app.app_context(), force_language(reader_language):
            yield from chunks

    # The server may ask for each chunk from another context, and what was entered must be left in the same.
    context, reading = copy_context(), read()

    def sent() -> Iterator[bytes]:
        try:
            while (chunk := context.run(next, reading, None)) is not None:
                yield chunk
        finally:
            context.run(reading.close)

    return sent()


def _download(chunks: Iterator[bytes], name: str, media_type: str) -> Response:
    response = Response(chunks if request.method != "HEAD" else iter(()), content_type=media_type)
    response.headers["Content-Disposition"] = attachment_header(name)
    # Opened in the browser, nothing in it runs.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
