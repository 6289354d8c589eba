"""Name the cookies, keep browsers from changing them from a sibling host, and read them under older secrets.

Where the address is https, their names begin with `__Host-`: a browser takes such a cookie only from this
host itself, only over https, and for all of its paths (RFC 6265bis, 4.1.3.2). A cookie under its name from
before is read, and moved to its new name with the response.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, request, session
from flask_login import LoginManager
from flask_login.signals import user_loaded_from_cookie
from flask_login.utils import _cookie_digest
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

from wellchat.config import secret_keys

SESSION, REMEMBER, DEVICE = ("wellchat", "wellchat_remember", "wellchat_device")
PREFIX = "__Host-"


class CookieRequest(Request):
    """Finds a cookie under its present name, even if the browser still has it under the one from before."""

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies of the request, by their present names."""
        sent = super().cookies
        moved = {PREFIX + old: sent[old] for old in _moving(sent)}
        return ImmutableMultiDict({**sent.to_dict(), **moved}) if moved else sent


def _moving(sent: ImmutableMultiDict[str, str]) -> list[str]:
    """Return the old names under which a browser still has a cookie that now has another."""
    if not current_app.config["SESSION_COOKIE_SECURE"]:
        return []
    return [old for old in (SESSION, REMEMBER) if old in sent and PREFIX + old not in sent]


def _move(response: Response) -> Response:
    """Set what came under an old name under its new one, and delete the old one."""
    if "HTTP_COOKIE" not in request.environ:
        return response
    sent = Request(request.environ).cookies
    for old in _moving(sent):
        response.delete_cookie(old, secure=True)
        if old == SESSION:
            # Flask writes it after this, under its present name.
            session.modified = True
        elif "_remember" not in session:
            lasts = current_app.config["REMEMBER_COOKIE_DURATION"]
            options: dict[str, Any] = {"secure": True, "httponly": True, "samesite": "Lax"}
            response.set_cookie(PREFIX + old, sent[old], max_age=lasts, **options)
    return response


class Login(LoginManager):  # type: ignore[misc]  # it has no types
    """Reads and deletes the cookie of a remembered browser as the prefix and the older secrets ask."""

    def _load_user_from_remember_cookie(self, cookie: str) -> Any:
        payload, _, digest = cookie.rpartition("|")
        # Flask-Login itself knows only the newest secret.
        made = [_cookie_digest(payload, key=secret) for secret in secret_keys()]
        if not digest.isascii() or not any(hmac.compare_digest(each, digest) for each in made):
            return None
        session["_user_id"], session["_fresh"] = payload, False
        user = self._user_callback(payload) if self._user_callback else None
        if user is not None:
            user_loaded_from_cookie.send(current_app._get_current_object(), user=user)  # type: ignore[attr-defined]
        return user

    def _clear_cookie(self, response: Response) -> None:
        # Without `secure`, a browser ignores the deletion of a cookie with the prefix.
        name = current_app.config["REMEMBER_COOKIE_NAME"]
        response.delete_cookie(name, secure=current_app.config["REMEMBER_COOKIE_SECURE"])


def init_app(app: Flask) -> None:
    """Set the names, the flags and the secrets of all cookies."""
    secure = app.config["BASE_URL"].startswith("https://")
    prefix = PREFIX if secure else ""
    app.config.update(
        SESSION_COOKIE_NAME=prefix + SESSION,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_NAME=prefix + REMEMBER,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_DURATION=timedelta(days=60),
        DEVICE_COOKIE_NAME=prefix + DEVICE,
        SECRET_KEY_FALLBACKS=list(app.config["OLD_SECRET_KEYS"]),
        # Flask-WTF would check with the newest secret alone.
        WTF_CSRF_SECRET_KEY=[*reversed(app.config["OLD_SECRET_KEYS"]), app.config["SECRET_KEY"]],
    )
    app.after_request(_move)
