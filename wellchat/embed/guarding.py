"""Let an access token into what a frame needs and nowhere else, and no cookie into a frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from flask import Flask, g, request
from flask.wrappers import Response

from wellchat import clock
from wellchat.accounts.scopes import READ, SEND, needed_scope
from wellchat.accounts.sessions import read_bearer
from wellchat.embed.access import PREFIX, Access, access_of
from wellchat.embed.headers import policy
from wellchat.errors import NotAllowed, NotFound, NotSignedIn
from wellchat.i18n import gettext
from wellchat.web import login

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGES = "/embed/"
CALLS = "/api/embed/"
# Beside what scopes.py closes: the notices of a device belong to a browser that keeps something.
CLOSED = ("/api/push/",)
SHOWN = "embed_shown"  # the blueprint of the pages that a frame fetches


class WithoutCookies:
    """Middleware: nothing behind it sees a cookie in a request of a frame, so none counts."""

    def __init__(self, behind: WSGIApplication) -> None:
        self._next = behind

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith((PAGES, CALLS)) or PREFIX in environ.get("HTTP_AUTHORIZATION", ""):
            environ.pop("HTTP_COOKIE", None)
        return self._next(environ, start_response)


def _secret() -> str | None:
    """Return the access token of the request, or None."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    return secret if scheme.lower() == "bearer" and secret.startswith(PREFIX) else None


def _read_access() -> None:
    """Sign the person of an access token in for this request; nobody else on the pages of frames."""
    # Every request comes by, and most have neither.
    is_page = request.path.startswith(PAGES)
    if not is_page and PREFIX not in request.environ.get("HTTP_AUTHORIZATION", ""):
        return
    secret = _secret()
    if secret is None and not is_page:
        return
    g.embed = access_of(secret, now=clock.now()) if secret else None
    # No cookie counts, so no call needs a CSRF token; and a page that made one would set a cookie.
    g.bearer, g.csrf_token = True, ""
    login._update_request_context_with_user(g.embed.user if g.embed else None)


def _check_door() -> None:
    """Refuse an access token wherever a frame has no business, and whoever has none in a frame's pages."""
    if request.blueprint == SHOWN and g.embed is None:
        # A redirect to the page for signing in would end in the frame.
        raise NotSignedIn
    if g.get("embed") is None or request.url_rule is None:
        return
    rule, path = request.url_rule.rule, request.path
    is_open = path.startswith((PAGES, "/api/")) and needed_scope(rule, request.method) in (READ, SEND)
    if not is_open or rule.startswith(CLOSED):
        raise NotAllowed(gettext("This is not possible in a frame. Open it in a window of its own."))


def access() -> Access:
    """Return the session of the frame that asks. Raises NotFound for everybody else."""
    found = g.get("embed")
    if found is None:
        raise NotFound
    return cast(Access, found)


def stand_in_frames(*, own: bool = False) -> None:
    """Let the page of this request stand in frames of the named sites. `own`: inside a frame of ours, too."""
    g.frame_policy = policy(own=own)


def _stay(response: Response) -> Response:
    """Keep a redirect of a page that a frame shows among such pages: the frame follows it with its token."""
    if request.blueprint == SHOWN and (to := response.location or "").startswith("/") and to[1:2] != "/":
        response.location = PAGES + to[1:]
    return response


def _dress(response: Response) -> Response:
    """Give such a page its headers, in place of those of every page."""
    if "frame_policy" in g and response.status_code == 200:
        response.headers["Content-Security-Policy"] = g.frame_policy
        # A host with Cross-Origin-Embedder-Policy takes only what says this.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Referrer-Policy"] = "origin"
        # It knows no list of sites; frame-ancestors says it all (CSP Level 3, 6.4.2.2).
        for name in ("X-Frame-Options", "Reporting-Endpoints"):
            response.headers.pop(name, None)
    return response


def init_app(app: Flask) -> None:
    """Read the access token of every request, and give the pages of frames their headers."""
    # Behind the audit's origin, and before everything that asks who is signed in.
    before = app.before_request_funcs[None]
    before.insert(before.index(read_bearer), _read_access)
    app.before_request(_check_door)
    # What is first in the list runs last: behind the headers of every page.
    app.after_request_funcs.setdefault(None, [])[:0] = [_dress, _stay]
    app.wsgi_app = WithoutCookies(app.wsgi_app)  # type: ignore[method-assign]
