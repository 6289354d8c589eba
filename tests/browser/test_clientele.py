"""Who a client is, at a browser: notes that save themselves, tags, one booking's messages, the journey."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.doings import field, row
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.clock import now as clock_now
from wellchat.db import new_id
from wellchat.messaging.messages import send_message
from wellchat.subjects.actions import put_subject


def furnish(talk: Talk) -> Any:
    now = clock_now()
    for number in range(9):
        made = put_subject(
            kind="booking",
            external_id=f"b{number}",
            title=f"Balayage {number}",
            professional_id=talk.paul.id,
            client_id=talk.cara.id,
            status="confirmed" if number > 6 else "completed",
            starts_at=now + timedelta(days=100 * (number - 7) + 3),
            notify=False,
            now=now,
        )
    talk.says(talk.cara, "Something else")
    send_message(
        sender=talk.cara,
        thread_id=talk.id,
        body="How red will it be?",
        client_key=new_id(),
        subject=("booking", made.external_id),
        now=now,
    )
    return SimpleNamespace(booking=made.id)


house = a_house(furnish)
PICTURES = os.environ.get("PICTURES")
SMALL = PHONE | {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}


def look(page: Page, name: str) -> None:
    """Without a fault for axe, and without scrolling sideways."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def section(page: Page) -> Locator:
    return page.locator("#client-notes")


def is_save(answer: Response, method: str) -> bool:
    return "/notes" in answer.url and answer.request.method == method


def test_notes_save_themselves_and_two_tabs_keep_both_texts(house: House, sit: Sit) -> None:
    first = sit(house.paul, at=house.thread, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    expect(section(first).get_by_text("Only you see this.")).to_be_visible()
    note = section(first).get_by_label("New note")
    with first.expect_response(lambda answer: is_save(answer, "POST")):
        note.fill("Hates the smell of coconut.")
    expect(section(first).get_by_text("Saved.")).to_be_visible()
    # The rest is saved into the same note.
    with first.expect_response(lambda answer: is_save(answer, "PATCH")):
        note.fill("Hates the smell of coconut.\nFormula 7.34")
    section(first).get_by_role("button", name="Add note").click()
    expect(section(first).locator(".note__body")).to_have_text(["Hates the smell of coconut.\nFormula 7.34"])
    expect(section(first).get_by_label("New note")).to_have_value("")
    # By keyboard alone.
    tag = section(first).get_by_label("New tag")
    tag.fill("sensitive scalp")
    tag.press("Enter")
    expect(section(first).get_by_role("link", name="sensitive scalp")).to_be_visible()
    expect(section(first).get_by_label("New tag")).to_be_focused()
    section(first).get_by_label("New preference").fill("mornings")
    section(first).get_by_label("New preference").press("Enter")
    expect(section(first).locator(".notes--lines .note__body")).to_have_text(["mornings"])

    second = sit(house.paul, at=f"{house.thread}#details", **SMALL)
    second.get_by_role("link", name="Open notes and tags").scroll_into_view_if_needed()
    for page in (first, second):
        section(page).get_by_label("Edit: Hates the smell").click()
    for page, words in ((first, "of the first tab"), (second, "of the second tab")):
        with page.expect_response(lambda answer: is_save(answer, "PATCH")):
            section(page).get_by_label("Words of the note").last.fill(words)
    expect(section(second).get_by_text("Both are kept; this one is yours.")).to_be_visible()
    look(second, "notes-phone-dark")
    first.reload()
    expect(section(first).locator(".notes:not(.notes--lines) .note__body")).to_have_text(
        ["of the second tab", "of the first tab"]
    )
    section(first).get_by_label("Delete: of the second tab").click()
    section(first).get_by_role("button", name="Undo").click()
    expect(section(first).locator(".note__body").filter(has_text="of the second tab")).to_be_visible()
    look(first, "notes-desktop")
    section(first).get_by_role("link", name="sensitive scalp").click()
    expect(first.get_by_role("link", name="sensitive scalp: take this off")).to_be_visible()
    expect(first.locator(".conversation").get_by_text("Regular")).to_be_visible()
    look(first, "inbox-tag")


def test_one_booking_s_messages_stay_by_themselves(house: House, sit: Sit) -> None:
    paul = sit(
        house.paul,
        at=f"{house.thread}?only={house.found.booking}",
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",
    )
    cara = sit(house.cara, at=house.thread, reduced_motion="reduce")
    expect(row(paul, "How red will it be?")).to_be_visible()
    expect(row(paul, "Something else")).to_have_count(0)
    field(cara).fill("By the way, I may be late")
    field(cara).press("Enter")
    expect(paul.get_by_role("link", name="1 other message")).to_be_visible()
    expect(row(paul, "I may be late")).to_have_count(0)
    for words in ("Not very red.", "Rather copper."):
        field(paul).fill(words)
        field(paul).press("Enter")
        expect(row(paul, words)).to_be_visible()
    expect(row(cara, "Rather copper.").get_by_text("Balayage 8")).to_be_visible()
    expect(paul.locator(".conversation")).to_have_count(1)
    look(paul, "one-booking")
    paul.get_by_role("link", name="1 other message").click()
    expect(row(paul, "I may be late")).to_be_visible()


def test_the_journey_is_a_line_and_a_list(house: House, sit: Sit) -> None:
    for who, name, more in (
        (house.paul, "journey-desktop", {"viewport": {"width": 1280, "height": 900}}),
        (house.paul, "journey-phone-dark", SMALL),
    ):
        page = sit(who, at=f"/people/{house.cara.id}/journey", **more)
        expect(page.get_by_role("img", name="A line of time")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="Balayage 8")).to_be_visible()
        look(page, name)
    page.get_by_role("link", name="Balayage 8", exact=True).click()
    page.get_by_role("link", name="Back").first.click()
    expect(page.get_by_role("heading", name="Journey with")).to_be_visible()
