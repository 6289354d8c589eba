"""The menu of saved replies in the composer, by keyboard, by touch, and when the server does not answer."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.doings import field, row
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk
from wellchat.saved_replies.actions import make_reply
from wellchat.saved_replies.forms import SavedReplyForm
from wellchat.saved_replies.models import EVERYBODY


def furnish(talk: Talk) -> Any:
    for title, body in (
        ("Thanks", "Thank you, {first_name}.\nSee you!"),
        ("Thursday", "On Thursday, {name}"),
        ("Prices", "Thank you for asking: 60."),
        ("See you", "Until {booking_time}!"),
    ):
        make_reply(shelf=talk.paul.id, form=SavedReplyForm(title=title, body=body), now=talk.now)
    make_reply(shelf=EVERYBODY, form=SavedReplyForm(title="Opening", body="Nine to five."), now=talk.now)
    talk.says(talk.cara, "Hello")


house = a_house(furnish)


def options(page: Page) -> Any:
    return page.locator("#saved-replies [role=option]:visible")


def chosen(page: Page) -> Any:
    return page.locator("#saved-replies [role=option][aria-selected=true]:visible")


def test_by_keyboard_from_slash_to_sent(house: House, sit: Sit) -> None:
    loaded: list[str] = []
    page = sit(house.paul)
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(house.thread)
    expect(page.locator("[data-controller=savedReplies]")).to_be_attached()
    words = field(page)
    words.press_sequentially("Hello /th")
    expect(options(page)).to_have_count(0)
    assert not [url for url in loaded if "saved_replies_menu" in url or url.endswith("/saved-replies")]
    words.fill("")
    words.press("/")
    expect(options(page)).to_have_count(5)
    words.press_sequentially("th")
    # What begins with the words comes first.
    expect(options(page).locator("strong")).to_have_text(["Thanks", "Thursday", "Prices"])
    expect(chosen(page)).to_contain_text("Thank you, Cara. See you!")
    words.press("ArrowUp")
    expect(chosen(page)).to_contain_text("Prices")
    words.press("ArrowDown")
    active = words.get_attribute("aria-activedescendant")
    assert active == chosen(page).get_attribute("id")
    assert words.get_attribute("aria-controls") == "saved-replies"
    words.press("Enter")
    expect(words).to_have_value("Thank you, Cara.\nSee you!")
    expect(options(page)).to_have_count(0)
    # One key undoes it, and it can be changed before it is sent.
    words.press("ControlOrMeta+z")
    expect(words).to_have_value("/th")
    words.fill("")
    words.fill("/Thanks")
    expect(options(page)).to_have_count(1)
    words.press("Enter")
    expect(words).to_have_value("Thank you, Cara.\nSee you!")
    words.press_sequentially(" Bye")
    words.press("Enter")
    expect(row(page, "See you! Bye")).to_be_visible()


def test_what_is_typed_stays_and_goes_out_as_it_is(house: House, sit: Sit) -> None:
    page = sit(house.paul, at=house.thread)
    words = field(page)
    words.press_sequentially("/th")
    expect(options(page)).to_have_count(3)
    words.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(words).to_have_value("/th")
    words.press("a")  # put away is put away, until the message begins anew
    expect(options(page)).to_have_count(0)
    words.press("Enter")
    expect(row(page, "/tha")).to_be_visible()
    words.press_sequentially("/shrug whatever")
    expect(options(page)).to_have_count(0)
    words.press("Enter")
    expect(row(page, "/shrug whatever")).to_be_visible()
    # Without the list it is a message like any other.
    page.route("**/api/threads/*/saved-replies", lambda route: route.abort())
    words.press_sequentially("/offline")
    words.press("Enter")
    expect(row(page, "/offline")).to_be_visible()


def test_what_has_no_value_is_told_first(house: House, sit: Sit) -> None:
    page = sit(house.paul, at=house.thread)
    words = field(page)
    words.press_sequentially("/see")
    expect(options(page).first).to_contain_text("Has no value here: {booking_time}")
    words.press_sequentially(" you")
    expect(options(page)).to_have_count(2)
    expect(chosen(page)).to_contain_text("See you")
    words.press("Enter")
    expect(page.get_by_text("Choose it again to put in …")).to_be_visible()
    expect(words).to_have_value("/see you")
    words.press("Enter")
    expect(words).to_have_value("Until …!")
    # The gap is selected, to be typed over.
    page.keyboard.type("Monday")
    expect(words).to_have_value("Until Monday!")
    words.fill("")


def test_by_touch_from_the_menu_beside_what_is_written(house: House, sit: Sit) -> None:
    small = PHONE | {"viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}
    page = sit(house.paul, at=house.thread, **small)
    words = field(page)
    words.fill("Dear Cara, ")
    page.locator(".composer__more").tap()
    page.get_by_role("link", name="Saved replies").tap()
    search = page.get_by_role("combobox", name="Find a saved reply")
    expect(search).to_be_focused()
    expect(search).to_have_attribute("aria-expanded", "true")
    search.fill("nothing of the kind")
    expect(page.get_by_text("No saved reply fits.")).to_be_visible()
    search.fill("OPENING")
    options(page).first.tap()
    expect(words).to_have_value("Dear Cara, Nine to five.")
    expect(words).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    words.fill("")
    # A client has no such menu.
    cara = sit(house.cara, at=house.thread)
    expect(field(cara)).to_be_visible()
    expect(cara.locator("[data-controller=savedReplies]")).to_have_count(0)


def test_the_page_counts_orders_and_takes_files(house: House, sit: Sit) -> None:
    page = sit(house.paul, at="/settings/replies")
    expect(page.get_by_text(re.compile("Used (once|2 times)")).first).to_be_visible()
    page.get_by_role("button", name="Move down: Thanks").click()
    expect(page.locator(".saved strong").first).to_have_text("Thursday")
    page.get_by_label("CSV file").set_input_files(
        [{"name": "a.csv", "mimeType": "text/csv", "buffer": b"title;text\nNew;Hi\nBad;{nobody}\n"}]
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Row 3: There is no placeholder {nobody}.")).to_be_visible()
    expect(page.locator(".saved").get_by_text("New", exact=True)).to_have_count(0)
