"""A receiver of webhooks on this machine. It verifies with the library of Standard Webhooks."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook as Judge

Reply = int | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    id: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """Takes webhooks, and replies with `replies` first, one for each: a status, or a function."""

    received: list[Received] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    always: Reply = 204
    answer: bytes = b""
    reply_headers: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Receiver:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.received.append(Received(headers["webhook-id"], headers, body))
                reply = outer.replies.pop(0) if outer.replies else outer.always
                if callable(reply):
                    reply(self)
                    return
                self.send_response(reply)
                for name, value in outer.reply_headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if reply != 204:
                    self.wfile.write(outer.answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def counts(self) -> Counter[str]:
        return Counter(each.id for each in self.received)

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """Return the events, each once, in the order of arrival. Raises for a signature that does not fit."""
        seen: dict[str, dict[str, Any]] = {}
        for each in self.received:
            seen.setdefault(each.id, Judge(secret).verify(each.body, each.headers))
        return list(seen.values())
