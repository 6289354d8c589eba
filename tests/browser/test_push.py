"""Pushes at a real browser.

What no headless Chromium can do is subscribe with a push service: that half is tests/push, against a service
of our own; here pushes are handed to the browser by its debugger.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Worker, expect

from tests.browser.doings import log, sent, tell_worker, until, write, written_while_away
from tests.browser.house import PHONE, QUICK, House, Sit, a_house

SERVICE_WORKERS = "allow"
house = a_house(worker=True, **QUICK)


@pytest.fixture(scope="module")
def chromium(whole_chromium: Any) -> Any:
    return whole_chromium


@pytest.fixture
def paul(house: House, sit: Sit) -> Page:
    """Open the inbox as Paul: a message of Cara waits, and he was not asked about notifications yet."""
    return written_while_away(house, sit)


def allowed(page: Page) -> None:
    page.context.grant_permissions(["notifications"])
    page.evaluate(REGISTER)


def waiting(page: Page) -> dict[str, Any]:
    found: list[dict[str, Any]] = page.request.get("/api/notifications?unread=true").json()["notifications"]
    return found[0]


def worker_of(page: Page) -> Worker:
    found: list[Worker] = until(page, lambda: page.context.service_workers, "the service worker")
    return found[0]


def pushed(page: Page, said: Any) -> None:
    """As the browser's push service would hand it over; it is on the screen when this returns.

    Nobody may ask for the notifications before: one that Chromium has noted and not yet drawn is struck off
    its notes.
    """
    worker = worker_of(page)
    before = worker.evaluate(COUNT)
    tell_worker(page, "deliverPushMessage", data=json.dumps(said))
    until(page, lambda: worker.evaluate("drawn") > before, "the notification")


COUNT = """() => {
    if (!("drawn" in self)) {
        const show = registration.showNotification.bind(registration);
        registration.showNotification = async (...said) => { await show(...said); self.drawn += 1 };
        self.drawn = 0;
    }
    return self.drawn;
}"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag }) => [title, body, tag])"""
REGISTER = (
    "async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready }"
)
CLICK = """async () => {
    const [notification] = await registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def shows(page: Page, *expected: list[str]) -> None:
    until(page, lambda: page.evaluate(SHOWN) == list(expected), f"{expected} on the screen")


def test_a_push_is_shown_and_leads_to_the_thread(paul: Page, house: House) -> None:
    assert paul.evaluate("Notification.permission") == "default", "nobody asked on loading a page"
    allowed(paul)
    mine = waiting(paul)
    said = {
        "id": mine["id"],
        "tag": "thread:1",
        "title": "wellchat",
        "body": "New message",
        "url": mine["url"],
    }
    pushed(paul, said)
    shows(paul, ["wellchat", "New message", "thread:1"])
    pushed(paul, said | {"body": "2 new messages"})
    shows(paul, ["wellchat", "2 new messages", "thread:1"])
    pushed(paul, said | {"tag": "thread:2", "clear": ["thread:1"], "url": house.thread})
    shows(paul, ["wellchat", "New message", "thread:2"])
    worker_of(paul).evaluate(CLICK)
    paul.wait_for_url(f"**{house.thread}")
    expect(log(paul).get_by_text("It is about Thursday.").last).to_be_visible()


def test_what_is_read_is_taken_off_the_screen(paul: Page, house: House, sit: Sit) -> None:
    allowed(paul)
    mine = waiting(paul)
    pushed(
        paul,
        {
            "id": mine["id"],
            "tag": "thread:1",
            "title": "wellchat",
            "body": "New message",
            "url": house.thread,
        },
    )
    shows(paul, ["wellchat", "New message", "thread:1"])
    sit(house.paul, at=house.thread, **PHONE)
    shows(paul)


def test_pushes_that_say_nothing_harm_nobody(paul: Page) -> None:
    allowed(paul)
    pushed(paul, [])
    shows(paul, ["New notification", "", "wellchat"])
    pushed(paul, {"tag": "wellchat", "title": "elsewhere", "url": "https://evil.example/"})
    shows(paul, ["elsewhere", "", "wellchat"])
    before = paul.url
    worker_of(paul).evaluate(CLICK)
    paul.wait_for_timeout(500)
    assert paul.url == before


def test_the_offer_comes_after_a_first_message_and_takes_no_for_an_answer(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread)
    offer = cara.get_by_role("group", name="Know when Paul answers?")
    expect(cara.get_by_role("button", name="Send", exact=True)).to_be_visible()
    expect(offer).to_be_hidden()
    write(cara, "Hello again")
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Not now").click()
    expect(offer).to_be_hidden()
    cara.reload()
    sent(cara, "And again")
    cara.wait_for_timeout(500)
    expect(offer).to_be_hidden()
    cara.goto("/settings/devices")
    expect(cara.get_by_role("button", name="Tell me on this device")).to_be_visible()
