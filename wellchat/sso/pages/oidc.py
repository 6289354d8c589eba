"""Serve the way to a provider of OpenID Connect and back, and its logout."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.session_models import OIDC, OIDC_MFA
from wellchat.config import setting
from wellchat.db import new_id
from wellchat.sso import oidc
from wellchat.sso.doors import note_refusal
from wellchat.sso.jose import Unfit
from wellchat.sso.oidc_discovery import about, provider_named
from wellchat.sso.oidc_logout import log_out
from wellchat.sso.oidc_people import person_of_login
from wellchat.sso.oidc_sessions import id_token_of, provider_of, remember
from wellchat.sso.pages import notes
from wellchat.sso.pages.arrival import lead_in
from wellchat.sso.tokens import BadToken
from wellchat.sso_settings import Provider
from wellchat.web import csrf_exempt, json_response, limiter, place_key, safe_next

pages = Blueprint("oidc", __name__, url_prefix="/oidc")

LEAVING = "oidc_leaving"


def _refuse(provider: Provider, unfit: Unfit, now: datetime) -> BadToken:
    error = BadToken(unfit.code, unfit.reason)
    note_refusal(error, f"/oidc/{provider.name}", now)
    return error


@pages.get("/<name>/start")
@limiter.limit("30/minute", key_func=place_key)
def start(name: str) -> Response:
    """Lead to the provider. `to`: the page to open then; `again`: the person is to sign in there anew."""
    provider, now = provider_named(name), clock.now()
    to, again = safe_next(request.args.get("to")), "again" in request.args
    try:
        flow, address = oidc.begin(provider, to=to, again=again, now=now)
    except Unfit as unfit:
        raise _refuse(provider, unfit, now) from None
    response = redirect(address, 302)
    notes.put(response, notes.FLOW, asdict(flow), now)
    return response


@pages.get("/<name>/callback")
@limiter.limit("30/minute", key_func=place_key)
def callback(name: str) -> Response:
    """Take what the provider's redirect brings, and sign the person in. Raises BadToken."""
    provider, now = provider_named(name), clock.now()
    try:
        login = oidc.finish(provider, _flow(now), request.args.to_dict(), now)
        user = person_of_login(provider, login, now)
    except Unfit as unfit:
        raise _refuse(provider, unfit, now) from None
    arrival_id = new_id()
    remember(
        arrival_id=arrival_id,
        user_id=user.id,
        provider=provider.name,
        sid=login.sid,
        id_token=login.id_token,
        now=now,
    )
    flow = _flow(now)
    response = lead_in(
        user,
        to=flow.to if flow else "/",
        now=now,
        way=OIDC_MFA if login.had_second_factor else OIDC,
        auth_time=login.auth_time,
        arrival_id=arrival_id,
    )
    notes.drop(response, notes.FLOW)
    return response


def _flow(now: datetime) -> oidc.Flow | None:
    note = notes.read(notes.FLOW, now)
    return oidc.Flow(**{name: note[name] for name in oidc.Flow.__annotations__}) if note else None


@pages.post("/<name>/backchannel-logout")
@csrf_exempt
@limiter.limit("600/minute", key_func=place_key)
def backchannel_logout(name: str) -> Response:
    """End the sessions that the provider names (OpenID Connect Back-Channel Logout 1.0)."""
    provider, now = provider_named(name), clock.now()
    try:
        log_out(provider, request.form.get("logout_token"), now)
    except Unfit as unfit:
        _refuse(provider, unfit, now)
        return json_response({"error": "invalid_request", "error_description": unfit.code}, 400)
    return Response(status=200)


def after_sign_out(user: User) -> str | None:
    """Return the page that offers to sign out at the provider too, for a session that it began."""
    if user.session is None or user.session.way not in (OIDC, OIDC_MFA):
        return None
    name = provider_of(user.session.id)
    if name not in setting("OIDC"):
        return None
    session[LEAVING] = user.session.id
    return f"/oidc/{name}/signed-out"


@pages.get("/<name>/signed-out")
def signed_out(name: str) -> str:
    """Say that the person is signed out here, and still signed in there. Nothing starts by itself."""
    return render_template("sso/signed_out.html", provider=provider_named(name))


@pages.get("/<name>/sign-out")
def sign_out(name: str) -> Response:
    """Lead to the provider to sign out there (OpenID Connect RP-Initiated Logout 1.0)."""
    provider, now = provider_named(name), clock.now()
    found = id_token_of(session.pop(LEAVING, ""))
    try:
        endpoint = about(provider, now).end_session_endpoint
    except Unfit as unfit:
        raise _refuse(provider, unfit, now) from None
    if endpoint is None or found is None or found[0] != provider.name:
        return redirect("/sign-in", 303)
    asked = {
        "id_token_hint": found[1],
        "client_id": provider.client_id,
        "post_logout_redirect_uri": f"{setting('BASE_URL')}/sign-in",
    }
    return redirect(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", 302)
