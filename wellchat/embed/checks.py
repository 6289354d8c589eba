"""Check the embed for `wellchat doctor`."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import Flask

from wellchat import clock, outbound
from wellchat.config import setting
from wellchat.embed.headers import policy
from wellchat.sso.keys import keys_in_order

TIMEOUT = 3.0  # seconds


def check(app: Flask) -> str:
    """Return which sites may show frames. Raises ValueError where no frame of theirs would work."""
    origins = app.config["EMBED_ORIGINS"]
    if not origins:
        return "off"
    if all(key.is_over(clock.now()) for key in keys_in_order()):
        raise ValueError("no key signs tokens for the frames; `wellchat sso-key create` makes one")
    told = f"frames in pages of: {', '.join(origins)}"
    address = f"{setting('BASE_URL')}/embed/hub?{urlencode({'origin': origins[0].replace('*', 'www')})}"
    try:
        reach = outbound.Reach(ports=(_port(address),), anywhere=True)
        answer = outbound.call("GET", address, reach=reach, timeout=TIMEOUT)
    except (outbound.NotAllowed, outbound.Unreachable, outbound.NoAnswer):
        return f"{told} (BASE_URL does not answer now: its headers were not looked at)"
    _check_headers(answer)
    return told


def _port(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _check_headers(answer: outbound.Answer) -> None:
    """Look at what arrives: browsers obey a second policy, too, and the stricter one wins."""
    if answer.status != 200:
        raise ValueError(f"/embed/hub at BASE_URL answers {answer.status}; does it lead here?")
    if "x-frame-options" in answer.headers:
        raise ValueError("a proxy adds X-Frame-Options to /embed/hub; take it out for /embed/")
    if (found := answer.headers.get("content-security-policy")) != policy():
        raise ValueError(f"a proxy changes Content-Security-Policy of /embed/hub, to: {found}")
