"""The bell at real browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import test_journey as journey
from tests.services import Live

quick, sit_down, write = journey.quick, journey.sit_down, journey.write

SitDown = Callable[..., Page]


@pytest.fixture
def waiting(quick: Live, sit_down: SitDown) -> tuple[Page, str]:
    """Paul at his browser, in the inbox, with words of Cara's waiting; and the path of their thread."""
    people = quick.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara), sit_down(people.paul)
    cara.goto("/new")
    cara.get_by_role("main").get_by_text("Paul Professional").first.wait_for()
    cara.locator("main a[href^='/threads/'], main form button").first.click()
    write(cara, "Do you have a minute?")
    write(cara, "It is about Thursday.")
    expect(bell(paul)).to_have_accessible_name("Notifications, 1 unread", timeout=10_000)
    expect(cara.get_by_role("log").get_by_text("It is about Thursday.").last).to_be_visible()
    return paul, "/" + cara.url.split("/", 3)[3]


def bell(page: Page) -> Locator:
    return page.get_by_role("button", name="Notifications")


def test_the_bell_by_keyboard(waiting: tuple[Page, str]) -> None:
    paul, path = waiting
    bell(paul).focus()
    paul.keyboard.press("ArrowDown")
    menu = paul.get_by_role("dialog", name="Notifications")
    row = menu.get_by_role("listitem").first
    expect(row.get_by_role("link")).to_be_focused()
    expect(row).to_contain_text("Cara Client")
    expect(row).to_contain_text("Unread")
    paul.keyboard.press("End")
    expect(menu.get_by_role("link", name="Notification settings")).to_be_focused()
    paul.keyboard.press("Home")
    paul.keyboard.press("ArrowUp")
    expect(bell(paul)).to_be_focused()
    paul.keyboard.press("ArrowDown")
    paul.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(bell(paul)).to_be_focused()
    paul.keyboard.press("ArrowDown")
    expect(row.get_by_role("link")).to_be_focused()
    paul.keyboard.press("Enter")
    paul.wait_for_url(f"**{path}#*")
    expect(bell(paul)).to_have_accessible_name("Notifications")


def test_marks_show_on_every_page_at_once(waiting: tuple[Page, str]) -> None:
    paul, _ = waiting
    other = paul.context.new_page()
    other.faults = []  # type: ignore[attr-defined]
    other.goto("/notifications")
    bell(paul).click()
    paul.get_by_role("dialog").get_by_role("button", name="Mark as read: Cara Client").click()
    expect(bell(paul)).to_have_accessible_name("Notifications")
    row = other.get_by_role("main").get_by_role("list", name="Notifications").get_by_role("listitem").first
    expect(row.get_by_role("button", name="Mark as unread: Cara Client")).to_be_visible()
    expect(bell(other)).to_have_accessible_name("Notifications")
    row.get_by_role("button", name="Mark as unread: Cara Client").click()
    expect(bell(paul)).to_have_accessible_name("Notifications, 1 unread")
    other.get_by_role("link", name="Unread", exact=True).click()
    expect(row).to_be_visible()
    paul.get_by_role("dialog").get_by_role("button", name="Mark all read").click()
    expect(other.get_by_text("Nothing unread. You have seen it all.")).to_be_visible()


def test_what_is_new_comes_onto_the_page_of_notifications(quick: Live, sit_down: SitDown) -> None:
    people = quick.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara), sit_down(people.paul)
    paul.goto("/notifications")
    cara.goto("/new")
    cara.locator("main a[href^='/threads/'], main form button").first.click()
    write(cara, "Straight onto the page")
    rows = paul.get_by_role("main").get_by_role("list", name="Notifications").get_by_role("listitem")
    expect(rows.first).to_contain_text("Straight onto the page", timeout=10_000)


def test_without_script(quick: Live, waiting: tuple[Page, str], chromium: Any) -> None:
    paul, path = waiting
    plain = chromium.new_context(
        base_url=quick.url, java_script_enabled=False, storage_state=paul.context.storage_state()
    )
    page = plain.new_page()
    page.goto("/notifications")
    page.get_by_role("button", name="Mark as read: Cara Client").first.click()
    expect(bell(page)).to_have_accessible_name("Notifications")
    page.get_by_role("main").get_by_role("link", name="Cara Client").first.click()
    assert path.partition("#")[0] in page.url
    plain.close()
