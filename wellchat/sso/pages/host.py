"""Serve the door of the host: /sso takes its token, /sso/start leads to it."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.session_models import SSO, SSO_MFA
from wellchat.config import setting
from wellchat.errors import NotFound
from wellchat.sso.doors import asked_second_factor, note_refusal, person_of_token, use_up
from wellchat.sso.pages import notes
from wellchat.sso.pages.arrival import lead_in
from wellchat.sso.tokens import BadToken, read_host_token
from wellchat.web import csrf_exempt, limiter, place_key, safe_next

pages = Blueprint("sso", __name__)

DOOR = "/sso"
MAX_STATE = 200


class WrongOrigin(BadToken):
    """The form comes from a page of nobody whom the settings name."""

    status = 403


class InAddress(BadToken):
    """The token came in an address, where logs and other sites read it."""

    status = 400


@pages.post(DOOR)
@csrf_exempt
@limiter.limit("30/minute", key_func=place_key)
def take_token() -> Response:
    """Take a token of the host from a form of its page. Raises BadToken.

    Without a check of `Origin`, anybody's page could sign a visitor in as somebody else.
    """
    now = clock.now()
    if not setting("SSO_ORIGINS"):
        raise NotFound
    try:
        _check_origin()
        claims = read_host_token(request.form.get("token", ""), now)
        use_up(claims, now)
        user = person_of_token(claims, now)
    except BadToken as error:
        note_refusal(error, DOOR, now)
        raise
    return lead_in(
        user,
        to=safe_next(request.form.get("to")),
        now=now,
        way=SSO_MFA if asked_second_factor(claims.amr) else SSO,
        auth_time=claims.auth_time,
        state=request.form.get("state", "")[:MAX_STATE] or None,
    )


def _check_origin() -> None:
    origin = request.headers.get("Origin", "")
    if origin not in setting("SSO_ORIGINS"):
        reason = "The form's Origin is not in WELLCHAT_SSO_ORIGINS."
        if origin == "null":
            reason += " A page with Referrer-Policy: no-referrer, or in a sandbox, sends none."
        raise WrongOrigin("wrong_origin", reason)


@pages.get(DOOR)
@limiter.limit("30/minute", key_func=place_key)
def refuse_address() -> Response:
    """Refuse a token in an address with words; without one lead to the sign-in page."""
    if not setting("SSO_ORIGINS"):
        raise NotFound
    if "token" in request.args:
        error = InAddress("token_in_address", "A token in an address ends in logs. Send it by a POST form.")
        note_refusal(error, DOOR, clock.now())
        raise error
    return redirect("/sign-in", 303)


@pages.get("/sso/start")
def start() -> Response:
    """Lead to the host, which answers by a form to /sso with a token and this `state`."""
    home = setting("SSO_URL")
    if not home or not setting("SSO_ORIGINS"):
        raise NotFound
    state = secrets.token_urlsafe(16)
    mark = "&" if "?" in home else "?"
    back = urlencode({"return": f"{setting('BASE_URL')}{DOOR}", "state": state})
    response = redirect(f"{home}{mark}{back}", 302)
    notes.put(response, notes.START, {"state": state, "to": safe_next(request.args.get("to"))}, clock.now())
    return response
