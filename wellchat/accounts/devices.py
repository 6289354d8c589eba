"""Read and set the cookie of a device. It survives signing out, and says nothing about who anybody is."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeSerializer

from wellchat.accounts.known_devices import DEVICE_LASTS, is_known, note_device
from wellchat.accounts.models import User
from wellchat.config import secret_keys


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_keys(), salt="wellchat.device")


def _device_id() -> str | None:
    """Return the id in the cookie of this request, or None: no cookie, or not one of ours."""
    try:
        found = _signer().loads(request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], ""))
    except BadData:
        return None
    return found if isinstance(found, str) else None


def knows(user_id: str) -> bool:
    """Return whether this person signed in before on the device that sends this request.

    A stranger without its cookie is none, and so cannot use up what is meant for the person's own devices.
    """
    device_id = _device_id()
    return device_id is not None and is_known(user_id, device_id)


def recognise(user: User, *, network: str, device: str, now: datetime) -> None:
    """Note that the person signed in on this device. A device without a cookie gets one with the response."""
    device_id = _device_id() or secrets.token_urlsafe(16)
    # Also for a known one: with each sign-in its cookie lasts as long again.
    g.device_id = device_id
    note_device(user=user, device_id=device_id, device=device, network=network, now=now)


def _set_cookie(response: Response) -> Response:
    if (device_id := g.get("device_id")) is not None:
        signed: Any = _signer().dumps(device_id)
        response.set_cookie(
            current_app.config["DEVICE_COOKIE_NAME"],
            signed,
            max_age=DEVICE_LASTS,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def init_app(app: Flask) -> None:
    """Set the cookie with the response to a sign-in."""
    app.after_request(_set_cookie)
