"""The elements of the embed on a bare page of another site, which allows the script and the frames alone.

All frames have storage and cookies that throw, and the browser blocks cookies of other sites.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.doings import until
from tests.browser.hosting import LISTEN, NOTHING_IS_KEPT, Platform
from tests.browser.house import House, a_house
from tests.services import browser_path, free_port
from wellchat.accounts.models import User
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.messaging.messages import send_message

pytestmark = pytest.mark.slow

PORT = free_port()
house = a_house(WELLCHAT_EMBED_ORIGINS=f"http://localhost:{PORT}")
PICTURES = os.environ.get("PICTURES")
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def shop(house: House) -> Iterator[Platform]:
    shop = Platform(PORT)
    shop.opens(house)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def strict(playwright: Any) -> Iterator[Any]:
    """A Chromium that takes no cookie of another site than the page's."""
    arguments = ["--test-third-party-cookie-phaseout"]
    browser = playwright.chromium.launch(executable_path=browser_path(), headless=True, args=arguments)
    yield browser
    browser.close()


@pytest.fixture
def visit(strict: Any, shop: Platform) -> Iterator[Any]:
    """visit(who, body, ...): a page of the shop with this in it, for who is signed in there."""
    contexts: list[Any] = []
    faults: list[str] = []

    def visit(who: str | None, body: str, **options: Any) -> Page:
        context = strict.new_context(base_url=shop.url, **options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.add_init_script(NOTHING_IS_KEPT + LISTEN)
        context.on("weberror", lambda fault: faults.append(str(fault.error)))
        context.on("console", lambda said: faults.append(said.text) if "Content Sec" in said.text else None)
        if who:
            context.add_cookies([{"name": "who", "value": who, "url": shop.url, "sameSite": "Lax"}])
        shop.pages["/"] = body
        page: Page = context.new_page()
        page.goto("/")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert faults == [], faults


def inside(page: Page, element: str) -> FrameLocator:
    """The conversations in an element."""
    return page.locator(element).frame_locator("iframe").frame_locator("iframe")


def heard(page: Page, kind: str) -> list[Any]:
    found: list[Any] = page.evaluate("kind => heard.filter(([name]) => name === kind)", kind)
    return found


def say(house: House, body: str) -> None:
    """Paul writes to Cara."""
    with house.app.app_context():
        paul = db.session.get_one(User, house.paul.id)
        send_message(sender=paul, thread_id=house.thread_id, body=body, client_key=body, now=clock_now())
        db.session.remove()


def tried(page: Page) -> list[str]:
    """What any frame tried to keep."""
    return [each for frame in page.frames for each in frame.evaluate("() => window.refusals ?? []")]


def looked_at(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_a_bell_counts_and_the_popup_sends_and_receives(house: House, visit: Any) -> None:
    page = visit("c-1", "<wellchat-bell></wellchat-bell><wellchat-popup></wellchat-popup>")
    bell = page.locator("wellchat-bell").get_by_role("button")
    until(page, lambda: heard(page, "ready"), "the hub")
    assert len(page.frames) == 2  # the popup has none yet
    say(house, "First word")
    expect(bell).to_have_accessible_name("Messages, 1 unread")
    expect(page.locator("wellchat-bell").get_by_role("status")).to_have_text("1 new message")
    expect(page.locator("wellchat-popup").get_by_role("status")).to_have_text("")
    looked_at(page, "bell")
    bell.click()
    chat = inside(page, "wellchat-popup")
    chat.get_by_role("link", name="First word").first.click()
    chat.get_by_label("Message", exact=True).fill("From the frame")
    looked_at(page, "popup")
    chat.get_by_role("button", name="Send").click()
    expect(chat.get_by_role("log").get_by_text("From the frame")).to_be_visible()
    say(house, "Second word")
    expect(chat.get_by_role("log").get_by_text("Second word")).to_be_visible()
    expect(bell).to_have_accessible_name("Messages")
    assert tried(page) == []
    assert [cookie["name"] for cookie in page.context.cookies()] == ["who"]
    print(heard(page, "error"), page.evaluate("heard"))
