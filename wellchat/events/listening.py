"""Receive webhooks on this machine, for trying: verify each, and print each event once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from wellchat import clock
from wellchat.errors import Conflict
from wellchat.events import signing
from wellchat.i18n import gettext

MAX_BODY = 65_536  # bytes
PATIENCE = 15.0  # seconds for a call


@contextmanager
def bound(port: int) -> Iterator[HTTPServer]:
    """Yield a server on this machine's own address. Raises Conflict if the port is taken."""
    try:
        server = HTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    except OSError as error:
        raise Conflict(
            gettext("Port %(port)s cannot be used: %(reason)s", port=port, reason=error.strerror)
        ) from None
    with server:
        yield server


def serve(server: HTTPServer, secret: str, say: Callable[[str], Any]) -> None:
    """Answer calls until the process is interrupted. `say` is given the JSON of each event, once."""
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdecimal() and int(length[:9]) <= MAX_BODY):
                self._reply(413)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                event_id = signing.verify(secret, headers, body, at=int(clock.now().timestamp()))
            except signing.BadSignature as error:
                say(f"refused: {error}")
                self._reply(401)
                return
            if event_id not in seen:
                seen.add(event_id)
                say(body.decode("utf-8", "replace"))
            self._reply(204)

        def _reply(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing but events."""

    server.RequestHandlerClass = Handler
    server.serve_forever(0.2)
