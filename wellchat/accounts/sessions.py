"""Identify the user of a request for Flask-Login: by session cookie, remembered browser or bearer token."""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, flash, g, request, session
from flask_login import current_user, login_user, logout_user
from flask_login.utils import login_remembered

from wellchat import clock
from wellchat.accounts.actions import note_language, note_token
from wellchat.accounts.credentials import end_session
from wellchat.accounts.devices import recognise
from wellchat.accounts.hooks import notice_at_sign_in
from wellchat.accounts.models import User
from wellchat.accounts.presence import touch_presence
from wellchat.accounts.queries import session_ran_out, user_by_email, user_by_session, user_by_token
from wellchat.accounts.scopes import ANY, CLOSED, needed_scope
from wellchat.accounts.session_models import HERE
from wellchat.accounts.session_rows import mark_proved, see_session, start_session
from wellchat.audit.actions import record, record_refusal
from wellchat.audit.models import STRANGER
from wellchat.audit.request_origin import device_label, network_of
from wellchat.db import transaction
from wellchat.errors import NotAllowed, error_response, wants_json
from wellchat.i18n import gettext, negotiated_language
from wellchat.web import SAFE_METHODS, login

log = logging.getLogger(__name__)

CSRF = "csrf_token"  # Flask-WTF's key
RAN_OUT = "ran_out"  # in a cookie of nobody: the session that it held ended by time alone


def sign_in(user: User, *, remember: bool = False, way: str = HERE, proved: bool = True) -> None:
    """Start a session with an empty cookie: an attacker may have planted the old one (session fixation).

    `way` says who told us who it is, one of session_models.WAYS. `proved`: whether the person has just shown
    it, and not a while ago, there.
    """
    session.clear()
    # get_id makes a new id: an ended or planted session must not go on.
    user.session_id, user.session = "", None
    if login_user(user, remember=remember):
        now = clock.now()
        try:
            with transaction():
                place, proved_at = _seen_from(), now if proved else None
                start_session(user=user, **place, remembered=remember, proved_at=proved_at, way=way, now=now)
                recognise(user, **place, now=now)
                detail = {"way": way} if way else None
                record("session.started", now=now, actor_id=user.id, person_id=user.id, detail=detail)
        except BaseException:
            # The cookie would be a session all the same, and on no record.
            session.clear()
            logout_user()
            raise
        for notice in filter(None, notice_at_sign_in(user, now)):
            flash(notice)
    if not remember and current_app.config["REMEMBER_COOKIE_NAME"] in request.cookies:
        session["_remember"] = (
            # the remember cookie may be another person's, who would be signed in when this session ends
            "clear"
        )


def note_refusal(email: str) -> None:
    """Put a sign-in that was refused into the security log."""
    owner = user_by_email(email)
    record_refusal(
        "session.refused", now=clock.now(), actor_kind=STRANGER, person_id=owner.id if owner else None
    )


def _seen_from() -> dict[str, str]:
    return {
        "network": network_of(request.remote_addr or ""),
        "device": device_label(request.headers.get("User-Agent", "")),
    }


def note_session(user: User) -> None:
    """Note that this session is in use. A cookie from before there were rows gets its row now."""
    if user.session_id:
        see_session(user=user, **_seen_from(), now=clock.now())


def prove_session(user: User, *, way: str | None = None) -> None:
    """Note that the person proved who they are, and give this browser the session's new id.

    `way` says who told it, if that was not here.
    """
    # A cookie from before there were rows gets its own first.
    note_session(user)
    if mark_proved(user, now=clock.now(), way=way):
        session["_user_id"] = user.get_id()
        if login_remembered():
            # Its cookie holds the id too; Flask-Login writes it anew.
            session["_remember"] = "set"


def _keep_new_id(response: Response) -> Response:
    """Leave the cookie as it is, where the request came with an id that a proof has replaced.

    The browser may have the new one by now. This answer would put the old one in its place.
    """
    user = g.get("_login_user")
    came_with_it = user is not None and user.is_authenticated and user.has_old_id
    # A sign-in or sign-out put another id there, or none: that is written.
    if came_with_it and session.get("_user_id") == user.get_id():
        session.modified = False
    return response


def renew_session(user: User) -> None:
    """Sign this browser in again, after all sessions were ended."""
    sign_in(user, remember=login_remembered())


def sign_out() -> None:
    """End this session for good: copies of its cookie no longer work."""
    if current_user.is_authenticated and current_user.session_id:
        end_session(user=current_user._get_current_object(), now=clock.now())
    token = session.get(CSRF)
    session.clear()
    # A poll still under way is refused after this, and its answer writes the cookie that it came with. With
    # another token in that one, the sign-in form loaded meanwhile would be refused.
    if token:
        session[CSRF] = token
    logout_user()
    g.session_ended = True


