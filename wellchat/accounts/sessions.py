"""Who sends this request: the session cookie, the remembered browser or the bearer token, told to Flask-Login."""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, g, request, session
from flask_login import current_user, login_user, logout_user
from flask_login.utils import login_remembered

from wellchat import clock
from wellchat.accounts.actions import note_language, touch_presence
from wellchat.accounts.credentials import end_session
from wellchat.accounts.models import User
from wellchat.accounts.queries import user_by_session, user_by_token
from wellchat.errors import wants_json
from wellchat.i18n import negotiated_language
from wellchat.web import SAFE_METHODS, login

log = logging.getLogger(__name__)


def sign_in(user: User, *, remember: bool = False) -> None:
    """Begin a session. Nothing of what stood in the old cookie survives: it may have been planted."""
    session.clear()
    user.session_id = ""
    login_user(user, remember=remember)
    if not remember and current_app.config["REMEMBER_COOKIE_NAME"] in request.cookies:
        session["_remember"] = (
            "clear"  # it may be another person's, who would come back when this session ends
        )


def renew_session(user: User) -> None:
    """The same browser goes on after everything else was signed out."""
    sign_in(user, remember=login_remembered())


def sign_out() -> None:
    """End this session for good: copies of its cookies are worth nothing from here on."""
    if current_user.is_authenticated and current_user.session_id:
        end_session(user=current_user._get_current_object(), now=clock.now())
    session.clear()
    logout_user()


def _read_bearer() -> None:
    """A bearer token decides alone: with a bad one the request is nobody's, whatever cookie comes along."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return
    found = user_by_token(secret.strip())
    user, g.token_id = found or (None, None)
    g.bearer = True
    login._update_request_context_with_user(user)  # Flask-Login itself would ask the cookie first


def _note_presence(response: Response) -> Response:
    """Opening a page and doing something are signs of a person; polling is not.

    A call tells nothing of what is on somebody's screen: a page that makes one says so by `looking` when it polls.
    """
    user = g.get("_login_user")
    if user is None or not user.is_authenticated or response.status_code >= 400:
        return response
    thread_id = (request.view_args or {}).get("thread_id")
    acts = request.method not in SAFE_METHODS and not request.path.startswith("/api/tokens")
    opens = request.method == "GET" and response.mimetype == "text/html" and response.status_code == 200
    # by a service worker, for reading offline
    if not (acts or opens) or request.headers.get("X-Purpose") == "keep":
        return response
    try:
        if opens and (language := negotiated_language()) and language != user.browser_locale:
            note_language(user_id=user.id, language=language)
        stays = acts and (thread_id is None or wants_json())
        touch_presence(user_id=user.id, now=clock.now(), thread_id=thread_id, same_thread=stays)
    except Exception:
        log.warning("presence could not be written", exc_info=True)
    return response


def init_app(app: Flask) -> None:
    login.user_loader(lambda cookie: user_by_session(cookie, now=clock.now()))
    # First of all, for CSRF protection and rate limits ask who it is.
    app.before_request_funcs.setdefault(None, []).insert(0, _read_bearer)
    app.after_request(_note_presence)
