"""The menu of notifications in real browsers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.doings import notifications_button, write, written_while_away
from tests.browser.house import QUICK, House, Sit, a_house

house = a_house(worker=True, **QUICK)


@pytest.fixture
def paul(house: House, sit: Sit) -> Page:
    """Paul at his browser, in the inbox, with words of Cara's waiting."""
    return written_while_away(house, sit)


def test_the_notification_menu_by_keyboard(paul: Page, house: House) -> None:
    notifications_button(paul).focus()
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
    expect(notifications_button(paul)).to_be_focused()
    paul.keyboard.press("ArrowDown")
    expect(row.get_by_role("link")).to_be_focused()
    paul.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(notifications_button(paul)).to_be_focused()
    paul.keyboard.press("ArrowDown")
    expect(row.get_by_role("link")).to_be_focused()
    paul.keyboard.press("Enter")
    paul.wait_for_url(f"**{house.thread}#*")
    expect(notifications_button(paul)).to_have_accessible_name("Notifications")


def test_marks_show_on_every_page_at_once(paul: Page) -> None:
    other = paul.context.new_page()
    other.goto("/notifications")
    notifications_button(paul).click()
    paul.get_by_role("dialog").get_by_role("button", name="Mark as read: Cara Client").click()
    expect(notifications_button(paul)).to_have_accessible_name("Notifications")
    row = other.get_by_role("main").get_by_role("list", name="Notifications").get_by_role("listitem").first
    expect(row.get_by_role("button", name="Mark as unread: Cara Client")).to_be_visible()
    expect(notifications_button(other)).to_have_accessible_name("Notifications")
    row.get_by_role("button", name="Mark as unread: Cara Client").click()
    expect(notifications_button(paul)).to_have_accessible_name("Notifications, 1 unread")
    other.get_by_role("link", name="Unread", exact=True).click()
    expect(row).to_be_visible()
    paul.get_by_role("dialog").get_by_role("button", name="Mark all read").click()
    expect(other.get_by_text("Nothing unread. You are all caught up.")).to_be_visible()


def test_what_is_new_comes_onto_the_page_of_notifications(house: House, sit: Sit) -> None:
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul, at="/notifications")
    write(cara, "Straight onto the page")
    rows = paul.get_by_role("main").get_by_role("list", name="Notifications").get_by_role("listitem")
    expect(rows.first).to_contain_text("Straight onto the page")


def test_without_script(house: House, sit: Sit, paul: Page) -> None:
    page = sit(house.paul, at="/notifications", java_script_enabled=False)
    page.get_by_role("button", name="Mark as read: Cara Client").first.click()
    expect(notifications_button(page)).to_have_accessible_name("Notifications")
    page.get_by_role("main").get_by_role("link", name="Cara Client").first.click()
    expect(page).to_have_url(re.compile(re.escape(house.thread)))
