"""The switcher: step into anybody of the demo in one click. Nobody else can be entered this way."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, session
from werkzeug.wrappers import Response as BaseResponse

from wellchat.accounts.sessions import sign_in
from wellchat.demo.queries import accent_hue, demo_people, demo_person
from wellchat.errors import NotFound

pages = Blueprint("demo", __name__)


@pages.get("/demo")
def switcher() -> str:
    """Everybody of the demo, for who is somebody of it already."""
    if not demo_people():
        raise NotFound
    return render_template("demo/switcher.html")


@pages.post("/become/<user_id>")
def become(user_id: str) -> BaseResponse:
    user = demo_person(user_id)
    sign_in(user)
    session["accent_hue"] = accent_hue(user.id)
    return redirect("/", 303)


@pages.app_context_processor
def _for_templates() -> dict[str, Any]:
    """`demo_people()` for the switcher; whether the viewer was entered by it, and the accent of their trade."""
    hue = session.get("accent_hue")
    return {
        "demo_people": demo_people,
        "playing": hue is not None,
        "accent_hue": current_app.config["ACCENT_HUE"] if hue is None else hue,
    }
