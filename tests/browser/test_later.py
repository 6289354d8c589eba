"""A message is sent later from the composer: by keyboard, without a way lost for the words."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.doings import field, row
from tests.browser.house import House, Sit, a_house
from tests.cast import Talk
from wellchat.clock import now as clock_now
from wellchat.db import db
from wellchat.scheduled import sending


def furnish(talk: Talk) -> None:
    talk.says(talk.paul, "When shall we meet?")


house = a_house(furnish)


def open_menu(page: Page) -> None:
    button = page.get_by_role("button", name="Schedule")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#later-menu").wait_for()


def test_words_wait_for_their_time_and_the_field_is_free(house: House, sit: Sit) -> None:
    page = sit(house.cara, at=house.thread)
    expect(page.get_by_role("button", name="Schedule")).to_be_hidden()
    # What is refused stays in the field, with the reason.
    page.set_input_files(
        '[data-part="picker"]', {"name": "a.txt", "mimeType": "text/plain", "buffer": b"one"}
    )
    expect(page.locator(".upload-list__row")).to_be_visible()  # the page's scripts have begun
    field(page).fill("With a file")
    open_menu(page)
    page.get_by_role("button", name="Tomorrow at 9:00").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Files cannot be sent later.")).to_be_visible()
    expect(field(page)).to_have_value("With a file")
    page.locator('.upload-list__row [data-part="remove"]').click()
    # A morning, without leaving the page.
    field(page).fill("Tomorrow is fine")
    open_menu(page)
    page.get_by_role("button", name="Tomorrow at 9:00").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Will be sent:")).to_be_visible()
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    # A time of one's own, on a page with the words; the draft is gone afterwards.
    field(page).fill("Or on Friday")
    open_menu(page)
    page.get_by_role("button", name="Choose a time…").press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Or on Friday")
    page.get_by_label("Day and time").fill("2020-01-01T09:00")
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.get_by_text("This time is over. Choose a later one.")).to_be_visible()
    friday = clock_now() + timedelta(days=20)
    page.get_by_label("Day and time").fill(f"{friday:%Y-%m-%d}T09:00")
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Or on Friday")).to_be_visible()
    page.get_by_role("link", name="Back to the conversation").click()
    expect(field(page)).to_have_value("")
    # Sent, both see it as any other message.
    with house.app.app_context():
        sent = sending.send_due(friday.replace(hour=23))
        db.session.remove()
    assert sent["scheduled_sent"] == 1
    expect(row(page, "Or on Friday")).to_be_visible()
