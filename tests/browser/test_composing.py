"""The field at a real browser.

Emoji by name and from the board, a limit that says so in time, what is pasted.
"""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.house import PHONE, House, Sit, a_house

house = a_house(lambda talk: talk.exchange("cp"))


@pytest.fixture
def sit(sit: Sit, house: House) -> Sit:
    """Cara, at the thread."""
    return partial(sit, house.cara, at=house.thread)


def test_emoji_by_name(sit: Sit) -> None:
    cara = sit()
    field = cara.get_by_label("Message", exact=True)
    field.press_sequentially("Well done :tad")
    offered = cara.get_by_role("listbox", name="Emoji")
    expect(offered.get_by_role("option").first).to_contain_text("🎉")
    field.press("Enter")  # chooses, and does not send
    expect(field).to_have_value("Well done 🎉 ")
    expect(offered).to_be_hidden()
    field.press_sequentially("see you at 10:30 :heart")
    expect(offered.get_by_role("option").nth(1)).to_be_visible()
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-0")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    field.press("Escape")
    expect(offered).to_be_hidden()
    field.fill("")
    field.press_sequentially("Thanks :pray:")
    expect(field).to_have_value("Thanks 🙏")
    field.press("Enter")
    expect(cara.get_by_role("log").get_by_text("Thanks 🙏")).to_be_visible()
    expect(field).to_have_value("")


def test_emoji_from_the_board(sit: Sit) -> None:
    cara = sit()
    field = cara.get_by_label("Message", exact=True)
    field.fill("Lunch?")
    asked: list[str] = []
    cara.on("request", lambda request: asked.append(request.url))
    cara.get_by_role("button", name="Emoji").click()
    board = cara.get_by_role("dialog", name="Emoji")
    expect(board.get_by_role("searchbox", name="Find an emoji")).to_be_focused()
    cara.keyboard.type("piz")
    cara.keyboard.press("ArrowDown")
    expect(board.get_by_role("button", name="pizza")).to_be_focused()
    cara.keyboard.press("Enter")
    expect(board).to_be_hidden()
    expect(field).to_have_value("Lunch?🍕")
    expect(field).to_be_focused()
    assert all(url.startswith(cara.url.split("/threads")[0]) for url in asked)
    cara.get_by_role("button", name="Emoji").click()
    expect(board.get_by_role("searchbox")).to_be_focused()
    cara.keyboard.type("zzzz")
    expect(board.get_by_text("No emoji has that name.")).to_be_visible()
    cara.keyboard.press("Escape")  # empties the search, and then
    expect(board.get_by_role("searchbox")).to_have_value("")
    cara.keyboard.press("Escape")
    expect(board).to_be_hidden()


def test_a_phone_has_its_own(sit: Sit) -> None:
    expect(sit(**PHONE).get_by_role("button", name="Emoji")).to_have_count(0)


def test_the_limit_says_so_in_time_and_loses_nothing(sit: Sit) -> None:
    cara = sit()
    field = cara.get_by_label("Message", exact=True)
    words = cara.locator("#composer-limit")
    field.fill("x" * 9_499)
    expect(words).to_be_hidden()
    field.fill("x" * 9_999)
    expect(words).to_have_text("1 character left")
    field.fill("x" * 10_007)
    expect(words).to_have_text("Too long by 7 characters. Shorten it, or send it in two parts.")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.press("Enter")
    cara.get_by_role("button", name="Send", exact=True).click()
    expect(field).to_have_value("x" * 10_007)
    expect(field).to_be_focused()
    field.fill("🎉" * 10_000)  # as many as the server counts
    expect(words).to_have_text("0 characters left")
    field.fill("short again")
    expect(words).to_be_hidden()


def test_pasted_as_plain_text_with_its_lines(sit: Sit) -> None:
    cara = sit()
    field = cara.get_by_label("Message", exact=True)
    cara.evaluate(
        """(field) => { field.focus(); const data = new DataTransfer();
        data.setData('text/html', '<b>one</b><br>two'); data.setData('text/plain', 'one\\n\\ntwo');
        const init = {clipboardData: data, bubbles: true, cancelable: true};
        if (field.dispatchEvent(new ClipboardEvent('paste', init)))
          document.execCommand('insertText', false, data.getData('text/plain')); }""",
        field.element_handle(),
    )
    expect(field).to_have_value("one\n\ntwo")
    field.press("Shift+Enter")
    field.press_sequentially("three")
    field.press("Enter")
    said = cara.locator(".message__body", has_text="three")
    expect(said).to_have_js_property("innerText", "one\n\ntwo\nthree")


def test_a_draft_survives_a_reload(sit: Sit) -> None:
    cara = sit()
    cara.get_by_label("Message", exact=True).fill("Half a thought")
    cara.reload()
    expect(cara.get_by_label("Message", exact=True)).to_have_value("Half a thought")
