"""Keep in the browser's signed cookie what is under way in it: keys to rows, never a secret of a factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import jsonify, session
from werkzeug.wrappers import Response

from wellchat.accounts.models import User
from wellchat.factors.challenges import Half, begin_half, finish_half, half_of

HALF, GOING_TO, CHALLENGE = ("half", "half_next", "challenge")


def start_half(user: User, *, remember: bool, going_to: str, now: datetime) -> None:
    """Begin the second step in this browser with an empty cookie: nobody is signed in here meanwhile."""
    session.clear()
    session[HALF] = begin_half(user=user, remember=remember, now=now)
    session[GOING_TO] = going_to


def this_half(now: datetime) -> Half | None:
    """Return the sign-in whose second step is to come in this browser, or None."""
    return half_of(session.get(HALF), now=now)


def end_half() -> str | None:
    """Use up the sign-in of this browser. Return the page to open, or None if another request was faster."""
    going_to = session.get(GOING_TO, "/")
    return going_to if finish_half(session.get(HALF, "")) else None


def way_of_half() -> str:
    """Return the page that the sign-in of this browser, which may be over by now, was to open."""
    return str(session.get(GOING_TO, "/"))


def send_options(begun: tuple[str, dict[str, Any]]) -> Response:
    """Return the options for the browser's passkeys, and remember the challenge in its cookie."""
    session[CHALLENGE], options = begun
    return jsonify(options)


def this_challenge() -> str | None:
    """Return the id of the challenge that this browser was given last, and forget it."""
    found = session.pop(CHALLENGE, None)
    return str(found) if found else None