def read_bearer() -> None:
    """Authenticate by the bearer token alone, if there is one. If it is wrong, the request is anonymous.

    Cookies are ignored then: a program must not act for a person who happens to be signed in.
    """
    # A feature above has decided already that no person asks.
    if g.get("bearer"):
        return
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return
    found = user_by_token(secret.strip(), now=clock.now())
    user, g.token_id = found or (None, None)
    # Cookies do not count for this request, even if the token is wrong, so it needs no CSRF token.
    g.bearer = True
    # Flask-Login itself would read the cookie first.
    login._update_request_context_with_user(user)


class ScopeMissing(NotAllowed):
    """The token may not do this (RFC 6750, 3.1)."""


def _check_scope() -> None:
    """Refuse what the bearer token of this call may not do; see scopes.py."""
    # Not current_user: most calls come with a token, and each look at the proxy costs.
    user = g.get("_login_user") if g.get("bearer") else None
    token = user.token if user is not None and user.is_authenticated else None
    rule = request.url_rule
    if token is None or rule is None:
        return
    needed = needed_scope(rule.rule, request.method)
    if needed is CLOSED:
        raise ScopeMissing(gettext("A program cannot do this. Do it in a browser."))
    if needed != ANY and needed not in token.scopes.split():
        raise ScopeMissing(gettext("This token may not do that; it needs the scope %(scope)s.", scope=needed))


def _on_scope_missing(error: ScopeMissing) -> Response:
    response = error_response(error.status, error.heading, error.detail)
    response.headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    return response


def _note_token(response: Response) -> Response:
    """Note that a token was used, and from where."""
    user = g.get("_login_user") if g.get("bearer") else None
    if user is None or not user.is_authenticated or user.token is None or response.status_code >= 400:
        return response
    try:
        note_token(user.token, network=network_of(request.remote_addr or ""), now=clock.now())
    # The response is made already, and a note that fails must not turn it into an error.
    except Exception:
        log.warning("the use of a token could not be written", exc_info=True)
    return response


def _note_presence(response: Response) -> Response:
    """Record that the person is present, when they open a page or act. Polling does not count.

    An API call does not say what is on the screen: the page sends `looking` with its polls for that.
    """
    user = g.get("_login_user")
    if user is None or not user.is_authenticated or response.status_code >= 400:
        return response
    thread_id = (request.view_args or {}).get("thread_id")
    acts = request.method not in SAFE_METHODS and not request.path.startswith(("/api/tokens", "/api/search"))
    opens = request.method == "GET" and response.mimetype == "text/html" and response.status_code == 200
    # the service worker fetched it for offline reading
    if not (acts or opens) or request.headers.get("X-Purpose") == "keep":
        return response
    try:
        if opens and (language := negotiated_language()) and language != user.browser_locale:
            note_language(user_id=user.id, language=language)
        stays = acts and (thread_id is None or wants_json())
        now = clock.now()
        touch_presence(user_id=user.id, now=now, thread_id=thread_id, same_thread=stays)
        note_session(user)
    except Exception:
        log.warning("presence could not be written", exc_info=True)
    return response


def _clear_caches(response: Response) -> Response:
    """Tell the browser to drop its HTTP cache once the session is over, wherever it was ended.

    With the first response to a cookie whose session is over, and at sign-out (Clear-Site-Data). If it ended
    by time alone, nobody wanted its words gone: every refusal says so, until somebody signs in.
    """
    # Not current_user, which would load somebody for a response that needed nobody.
    user = g.get("_login_user")
    is_refused = user is not None and not user.is_authenticated and not g.get("bearer")
    if is_refused and (cookie := session.pop("_user_id", None)) is not None:
        g.session_ended = True
        if session_ran_out(cookie, now=clock.now()):
            session[RAN_OUT] = True
    if is_refused and response.status_code == 401 and session.get(RAN_OUT):
        response.headers["X-Session-End"] = "time"
    if g.get("session_ended"):
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


def init_app(app: Flask) -> None:
    """Register the user loader, the bearer token and the presence."""
    login.user_loader(lambda cookie: user_by_session(cookie, now=clock.now()))
    # First, because CSRF protection and rate limits need to know the user.
    app.before_request_funcs.setdefault(None, []).insert(0, read_bearer)
    app.before_request(_check_scope)
    app.register_error_handler(ScopeMissing, _on_scope_missing)
    # What is registered first runs last: the others may write into the session.
    app.after_request(_keep_new_id)
    app.after_request(_note_presence)
    app.after_request(_note_token)
    app.after_request(_clear_caches)
