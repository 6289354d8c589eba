"""Every answer carries the security headers that fit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from wellchat.assets import ALL_STYLESHEETS, ENTRY, asset
from wellchat.longpoll import own_pages
from wellchat.security_headers import HSTS


def test_a_script_and_a_style_are_no_page_to_be_framed(app: Flask, client: Any) -> None:
    with app.test_request_context():
        parts = [asset(name) for name in (ALL_STYLESHEETS, ENTRY)]
    for part in parts:
        headers = client.get(part).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_over_https_every_answer_asks_for_https(make_app: Callable[..., Flask]) -> None:
    name, value = HSTS
    https = "https://chat.example.com"
    client = make_app(BASE_URL=https).test_client()
    for path in ("/sign-in", "/api/me", "/static/none.js", "/no-such-page"):
        assert client.get(path, base_url=https).headers[name] == value
    for status in own_pages.SENTENCES:
        assert f"{name}: {value}".encode() in own_pages.page(status)
