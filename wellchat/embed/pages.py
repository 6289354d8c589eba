"""The pages of frames. They hold nothing of anybody: the script in them gets a token from the page around."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts import links
from wellchat.accounts.links import DeadLink
from wellchat.accounts.session_models import SSO
from wellchat.attachments.queries import file_for
from wellchat.attachments.serving import send_original
from wellchat.config import setting
from wellchat.db import transaction
from wellchat.embed import files, guarding
from wellchat.embed.api import FRAME
from wellchat.embed.forms import FrameQuery
from wellchat.embed_settings import allows
from wellchat.errors import NotAllowed
from wellchat.forms import read_query
from wellchat.i18n import available_languages, force_language, gettext, language
from wellchat.sso.pages.arrival import lead_in
from wellchat.web import limiter, safe_next

# The empty pages have no limit, as static files have none: they cost as little.
pages = Blueprint("embed", __name__)

# Pages and pictures that a frame fetches with its access token, below /embed. The views are the usual ones.
SHOWN = (
    ("/", "inbox.inbox"),
    ("/threads/<thread_id>", "messaging.thread"),
    ("/people/<user_id>/avatar", "connections.avatar"),
    ("/attachments/<attachment_id>/<name>", "attachments.show"),
    ("/attachments/<attachment_id>/thumbnail", "attachments.thumbnail"),
)


@pages.get("/embed/inbox")
@limiter.exempt
def inbox() -> str:
    """Show the conversations of a person, once the page around has sent a token."""
    return _frame("inbox")


@pages.get("/embed/thread")
@limiter.exempt
def thread() -> str:
    """Show one conversation."""
    return _frame("thread")


@pages.get("/embed/hub")
@limiter.exempt
def hub() -> str:
    """Count what is unread, and show nothing."""
    return _frame("hub")


def _frame(kind: str) -> str:
    query = read_query(FrameQuery)
    if not allows(setting("EMBED_ORIGINS"), query.origin):
        raise NotAllowed(gettext("This site may not show conversations in its pages."))
    guarding.stand_in_frames()
    wanted = query.lang if query.lang in available_languages() else language()
    with force_language(wanted):
        return render_template("embed/frame.html", kind=kind, query=query)


@pages.get("/embed/view")
@limiter.exempt
def view() -> str:
    """Show nothing: the frame around it puts a page here, and takes it away whole."""
    guarding.stand_in_frames(own=True)
    return render_template("embed/view.html")


@pages.get("/embed/files/<token>")
@limiter.limit("60/minute")
def download(token: str) -> Response:
    """Send the file of a signed address. Raises DeadLink."""
    user, attachment_id = files.read(token, clock.now())
    response = send_original(file_for(user, attachment_id))
    # A picture too: a window that showed it would have no way back.
    how, _, name = response.headers.get("Content-Disposition", "").partition(";")
    response.headers["Content-Disposition"] = f"attachment;{name}" if name else how
    return response


@pages.get("/sign-in/frame/<token>")
@limiter.limit("30/minute")
def leave(token: str) -> BaseResponse | tuple[str, int] | str:
    """Sign a person of a frame in in this window, and lead on. The link works once."""
    if request.method != "GET":
        # Looking at a link (HEAD) must not use it up.
        return ""
    now = clock.now()
    try:
        with transaction():
            user = links.redeem(token, FRAME, now=now)
    except DeadLink as dead:
        return render_template("accounts/invalid_link.html", detail=dead.detail, what="sign_in"), dead.status
    # It is no proof: the token of the host may have been a while ago. Who is here already is asked first.
    return lead_in(user, to=safe_next(request.args.get("next")), way=SSO, now=now, auth_time=0)


def shown(app: Flask) -> Blueprint:
    """Return the blueprint of SHOWN, for this application."""
    made = Blueprint(guarding.SHOWN, __name__, url_prefix="/embed")
    for path, endpoint in SHOWN:
        made.add_url_rule(path, endpoint.replace(".", "_"), app.view_functions[endpoint])
    return made
