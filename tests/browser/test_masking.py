"""Contact data before a booking: its writer is told, the other one sees •••, and the booking shows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.doings import field, log, menu_of, row
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.subjects.actions import put_subject


def furnish(talk: Talk) -> Any:
    talk.says(talk.paul, "Hello! When would you like to come?")


house = a_house(furnish, WELLCHAT_MASK="before_booking")
PICTURES = os.environ.get("PICTURES")
NUMBER = "020 7946 0958"


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def fits(page: Page) -> None:
    """Without a fault for axe, and without scrolling sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_number_waits_for_the_booking(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread, reduced_motion="reduce")
    small = PHONE | {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}
    paul = sit(house.paul, at=house.thread, **small)
    expect(cara.get_by_text("addresses and links are hidden until you have booked.")).to_be_visible()
    # What holds none is sent by the first Enter.
    field(cara).fill("At three, please.")
    field(cara).press("Enter")
    expect(row(paul, "At three, please.")).to_be_visible()
    # A text that is changed is asked about too; what is saved twice is meant.
    menu_of(cara, "At three, please.").get_by_role("button", name="Edit").click()
    editor = cara.get_by_label("Edit message")
    editor.fill("At three, rosa@example.com")
    editor.press("Enter")
    expect(cara.get_by_text("Email addresses are hidden until you have booked. Send anyway?")).to_be_visible()
    expect(row(paul, "At three, please.")).to_be_visible()
    editor.press("Enter")
    expect(row(paul, "At three, •••")).to_be_visible()
    field(cara).fill(f"Or call me, {NUMBER}.")
    field(cara).press("Enter")
    expect(cara.get_by_text("Phone numbers are hidden until you have booked. Send anyway?")).to_be_visible()
    expect(log(cara)).not_to_contain_text(NUMBER)
    # Whoever sends with the warning there is led to the button that answers it, and back by Escape.
    anyway = cara.get_by_role("alert").get_by_role("button", name="Send anyway")
    expect(anyway).to_be_focused()
    expect(anyway).to_have_accessible_description(
        "Phone numbers are hidden until you have booked. Send anyway?"
    )
    cara.keyboard.press("Escape")
    expect(field(cara)).to_be_focused()
    cara.get_by_role("button", name="Send", exact=True).click()
    expect(anyway).to_be_focused()
    picture(cara, "warning")
    fits(cara)
    cara.get_by_role("button", name="Send anyway").click()
    expect(row(cara, f"Or call me, {NUMBER}.")).to_contain_text("Partly hidden until you have booked")
    expect(row(paul, "Or call me, •••.")).to_contain_text("••• is shown once you have booked")
    expect(field(cara)).to_have_value("")
    for scheme in ("light", "dark"):
        for page, who in ((cara, "writer"), (paul, "reader")):
            page.emulate_media(color_scheme=scheme)
            picture(page, f"{who}-{scheme}")
            fits(page)
    with house.app.app_context():
        put_subject(
            kind="booking",
            external_id="B-1",
            title="Balayage",
            professional_id=house.paul.id,
            client_id=house.cara.id,
            status="confirmed",
            now=clock_now(),
        )
        db.session.remove()
    for page in (cara, paul):
        expect(page.get_by_text("addresses and links are hidden until you have booked.")).to_be_hidden()
    shown = row(paul, f"Or call me, {NUMBER}.")
    expect(shown).to_be_visible()
    expect(shown.get_by_text("once you have booked")).to_be_hidden()
    field(cara).fill(f"And {NUMBER} again.")
    field(cara).press("Enter")
    expect(row(paul, f"And {NUMBER} again.")).to_be_visible()
