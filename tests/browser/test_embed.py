"""Frames in a page of another site, driven by a dozen lines of that page."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, expect

from tests.attachments.files import picture
from tests.browser.house import House, Person, a_house
from tests.browser.test_access import EVERY_RULE
from tests.services import free_port
from tests.sso.conftest import Host
from wellchat import clock
from wellchat.accounts.models import User
from wellchat.attachments.actions import accept_upload
from wellchat.attachments.processing import process
from wellchat.db import db, new_id
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.messaging.messages import send_message
from wellchat.sso.keys import create_key

pytestmark = pytest.mark.slow

# Of another site than 127.0.0.1, where wellchat is.
PORT = free_port()
SHOP = f"http://localhost:{PORT}"
house = a_house(WELLCHAT_EMBED_ORIGINS=SHOP)

PAGE = """<!doctype html><html lang="en"><title>Shop</title>
<body style="margin:0"><h1 hidden>Shop</h1><script>
const chat = %s;
window.frames_of = {};
window.heard = {};
window.token = null;
const to = (name) => frames_of[name].contentWindow;
window.post = (name, type, more) => to(name).postMessage({ wellchat: 1, type, ...more }, chat);
addEventListener("message", ({ source, origin, data }) => {
  const name = Object.keys(frames_of).find((each) => to(each) === source);
  if (!name || origin !== chat || data.wellchat !== 1) return;
  heard[name].push(data);
  if (data.type === "hello") post(name, "hello");
  if (data.type === "need-token") post(name, "token", window.token ? { token } : { error: "signed-out" });
});
window.add = (name, path, style) => {
  const frame = Object.assign(document.createElement("iframe"), { title: name, src: chat + path, style });
  frame.sandbox = "allow-scripts allow-same-origin allow-forms allow-popups " +
    "allow-popups-to-escape-sandbox allow-downloads";
  frames_of[name] = frame;
  heard[name] = [];
  document.body.append(frame);
};
</script>"""


class Shop:
    """A platform whose page has frames."""

    def __init__(self) -> None:
        shop = self
        self.page = self.policy = ""

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

        self.server = ThreadingHTTPServer(("localhost", PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def of(self, house: House) -> None:
        self.policy = f"frame-src {house.url}; default-src 'unsafe-inline'"
        self.page = PAGE % json.dumps(house.url)


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    shop = Shop()
    shop.of(house)
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def host(house: House) -> Host:
    with house.app.app_context():
        now = clock.now()
        for external_id, person in (("c-1", house.cara), ("p-1", house.paul), ("o-1", house.olga)):
            link(user_id=person.id, source=HOST, external_id=external_id, now=now)
        key, secret = create_key(alg="HS256", name="shop", now=now)
        return Host(house.url, key.kid, str(secret), now)


def says(house: House, person: Person, body: str) -> None:
    with house.app.app_context():
        sender = db.session.get_one(User, person.id)
        send_message(
            sender=sender, thread_id=house.thread_id, body=body, client_key=new_id(), now=clock.now()
        )
        db.session.remove()


def sends(house: House, person: Person, name: str, content: bytes) -> None:
    with house.app.app_context():
        sender, now = db.session.get_one(User, person.id), clock.now()
        file = accept_upload(owner=sender, name=name, content=content, now=now)
        more = {"attachments": [file.id], "client_key": new_id(), "now": now}
        send_message(sender=sender, thread_id=house.thread_id, body="", **more)
        process(attachment_id=file.id, now=now)
        db.session.remove()


def outer(page: Page, name: str) -> FrameLocator:
    return page.frame_locator(f'iframe[title="{name}"]')


def inner(page: Page, name: str) -> FrameLocator:
    """What the frame shows; the page before it stays, inert, until this one is drawn."""
    return outer(page, name).frame_locator("iframe:not([inert])")


def heard(page: Page, name: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "([name, kind]) => heard[name].filter((each) => each.type === kind)", [name, kind]
    )
    return found


def hears(page: Page, name: str, message: dict[str, Any]) -> None:
    """Wait until the page has heard a message with these fields."""
    page.wait_for_function(
        "([name, wanted]) => heard[name].some((each) => Object.entries(wanted).every("
        "([key, value]) => JSON.stringify(each[key]) === JSON.stringify(value)))",
        arg=[name, message],
    )


def test_frames_sign_in_talk_and_forget(chromium: Any, house: House, shop: Shop, host: Host) -> None:
    context = chromium.new_context(
        viewport={"width": 800, "height": 700}, accept_downloads=True, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(SHOP)
    page.evaluate("given => { window.token = given }", host.token(exp=host.now + 300))
    says(house, house.paul, "Shall we meet?")
    page.evaluate("origin => add('hub', '/embed/hub?origin=' + origin, 'display:none')", SHOP)
    # Messages and bells.
    hears(page, "hub", {"type": "unread", "messages": 1})
    look = "border:0;width:100%;height:600px;display:block"
    page.evaluate("([origin, look]) => add('inbox', '/embed/inbox?origin=' + origin, look)", [SHOP, look])
    hears(page, "inbox", {"type": "ready", "lang": "en"})
    assert page.evaluate("document.activeElement === document.body")
    # A conversation: read, write, hear, and the hub counts.
    inbox = inner(page, "inbox")
    inbox.get_by_role("link", name="Paul Professional").click()
    expect(inbox.get_by_role("log")).to_contain_text("Shall we meet?")
    hears(page, "inbox", {"type": "navigate", "page": "thread", "thread": house.thread_id})
    hears(page, "hub", {"type": "unread", "messages": 0})
    inbox.get_by_label("Message", exact=True).fill("Yes, from the frame")
    inbox.get_by_role("button", name="Send", exact=True).click()
    expect(inbox.get_by_text("Yes, from the frame", exact=True).first).to_be_visible()
    # What a page has for browsers without a script is not there: the paperclip is in the row of the field.
    expect(inbox.locator("noscript, .composer__files")).to_have_count(0)
    clip, field = (inbox.locator(each).bounding_box() for each in (".composer__attach", ".composer__field"))
    assert clip
    assert field
    assert clip["y"] + clip["height"] > field["y"]
    # What is on its way when the page goes is sent once; what was begun is there again.
    inbox.get_by_label("Message", exact=True).fill("On the way out")
    page.keyboard.press("Enter")
    inbox.get_by_label("Message", exact=True).fill("Begun")
    inbox.get_by_role("list", name="Conversations").get_by_role("link").click()
    expect(inbox.get_by_role("log").get_by_text("On the way out")).to_have_count(1)
    expect(inbox.get_by_label("Message", exact=True)).to_have_value("Begun")
    inbox.get_by_label("Message", exact=True).fill("")
    says(house, house.paul, "Fine, at three")
    expect(inbox.get_by_role("log")).to_contain_text("Fine, at three")
    # Files go up, and pictures come, by the header; a download has an address of its own.
    inbox.locator('[data-part="picker"]').set_input_files(
        {"name": "beach.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    inbox.get_by_role("button", name="Send", exact=True).click()
    sends(house, house.paul, "tiles.png", picture("PNG"))
    sends(house, house.paul, "plan.txt", b"The plan.")
    for name in ("beach.jpg", "tiles.png"):
        shown = inbox.get_by_role("log").get_by_role("img", name=name)
        expect(shown).to_have_attribute("src", re.compile("^blob:"))
    expect(inbox.get_by_role("log").get_by_role("img", name="tiles.png")).to_have_js_property(
        "naturalWidth", 60
    )
    with page.expect_download() as download:
        inbox.get_by_role("log").get_by_role("link", name="plan.txt").click()
    assert download.value.path().read_bytes() == b"The plan."
    view = page.frames[-1]
    assert Axe().run(view, options=EVERY_RULE).response["violations"] == []
    # The page around says what is shown, and how.
    page.evaluate("post('inbox', 'open', {})")
    expect(inbox.get_by_role("heading", name="Messages", level=1)).to_be_visible()
    expect(inbox.get_by_role("search")).to_have_count(0)
    row = inbox.get_by_role("list", name="Conversations").bounding_box()
    assert row
    assert row["y"] < 170, "the names begin soon"
    hears(page, "inbox", {"type": "navigate", "page": "inbox", "thread": None})
    page.evaluate("post('inbox', 'theme', { theme: 'dark', accent_hue: 123 })")
    expect(inbox.locator("html")).to_have_attribute("data-theme", "dark")
    page.evaluate("post('inbox', 'open', { with: 'nobody' })")
    hears(page, "inbox", {"type": "error", "code": "not-found"})
    page.evaluate("post('inbox', 'open', { with: 'p-1' })")
    expect(inbox.get_by_role("log")).to_contain_text("Fine, at three")
    expect(inbox.locator("html")).to_have_class(re.compile(r"\baccent-12\b"))
    page.evaluate("frames_of.inbox.focus(); post('inbox', 'focus')")
    expect(inbox.get_by_label("Message", exact=True)).to_be_focused()
    # Nothing too large, nothing unknown.
    page.evaluate("post('inbox', 'open', { thread: 'x'.repeat(17000) })")
    page.evaluate("post('inbox', 'open', { with: { to: 1n } })")
    page.evaluate("post('inbox', 'nonsense', {})")
    # Search finds what was said.
    inbox.get_by_role("link", name="Search", exact=True).or_(
        inbox.get_by_role("button", name="Search", exact=True)
    ).click()
    inbox.get_by_role("combobox").fill("Paul")
    expect(inbox.get_by_role("option").first).to_contain_text("Paul Professional")
    page.keyboard.press("Escape")
    assert heard(page, "inbox", "close") == []
    page.keyboard.press("Escape")
    hears(page, "inbox", {"type": "close"})
    # The whole page opens in a window of its own, signed in.
    with context.expect_page() as opened:
        inbox.get_by_role("link", name="New conversation").click()
    expect(opened.value.get_by_role("button", name="Account")).to_be_visible()
    opened.value.close()
    context.clear_cookies()
    # Another person: nothing of the last one is left.
    page.evaluate(
        "given => ['hub', 'inbox'].forEach((name) => post(name, 'token', { token: window.token = given }))",
        host.token(sub="o-1"),
    )
    expect(inbox.get_by_text("No conversations yet.")).to_be_visible()
    page.wait_for_function("heard.hub.filter((each) => each.type === 'ready').length === 2")
    # Nobody: it stops and says so.
    page.evaluate("window.token = null; post('inbox', 'token', { error: 'signed-out' })")
    expect(outer(page, "inbox").get_by_role("status")).to_have_text("Please sign in again")
    hears(page, "inbox", {"type": "error", "code": "signed-out"})
    assert context.cookies() == []
    assert [fault for fault in faults if "404" not in fault] == []  # of the person whom nobody knows
    context.close()
