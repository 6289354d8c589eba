"""Serve the switcher: become anybody of the demo with one click. No other account can be entered this way.

It is for trials on one's own machine. One person of the demo is an administrator, and everybody knows their
password. So an installation that strangers can reach has no switcher, and refuses sign-in for these people.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, has_request_context, redirect, render_template, session
from werkzeug.wrappers import Response as BaseResponse

from wellchat.accounts.models import User
from wellchat.accounts.sessions import sign_in
from wellchat.demo.queries import Trade, accent_hue, demo_people, demo_person, is_played
from wellchat.errors import NotFound
from wellchat.networks import is_lan_request

pages = Blueprint("demo", __name__)


@pages.get("/demo")
def switcher() -> str:
    """Show all people of the demo to somebody who is one of them."""
    if not _playable():
        raise NotFound
    return render_template("demo/switcher.html")


@pages.post("/become/<user_id>")
def become(user_id: str) -> BaseResponse:
    """Sign in as a person of the demo. Raises NotFound outside this host and its private network."""
    if not is_lan_request():
        raise NotFound
    user = demo_person(user_id)
    sign_in(user)
    # In the session: the accent belongs to the trade, not to the account.
    session["accent_hue"] = accent_hue(user.id)
    return redirect("/", 303)


def stays_out(user: User) -> bool:
    """Return whether to refuse sign-in: a person of the demo, on an installation that strangers can reach."""
    return has_request_context() and not is_lan_request() and is_played(user.id)


def _playable() -> list[Trade]:
    return demo_people() if is_lan_request() else []


def is_playing(_viewer: User) -> bool:
    """Return whether the viewer stepped into this person, and so may step into another."""
    return "accent_hue" in session and is_lan_request()


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    """Give templates `demo_people()` for the switcher, and the accent of the viewer's trade."""
    return {
        "demo_people": _playable,
        "accent_hue": session.get("accent_hue", current_app.config["ACCENT_HUE"]),
    }
