"""Keep in the browser, sealed and for minutes, what is under way in it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, request
from werkzeug.wrappers import Response

from wellchat.cookies import PREFIX
from wellchat.sealing import Unreadable, seal, unseal

LASTS = timedelta(minutes=10)
START, FLOW, ARRIVAL, LEAVING = ("start", "flow", "arrival", "leaving")


def put(response: Response, note: str, content: dict[str, Any], now: datetime) -> None:
    """Set a note on a response. Nobody can read or change it but us."""
    text = json.dumps({**content, "until": int((now + LASTS).timestamp())})
    sealed = urlsafe_b64encode(seal(text, use=f"sso.{note}", owner="")).decode()
    response.set_cookie(
        _name(note),
        sealed,
        max_age=LASTS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        # Lax: it is read when a provider, or the host's form by way of our redirect, leads back here.
        samesite="Lax",
    )


def read(note: str, now: datetime) -> dict[str, Any] | None:
    """Return a note of this browser; None: there is none, or it is too old, or not ours."""
    try:
        found = unseal(urlsafe_b64decode(request.cookies.get(_name(note), "")), use=f"sso.{note}", owner="")
        content: dict[str, Any] = json.loads(found)
    except (Unreadable, ValueError):
        return None
    return content if now.timestamp() < content["until"] else None


def drop(response: Response, note: str) -> None:
    """Delete a note."""
    # Without `secure`, a browser ignores the deletion of a cookie with the prefix.
    response.delete_cookie(_name(note), secure=current_app.config["SESSION_COOKIE_SECURE"])


def _name(note: str) -> str:
    prefix = PREFIX if current_app.config["SESSION_COOKIE_SECURE"] else ""
    return f"{prefix}wellchat_sso_{note}"
