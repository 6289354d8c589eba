"""A platform on another site whose pages hold elements of ours, under a policy that allows nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.browser.house import House
from tests.services import free_port
from tests.sso.conftest import Host
from wellchat import clock
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.sso.keys import create_key

HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<script async src="{chat}/embed/v1.js" data-token-url="/token"></script></head>'
)

# In every frame of another site: what blocked cookies do in some browsers, and what is tried all the same.
NOTHING_IS_KEPT = """
if (window !== top) {
  const refused = (name) => () => { (window.refusals ??= []).push(name); throw new DOMException(name, "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"])
    Object.defineProperty(window, name, { get: refused(name), set: refused(name) });
  Object.defineProperty(Document.prototype, "cookie", { get: refused("cookie"), set: refused("cookie") });
}
"""
# What the page hears, in order.
LISTEN = """
window.heard = [];
for (const name of ["ready", "unread", "open", "close", "navigate", "signed-out", "error"])
  addEventListener(`wellchat-${name}`, ({ target, detail }) => heard.push([name, target.localName.slice(9), detail]));
"""


class Platform:
    """Serves `pages` (path -> what stands in the body); says who is signed in by a cookie of its own."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"  # of another site than 127.0.0.1, where wellchat is
        self.pages: dict[str, str] = {}
        self.head = HEAD
        self.policy = ""
        self.asked = 0  # how many tokens
        self.token: Callable[[str], str] = lambda _who: ""
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = platform.pages.get(self.path.partition("?")[0])
                content = f"{platform.head}<body>{body}</body></html>" if body is not None else "nothing here"
                self.answer(200 if body is not None else 404, "text/html; charset=utf-8", content)

            def do_POST(self) -> None:
                platform.asked += 1
                who = SimpleCookie(self.headers.get("Cookie", "")).get("who")
                if self.headers.get("Sec-Fetch-Site") != "same-origin" or who is None:
                    return self.answer(401, "application/json", "{}")
                return self.answer(200, "application/json", json.dumps({"token": platform.token(who.value)}))

            def answer(self, status: int, kind: str, content: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Security-Policy", platform.policy)
                self.end_headers()
                self.wfile.write(content.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("localhost", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def opens(self, house: House) -> None:
        """Know Cara as `c-1` and Paul as `p-1`, and allow its pages the script and the frames, no more."""
        with house.app.app_context():
            now = clock.now()
            for external_id, person in (("c-1", house.cara), ("p-1", house.paul), ("o-1", house.olga)):
                link(user_id=person.id, source=HOST, external_id=external_id, now=now)
            key, secret = create_key(alg="HS256", name="shop", now=now)
        self.token = lambda who: Host(house.url, key.kid, str(secret), clock.now()).token(sub=who)
        self.head = HEAD.format(chat=house.url)
        self.policy = (
            f"default-src 'none'; style-src 'none'; script-src {house.url}; frame-src {house.url}; "
            "connect-src 'self'; base-uri 'none'"
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
