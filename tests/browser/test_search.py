"""Searching at a real browser.

The palette by keyboard from anywhere, the page, and what the browser remembers.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.doings import sent, until
from tests.browser.house import House, Sit, a_house

house = a_house(worker=True)


@pytest.fixture
def paul(house: House, sit: Sit) -> Page:
    """Paul in the inbox, when what Cara wrote can be found."""
    cara, paul = sit(house.cara, at=house.thread), sit(house.paul)
    sent(cara, "The <i>Café</i> 👋🏽 by the harbour at nine")
    until(paul, lambda: paul.request.get("/api/search?q=harbour").json()["results"], "what Cara wrote")
    return paul


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Search")


def test_the_palette_by_keyboard(paul: Page) -> None:
    expect(paul.get_by_role("button", name="Search", exact=True)).to_be_visible()
    paul.get_by_role("link", name="Messages").focus()
    paul.keyboard.press("Control+k")
    field = palette(paul).get_by_role("combobox")
    expect(field).to_be_focused()
    paul.keyboard.press("Escape")
    expect(palette(paul)).to_be_hidden()
    expect(paul.get_by_role("link", name="Messages")).to_be_focused()
    paul.keyboard.press("Meta+k")
    paul.keyboard.type("cara")
    options = palette(paul).get_by_role("option")
    expect(
        palette(paul).get_by_role("group", name="People and conversations").get_by_role("option")
    ).to_have_count(1)
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.fill("CAFE harb")
    hit = palette(paul).get_by_role("group", name="Messages").get_by_role("option").first
    expect(hit.locator("mark")).to_have_text(["Café", "harbour"])
    expect(hit).to_contain_text("The <i>Café</i> 👋🏽 by the harbour")
    expect(field).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    paul.keyboard.press("ArrowDown")
    paul.keyboard.press("ArrowUp")
    paul.keyboard.press("Enter")
    paul.wait_for_url(re.compile(r"/threads/\w+#\d+"))
    seq = paul.url.partition("#")[2]
    expect(paul.locator(f".message--found[data-seq='{seq}']")).to_be_in_viewport()
    paul.get_by_role("button", name="Search", exact=True).click()
    expect(palette(paul).get_by_role("option", name="CAFE harb", selected=False)).to_be_visible()
    paul.keyboard.press("ArrowDown")
    paul.keyboard.press("Enter")
    expect(palette(paul).get_by_role("combobox")).to_have_value("CAFE harb")
    expect(palette(paul).locator("mark").first).to_be_visible()


def test_letters_typed_before_the_palette_is_there_are_in_it(paul: Page) -> None:
    held: list[Route] = []
    paul.route("**/palette.js", lambda route: held.append(route))
    paul.keyboard.press("Control+k")
    paul.keyboard.type("harb")
    until(paul, lambda: held, "the call for the palette")
    expect(palette(paul)).to_have_count(0)
    held[0].continue_()
    field = palette(paul).get_by_role("combobox")
    expect(field).to_have_value("harb")
    paul.keyboard.type("our")
    expect(field).to_have_value("harbour")
    expect(palette(paul).locator("mark").first).to_have_text("harbour")


def test_waiting_nothing_and_trouble_are_said(paul: Page) -> None:
    held: list[Route] = []
    paul.route("**/api/search", lambda route: held.append(route))
    paul.keyboard.press("Control+k")
    field = palette(paul).get_by_role("combobox")
    state = palette(paul).get_by_role("status")
    field.fill("har")
    expect(state).to_have_text("Searching…")
    waiting = paul.locator(".palette .skeletons")
    expect(waiting).to_be_visible()
    field.fill("zzzz")
    until(paul, lambda: len(held) == 2, "the second question")
    held[1].continue_()
    expect(state).to_contain_text("Nothing found for “zzzz”")
    held[0].fulfill(json={"results": [], "threads": [], "people": [], "close": False, "next": None})
    expect(state).to_contain_text("zzzz")
    paul.unroute("**/api/search")
    paul.route("**/api/search", lambda route: route.abort())
    field.fill("other")
    expect(state).to_contain_text("You seem to be offline")


def test_the_page_and_what_is_remembered(paul: Page) -> None:
    asked: list[str] = []
    paul.on("request", lambda request: asked.extend((request.url, request.headers.get("referer", ""))))
    paul.goto("/search")
    paul.get_by_role("searchbox", name="Search messages").fill("harbuor")
    paul.get_by_role("main").get_by_role("button", name="Search").click()
    paul.wait_for_url("**/search?sealed=*")
    expect(paul.get_by_text("No exact matches for")).to_be_visible()
    expect(paul.get_by_role("list", name="Messages found").locator("mark").first).to_have_text("harbour")
    paul.goto("/search")
    recent = paul.get_by_role("region", name="Recent searches")
    expect(recent.get_by_role("link", name="harbuor")).to_be_visible()
    recent.get_by_role("link", name="harbuor").click()
    paul.wait_for_url("**/search?sealed=*")
    expect(paul.get_by_role("searchbox", name="Search messages")).to_have_value("harbuor")
    paul.get_by_role("list", name="Messages found").get_by_role("link").first.click()
    paul.wait_for_url(re.compile(r"/threads/"))
    paul.go_back()
    expect(paul.get_by_role("list", name="Messages found").locator("mark").first).to_have_text("harbour")
    paul.keyboard.press("Control+k")
    palette(paul).get_by_role("combobox").fill("harb")
    palette(paul).get_by_role("link", name="All results and filters").click()
    expect(paul.get_by_role("searchbox", name="Search messages")).to_have_value("harb")
    assert not [address for address in asked if "harb" in address]
    paul.goto("/search")
    recent.get_by_role("button", name="Forget them").click()
    expect(recent).to_be_hidden()
    paul.goto("/search?q=harbour")
    paul.get_by_role("button", name="Account").click()
    paul.get_by_role("button", name="Sign out").click()
    paul.wait_for_url("**/sign-in*")
    assert (
        paul.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('wellchat.recent'))") == []
    )


def test_without_script(house: House, sit: Sit, paul: Page) -> None:
    page = sit(house.paul, java_script_enabled=False)
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_role("searchbox", name="Search messages").fill("harbour")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("list", name="Messages found").get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/threads/\w+#\d+"))
    page.goto("/search?q=harbour&from=2000-01-01&to=2000-01-02")
    page.get_by_role("link", name="Until 2 Jan 2000: take this off").click()
    expect(page.get_by_role("list", name="Messages found")).to_be_visible()
