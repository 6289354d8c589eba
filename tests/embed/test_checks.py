"""`wellchat doctor` says whether a frame would work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from tests.embed.conftest import ORIGINS
from tests.services import free_port
from wellchat.embed.checks import check
from wellchat.embed.headers import policy

Proxy = Callable[..., None]


@pytest.fixture
def proxy(app: Flask) -> Iterator[Proxy]:
    """proxy(*headers): a proxy at BASE_URL that sends these with the page of the hub."""
    sent: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/embed/hub?origin=") else 404)
            for name, value in sent:
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    app.config["BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
    yield lambda *headers: sent.__setitem__(slice(None), headers)
    server.shutdown()
    server.server_close()


def test_it_looks_at_the_headers_that_arrive(app: Flask, host: Any, proxy: Proxy) -> None:
    good = ("Content-Security-Policy", policy())
    proxy(good)
    assert check(app) == f"frames in pages of: {', '.join(ORIGINS)}"
    for more, reason in (
        ([good, ("X-Frame-Options", "DENY")], "adds X-Frame-Options"),
        ([good, ("Content-Security-Policy", "frame-ancestors 'none'")], "changes Content-Security-Policy"),
        ([], "changes Content-Security-Policy"),
    ):
        proxy(*more)
        with pytest.raises(ValueError, match=reason):
            check(app)
    app.config["BASE_URL"] += "/elsewhere"
    with pytest.raises(ValueError, match="answers 404"):
        check(app)


def test_it_says_what_is_missing(app: Flask, cast: Any, make_app: Any, host: Any) -> None:
    app.config["BASE_URL"] = f"http://127.0.0.1:{free_port()}"
    assert "does not answer now" in check(app)
    app.config["EMBED_ORIGINS"] = ()
    assert check(app) == "off"


def test_it_needs_a_key(app: Flask) -> None:
    with pytest.raises(ValueError, match="no key signs tokens"):
        check(app)
