"""Serve the switcher: become anybody of the demo with one click. No other account can be entered this way.

It is for trials on one's own machine. One person of the demo is an administrator, and everybody knows their
password. So an installation that strangers can reach has no switcher, and refuses sign-in for these people;
and where real people have accounts, nobody plays the administrator.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, current_app, has_request_context, redirect, render_template, request, session
from werkzeug.wrappers import Response as BaseResponse

from wellchat import clock
from wellchat.accounts.models import User
from wellchat.accounts.sessions import sign_in
from wellchat.demo.queries import Trade, accent_hue, demo_people, demo_person, is_played, real_people_exist
from wellchat.errors import Invalid, NotFound
from wellchat.forms import read_form
from wellchat.networks import is_lan_request, listens_on_loopback
from wellchat.notifications.forms import PutTimeZone
from wellchat.notifications.preferences import set_browser_time_zone
from wellchat.web import safe_next

pages = Blueprint("demo", __name__)


@pages.get("/demo")
def switcher() -> str:
    """Show all people of the demo to somebody who is one of them."""
    if not _playable():
        raise NotFound
    return render_template("demo/switcher.html")


@pages.post("/become/<user_id>")
def become(user_id: str) -> BaseResponse:
    """Sign in as a person of the demo. Raises NotFound where the door is shut."""
    user = demo_person(user_id)
    if not _is_open_to(user):
        raise NotFound
    sign_in(user)
    with suppress(Invalid):
        zone = read_form(PutTimeZone).time_zone
        set_browser_time_zone(user_id=user.id, time_zone=zone, now=clock.now())
    # In the session: the accent belongs to the trade, not to the account.
    session["accent_hue"] = accent_hue(user.id)
    return redirect(safe_next(request.form.get("next")), 303)


def stays_out(user: User) -> bool:
    """Return whether to refuse sign-in: a person of the demo, on an installation that strangers can reach."""
    return has_request_context() and is_played(user.id) and not _is_open_to(user)


def _is_open() -> bool:
    """Return whether anybody may play people of the demo here.

    The server has to listen on loopback alone, or the operator says OPEN_DEMO: what the asker sends decides
    nothing. Host and client must be of this network besides, against pages that make a browser ask.
    """
    return (listens_on_loopback() or current_app.config["OPEN_DEMO"]) and is_lan_request()


def _is_open_to(user: User) -> bool:
    """Return whether this person may be played. An administrator may not, where real people have accounts."""
    return _is_open() and not (user.is_admin and real_people_exist())


def _playable() -> list[Trade]:
    if not _is_open():
        return []
    trades = demo_people()
    return [trade.without_admins() for trade in trades] if trades and real_people_exist() else trades


def is_playing(_viewer: User) -> bool:
    """Return whether the viewer stepped into this person, and so may step into another."""
    return "accent_hue" in session and _is_open()


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    """Give templates `demo_people()` for the switcher, and the accent of the viewer's trade."""
    return {
        "demo_people": _playable,
        "accent_hue": session.get("accent_hue", current_app.config["ACCENT_HUE"]),
    }
