"""Begin the session of a person whom the host or a provider has named.

Their doors lead here by a redirect. A browser sends no session cookie with a form of another site, but sends
it with the redirect after it: only here can it be seen who is signed in already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template
from flask_login import current_user
from werkzeug.wrappers import Response

from wellchat import clock
from wellchat.accounts import sessions
from wellchat.accounts.hooks import second_step
from wellchat.accounts.links import is_used, use_once
from wellchat.accounts.models import User
from wellchat.accounts.proof import PROOF_LASTS
from wellchat.db import db, new_id, transaction
from wellchat.sso.doors import note_refusal, proved_lately
from wellchat.sso.oidc_sessions import settle
from wellchat.sso.pages import notes
from wellchat.sso.tokens import BadToken

pages = Blueprint("sso_arrival", __name__)

PATH = "/sso/arrive"
Page = Response | str


def lead_in(
    user: User,
    *,
    to: str,
    way: str,
    now: datetime,
    auth_time: int | None = None,
    state: str | None = None,
    arrival_id: str | None = None,
) -> Response:
    """Return the redirect that begins the session of this person. `way`: who has named them."""
    response = redirect(PATH, 303)
    content = {"id": arrival_id or new_id(), "user": user.id, "epoch": user.session_epoch, "to": to}
    more = {"way": way, "auth_time": auth_time, "state": state}
    notes.put(response, notes.ARRIVAL, {**content, **more}, now)
    return response


@pages.get(PATH)
def arrive() -> Page:
    """Sign the person in, or ask first where somebody else is signed in."""
    now = clock.now()
    arrival = notes.read(notes.ARRIVAL, now)
    user = _person(arrival)
    if arrival is None or user is None or is_used(_key(arrival)):
        return redirect("/sign-in", 303)
    _check_state(arrival, now)
    if not current_user.is_authenticated:
        return _begin(user, arrival, now)
    if current_user.id != user.id:
        return render_template("sso/switch.html", person=current_user, other=user)
    return _go_on(current_user._get_current_object(), arrival, now)


@pages.post(PATH)
def switch() -> Page:
    """Sign out who is here, and sign the other person in."""
    now = clock.now()
    arrival = notes.read(notes.ARRIVAL, now)
    user = _person(arrival)
    if arrival is None or user is None or is_used(_key(arrival)):
        return redirect("/sign-in", 303)
    _check_state(arrival, now)
    if current_user.is_authenticated:
        sessions.sign_out()
    response = _begin(user, arrival, now)
    # The next person at this browser must not find pages by the back button.
    g.session_ended = True
    return response


def _person(arrival: dict[str, Any] | None) -> User | None:
    if arrival is None:
        return None
    user = db.session.get(User, arrival["user"], populate_existing=True)
    # All sessions may have been ended since the door.
    is_same = user is not None and user.is_active and user.session_epoch == arrival["epoch"]
    return user if is_same else None


def _key(arrival: dict[str, Any]) -> str:
    return f"arrival:{arrival['id']}"


def _check_state(arrival: dict[str, Any], now: datetime) -> None:
    """Compare the host's `state` with what this browser was given at /sso/start. Raises BadToken."""
    if arrival["state"] is None:
        return
    start = notes.read(notes.START, now)
    if start is None or start["state"] != arrival["state"]:
        error = BadToken("wrong_state", "The state is not what /sso/start gave to this browser.")
        note_refusal(error, PATH, now)
        raise error


def _begin(user: User, arrival: dict[str, Any], now: datetime) -> Response:
    if not arrival["way"].endswith("mfa"):
        # Whoever has a factor here gives it, and comes back here signed in.
        for answer in second_step(user, False, PATH):
            if answer is not None:
                return answer
    with transaction():
        if not use_once(_key(arrival), now=now):
            return redirect("/sign-in", 303)
    proved = proved_lately(arrival["auth_time"], now, PROOF_LASTS)
    sessions.sign_in(user, way=arrival["way"], proved=proved)
    _settle(arrival, user)
    return _open(arrival, now)


def _go_on(user: User, arrival: dict[str, Any], now: datetime) -> Response:
    """Take the sign-in as a proof within the session that is there."""
    with transaction():
        is_first = use_once(_key(arrival), now=now)
    if is_first:
        # A cookie from before there were rows gets its own first.
        sessions.note_session(user)
        _settle(arrival, user)
        if proved_lately(arrival["auth_time"], now, PROOF_LASTS):
            sessions.prove_session(user, way=arrival["way"])
    return _open(arrival, now)


def _settle(arrival: dict[str, Any], user: User) -> None:
    if user.session is not None:
        with transaction():
            settle(arrival["id"], user.session.id)


def _open(arrival: dict[str, Any], now: datetime) -> Response:
    start = notes.read(notes.START, now) if arrival["state"] else None
    response = redirect(str(start["to"] if start else arrival["to"]), 303)
    for note in (notes.ARRIVAL, notes.START):
        notes.drop(response, note)
    return response
