"""Portfolio at real browsers: a question in a conversation that is open, answered by one tap, and taken back.

With PICTURES=folder it leaves pictures of each step.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.attachments.files import picture, send, take
from tests.browser.doings import log
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.attachments.processing import process

pytestmark = pytest.mark.slow


def furnish(talk: Talk) -> Any:
    files = [take(talk.cara, talk.now, picture(size=(300, 240), color=each)) for each in ("teal", "orange")]
    send(talk, talk.cara, files)
    for each in files:
        process(attachment_id=each.id, now=talk.now)


house = a_house(furnish)
VIOLATIONS = "async () => (await axe.run()).violations.map(({ id }) => id)"


def look(page: Page, name: str) -> None:
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_question_is_answered_by_one_tap_and_taken_back(sit: Sit, house: House) -> None:
    cara = sit(house.cara, house.thread, **PHONE)
    paul = sit(house.paul, house.thread)
    paul.goto(f"{house.thread}/portfolio")
    paul.get_by_label("Label of").first.select_option("result")
    paul.get_by_role("button", name="Save the labels").click()
    expect(paul.get_by_label("Label of").first).to_have_value("result")
    paul.get_by_label("Ask about it").first.check()
    paul.get_by_label("To show them on your public page").check()
    look(paul, "thread-wide-light")
    paul.get_by_role("button", name="Ask", exact=True).click()
    paul.wait_for_url(f"**{house.thread}*")
    expect(log(paul).locator(".ask").get_by_text("Not answered yet")).to_be_visible()
    card = log(cara).locator(".ask")
    expect(card.get_by_role("button", name="Yes")).to_be_visible()
    look(cara, "card-narrow-dark")
    look(paul, "card-wide-light")
    card.get_by_role("button", name="Yes").tap()
    expect(card.get_by_text("You said yes.")).to_be_visible()
    expect(log(paul).locator(".ask").get_by_text("Yes", exact=True)).to_be_visible()
    assert cara.url.endswith(house.thread)  # the page stays
    paul.goto("/portfolio")
    expect(paul.locator(".gallery img")).to_have_count(1)
    paul.get_by_role("button", name="Turn on").click()
    address = paul.locator("a[href*='/gallery/']").inner_text()
    look(paul, "gallery-wide-light")
    stranger = sit(None, address, **PHONE)
    shown = stranger.locator(".portfolio img")
    expect(shown).to_have_count(1)
    stranger.wait_for_function("() => document.querySelector('.portfolio img').naturalWidth > 0")
    look(stranger, "public-narrow-dark")
    cara.goto("/settings/pictures")
    look(cara, "allowed-narrow-dark")
    cara.get_by_role("button", name="Take back").first.tap()
    expect(cara.get_by_text("Taken back. It is not shown any more.")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_text("There are no pictures here yet.")).to_be_visible()
    paul.reload()
    expect(paul.get_by_text("Nothing to show yet.")).to_be_visible()
    # The pictures are deleted: a word stands on the card where one was.
    cara.goto(house.thread)
    token = cara.locator('meta[name="csrf-token"]').get_attribute("content")
    gone = cara.request.delete(f"/api{house.thread}/messages/1", headers={"X-CSRFToken": str(token)})
    assert gone.ok, gone.text()
    for page in (cara, paul):
        page.goto(house.thread)
        log(page).locator(".ask").scroll_into_view_if_needed()
        expect(log(page).locator(".ask").get_by_text("This picture was deleted.")).to_be_visible()
        expect(log(page).locator(".ask img")).to_have_count(0)
