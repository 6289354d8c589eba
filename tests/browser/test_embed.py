"""A frame in a page of another site, driven by a dozen lines of that page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.house import House, a_house
from tests.services import free_port
from tests.sso.conftest import Host
from wellchat import clock
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.sso.keys import create_key

pytestmark = pytest.mark.slow

# Of another site than 127.0.0.1, where wellchat is.
PORT = free_port()
SHOP = f"http://localhost:{PORT}"
house = a_house(WELLCHAT_EMBED_ORIGINS=SHOP)

PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><body style="margin:0">
<script>
const [chat, path] = %s;
const frame = document.createElement("iframe");
window.heard = [];
window.tokens = [];
const post = (type, more) => frame.contentWindow.postMessage({ wellchat: 1, type, ...more }, chat);
window.post = post;
addEventListener("message", ({ source, origin, data }) => {
  if (source !== frame.contentWindow || origin !== chat || data.wellchat !== 1) return;
  heard.push(data);
  if (data.type === "hello") post("hello");
  if (data.type === "need-token") post("token", { token: tokens[0] });
});
frame.style = "border:0;width:100vw;height:100vh;display:block";
window.show = (first) => { tokens.push(first); frame.src = chat + path; document.body.append(frame); };
</script>"""


class Shop:
    """A platform whose page has a frame."""

    def __init__(self) -> None:
        shop = self
        self.page = ""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = shop.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", shop.policy)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.policy = ""
        self.server = ThreadingHTTPServer(("localhost", PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def has(self, house: House, path: str) -> None:
        self.policy = f"frame-src {house.url}"
        self.page = PAGE % json.dumps([house.url, path])


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def host(house: House) -> Host:
    with house.app.app_context():
        now = clock.now()
        for external_id, person in (("c-1", house.cara), ("p-1", house.paul)):
            link(user_id=person.id, source=HOST, external_id=external_id, now=now)
        key, secret = create_key(alg="HS256", name="shop", now=now)
        return Host(house.url, key.kid, str(secret), now)


def inside(page: Page) -> FrameLocator:
    """What the frame shows."""
    return page.frame_locator("iframe").frame_locator("iframe")


def heard(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("kind => heard.filter((each) => each.type === kind)", kind)
    return found


def test_a_frame_signs_in_sends_receives_and_forgets(chromium, house: House, shop: Shop, host: Host) -> None:
    page = chromium.new_page(viewport={"width": 390, "height": 700})
    page.on("console", lambda m: print("console", m.type, m.text))
    page.on("pageerror", lambda m: print("error", m))
    page.on("response", lambda m: print(m.status, m.url, m.request.method))
    shop.has(house, f"/embed/thread?origin={SHOP}&with=p-1")
    page.goto(SHOP)
    page.evaluate("token => show(token)", host.token())
    page.wait_for_timeout(4000)
    page.screenshot(path="/tmp/frame1.png")
    print(page.evaluate("heard"))
    field = inside(page).get_by_label("Message", exact=True)
    field.fill("From the frame")
    inside(page).get_by_role("button", name="Send").click()
    page.wait_for_timeout(2000)
    page.screenshot(path="/tmp/frame2.png")
    page.close()
