"""Booking at a real browser: without any script by the client, by keyboard by the professional.

With PICTURES=folder it leaves pictures of each page, on a phone and a desk, light and dark.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.booking.calendar import open_calendar
from tests.browser.house import House, Sit, a_house
from tests.cast import Talk

pytestmark = pytest.mark.slow


def furnish(talk: Talk) -> Any:
    open_calendar(talk.paul, talk.now, price="75.00 EUR", late_percent=50, place="Lindenstr. 3")
    return talk.paul.id


house = a_house(furnish, WELLCHAT_FEATURES="coaching")
VIOLATIONS = "async () => (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0].html])"
# Colours that are still on their way from the other scheme have no contrast of their own.
SETTLED = "() => document.getAnimations().forEach((each) => each.finish())"
SIZES = {"narrow": {"width": 360, "height": 740}, "wide": {"width": 1280, "height": 900}}


def look(page: Page, name: str, address: str) -> None:
    """Look at the page: nothing hangs over on a phone or a desk, and axe finds nothing on a dark phone."""
    page.wait_for_url(re.compile(address))
    for size in ("wide", "narrow"):
        page.set_viewport_size(SIZES[size])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, size)
        for colour in ("light", "dark") if "PICTURES" in os.environ else ():
            page.emulate_media(color_scheme=colour)
            page.evaluate(SETTLED)
            page.screenshot(path=Path(os.environ["PICTURES"]) / f"{name}-{size}-{colour}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(VIOLATIONS) == [], name


def test_a_client_books_moves_and_cancels_without_any_script(sit: Sit, house: House) -> None:
    page = sit(house.cara, "/sessions", java_script_enabled=False, viewport=SIZES["narrow"])
    page.get_by_role("link", name="Book", exact=True).click()
    page.get_by_role("link", name="Paul Professional").click()
    page.get_by_role("link", name="Follow-up").click()
    page.get_by_label("Times are shown in").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Times are shown in")).to_have_value("Asia/Tokyo")
    page.locator(".booking-days a").last.click()
    page.get_by_role("button", name=re.compile("^Book:")).first.click()
    page.get_by_label("What is it about?").fill("Sleep")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("After that, cancelling costs")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("What is it about?")).to_have_value("Sleep")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_text("It is booked.")).to_be_visible()
    page.get_by_role("link", name="Move", exact=True).click()
    page.locator(".booking-days a").nth(10).click()
    page.get_by_role("button", name=re.compile("^Move to this time")).last.click()
    expect(page.get_by_text("It is moved. Both of you are told.")).to_be_visible()
    page.get_by_role("link", name="Cancel the appointment").click()
    expect(page.get_by_text("Cancelling is free until")).to_be_visible()
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_text("It is cancelled. Both of you are told.")).to_be_visible()


def test_the_pages_of_booking_look_right_in_both_sizes_and_colours(sit: Sit, house: House) -> None:
    page = sit(house.cara, "/book", viewport=SIZES["wide"])
    page.get_by_role("link", name="Paul Professional").click()
    page.get_by_role("link", name="Follow-up").click()
    page.locator(".booking-days a").nth(3).click()
    look(page, "times", r"day=")
    page.get_by_role("button", name=re.compile("^Book:")).nth(20).click()
    page.get_by_label("What is it about?").fill("How I sleep, and what work has to do with it.")
    look(page, "details", r"/details$")
    page.get_by_role("button", name="Continue").click()
    look(page, "review", r"/review$")
    page.get_by_role("button", name="Book", exact=True).click()
    look(page, "session", r"/sessions/\w+$")
    page.get_by_role("link", name="Move", exact=True).click()
    look(page, "move", r"/move$")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Cancel the appointment").click()
    look(page, "cancel", r"/cancel$")
    expect(page.get_by_role("button", name="Cancel the appointment")).to_be_visible()


def test_a_professional_sets_the_week_by_keyboard(sit: Sit, house: House) -> None:
    page = sit(house.paul, "/availability", viewport=SIZES["wide"])
    look(page, "availability", r"/availability$")
    page.get_by_label("Monday, until, 1").focus()
    for text in ("12:00", "Tab", "Tab", "13:00", "Tab", "17:30"):
        page.keyboard.press(text) if text == "Tab" else page.keyboard.press("Control+A")
        if text != "Tab":
            page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Monday, from, 2")).to_have_value("13:00")
    expect(page.get_by_label("Monday, until, 2")).to_have_value("17:30")
    page.get_by_label("As somebody sees it in").select_option("America/New_York")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("As somebody sees it in")).to_have_value("America/New_York")
    page.goto("/services")
    page.get_by_role("link", name="Follow-up").click()
    look(page, "service", r"/services/\w+$")
