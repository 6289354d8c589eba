"""Pushes at a real browser. What no headless Chromium can do is subscribe with a push service: that half is tests/push,
against a service of our own; here pushes are handed to the browser by its debugger."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import test_bell as at_the_bell
from tests.browser import test_journey as journey
from tests.services import Live

quick, sit_down, write = journey.quick, journey.sit_down, journey.write
waiting = at_the_bell.waiting

SitDown = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium(whole_chromium: Any) -> Any:
    return whole_chromium


def pushed(page: Page, said: dict[str, Any]) -> None:
    """As the browser's push service would hand it over, to the service worker of this site."""
    known: list[str] = []
    debugger = page.context.new_cdp_session(page)
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: known.extend(one["registrationId"] for one in event["registrations"]),
    )
    debugger.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    origin = page.evaluate("location.origin")
    values = {"origin": origin, "registrationId": known[0], "data": json.dumps(said)}
    debugger.send("ServiceWorker.deliverPushMessage", values)


SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag }) => [title, body, tag])"""
REGISTER = "async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready }"
CLICK = """async () => {
    const [notification] = await registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def shows(page: Page, *expected: list[str]) -> None:
    for _ in range(50):
        if page.evaluate(SHOWN) == list(expected):
            return
        page.wait_for_timeout(100)
    assert page.evaluate(SHOWN) == list(expected)


def test_a_push_is_shown_and_leads_to_the_thread(waiting: tuple[Page, str]) -> None:
    paul, path = waiting
    assert paul.evaluate("Notification.permission") == "default", "nobody asked on loading a page"
    paul.context.grant_permissions(["notifications"])
    paul.evaluate(REGISTER)
    mine = paul.request.get("/api/notifications?unread=true").json()["notifications"][0]
    said = {"id": mine["id"], "tag": "thread:1", "title": "wellchat", "body": "New message", "url": mine["url"]}
    pushed(paul, said)
    shows(paul, ["wellchat", "New message", "thread:1"])
    pushed(paul, said | {"body": "2 new messages"})
    shows(paul, ["wellchat", "2 new messages", "thread:1"])
    pushed(paul, said | {"tag": "thread:2", "clear": ["thread:1"], "url": path})
    shows(paul, ["wellchat", "New message", "thread:2"])
    paul.context.service_workers[0].evaluate(CLICK)
    paul.wait_for_url(f"**{path}")
    expect(paul.get_by_role("log").get_by_text("It is about Thursday.").last).to_be_visible()


def test_what_is_read_is_taken_off_the_screen(waiting: tuple[Page, str], sit_down: SitDown, quick: Live) -> None:
    paul, path = waiting
    paul.context.grant_permissions(["notifications"])
    paul.evaluate(REGISTER)
    mine = paul.request.get("/api/notifications?unread=true").json()["notifications"][0]
    pushed(paul, {"id": mine["id"], "tag": "thread:1", "title": "wellchat", "body": "New message", "url": path})
    shows(paul, ["wellchat", "New message", "thread:1"])
    phone = sit_down(quick.people.paul, **journey.PHONE)  # type: ignore[attr-defined]
    phone.goto(path)
    shows(paul)


def test_pushes_that_say_nothing_harm_nobody(waiting: tuple[Page, str]) -> None:
    paul, _ = waiting
    paul.context.grant_permissions(["notifications"])
    paul.evaluate(REGISTER)
    pushed(paul, [])  # type: ignore[arg-type]
    shows(paul, ["New notification", "", "wellchat"])
    pushed(paul, {"tag": "wellchat", "title": "elsewhere", "url": "https://evil.example/"})
    shows(paul, ["elsewhere", "", "wellchat"])
    before = paul.url
    paul.context.service_workers[0].evaluate(CLICK)
    paul.wait_for_timeout(500)
    assert paul.url == before


def test_the_offer_comes_after_a_first_message_and_takes_no_for_an_answer(quick: Live, sit_down: SitDown) -> None:
    cara = sit_down(quick.people.cara)  # type: ignore[attr-defined]
    cara.goto("/new")
    cara.locator("main a[href^='/threads/'], main form button").first.click()
    offer = cara.get_by_role("group", name="Know when Paul answers?")
    expect(cara.get_by_role("button", name="Send")).to_be_visible()
    expect(offer).to_be_hidden()
    write(cara, "Hello again")
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Not now").click()
    expect(offer).to_be_hidden()
    cara.reload()
    write(cara, "And again")
    expect(cara.get_by_role("log").get_by_text("And again").last).to_be_visible()
    cara.wait_for_timeout(500)
    expect(offer).to_be_hidden()
    cara.goto("/settings/devices")
    expect(cara.get_by_role("button", name="Tell me on this device")).to_be_visible()
