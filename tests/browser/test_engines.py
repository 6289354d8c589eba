"""What Safari and Firefox do otherwise, and what older ones do not have.

Done to this browser, or taken from it.
"""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.doings import field, log, menu_of, notifications_button, row, sent, write
from tests.browser.house import House, Sit, a_house
from tests.cast import Talk

WIDE = {"viewport": {"width": 1280, "height": 800}}
LAST = "message 40"
NO_FIELD_SIZING = """
  const { supports } = CSS;
  CSS.supports = (name, ...rest) => name !== 'field-sizing' && supports.call(CSS, name, ...rest);
  const fixed = new CSSStyleSheet();
  fixed.replaceSync('textarea { field-sizing: fixed !important }');
  document.adoptedStyleSheets = [fixed];
"""
NO_POPOVERS = """
  const names = ['popover', 'showPopover', 'hidePopover', 'togglePopover'];
  for (const name of names) delete HTMLElement.prototype[name];
  const menus = () => document.querySelectorAll('[popover]');
  const plain = () => menus().forEach((menu) => menu.removeAttribute('popover'));
  new MutationObserver(plain).observe(document, { childList: true, subtree: true });
  const hidden = new CSSStyleSheet();
  hidden.replaceSync('.menu { z-index: 10 } .menu:not(.popover-open) { display: none }');
  document.adoptedStyleSheets = [hidden];
"""
# A style sheet that is late, to those who ask whether it is there. `early`: what was done before all was
# loaded.
LATE_STYLES = """
  Object.defineProperty(HTMLLinkElement.prototype, 'sheet', { get: () => null });
  window.addEventListener('load', () => (window.early = document.querySelector('textarea').enterKeyHint));
"""
ENTER_OF_AN_INPUT_METHOD = """(field) => field.dispatchEvent(
  new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }))"""
BELOW = "(log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"


def furnish(talk: Talk) -> None:
    talk.exchange("c" * 40)  # nothing unread, so that it opens at the end


house = a_house(furnish)


@pytest.fixture
def sit(sit: Sit, house: House) -> Sit:
    """Cara, at the thread."""
    return partial(sit, house.cara, at=house.thread, **WIDE)


def again(page: Page, script: str) -> Page:
    """The page as a browser shows it to which this was done."""
    page.add_init_script(script)
    page.reload()
    expect(row(page, LAST)).to_be_in_viewport()
    return page


def test_the_page_opens_at_the_newest_message_before_any_script(sit: Sit) -> None:
    cara = sit(java_script_enabled=False)
    expect(row(cara, LAST)).to_be_in_viewport()
    expect(row(cara, "message 1")).not_to_be_in_viewport()


def test_fields_grow_with_what_is_written_and_the_log_stays_at_its_end(sit: Sit) -> None:
    cara = again(sit(), NO_FIELD_SIZING)
    lines = ("One", "Two", "Three", "Four", "Five")
    low = field(cara).bounding_box()
    for line in lines:
        field(cara).press_sequentially(line)
        field(cara).press("Shift+Enter")
        cara.wait_for_timeout(50)  # a frame, in which the log hears of it
    high = field(cara).bounding_box()
    assert low
    assert high
    assert high["height"] > low["height"] * 2
    assert log(cara).evaluate(BELOW) <= 1
    field(cara).press("Enter")
    expect(row(cara, "Five")).to_have_attribute("data-seq", "41")
    assert field(cara).bounding_box() == low

    menu_of(cara, "Five").get_by_role("button", name="Edit", exact=True).click()
    editor = cara.get_by_label("Edit message")
    assert editor.evaluate("(field) => field.scrollHeight - field.clientHeight") <= 0
    editor.press("Escape")
    expect(editor).to_have_count(0)


def test_the_enter_that_ends_composing_sends_nothing(sit: Sit) -> None:
    cara = sit()
    field(cara).fill("にほ")
    field(cara).evaluate(ENTER_OF_AN_INPUT_METHOD)
    expect(field(cara)).to_have_value("にほ")
    field(cara).press("Enter")
    expect(field(cara)).to_have_value("")
    expect(row(cara, "にほ")).to_be_visible()


def test_menus_where_there_are_no_popovers(sit: Sit) -> None:
    cara = again(sit(), NO_POPOVERS)
    opened = cara.get_by_role("dialog", name="Notifications")
    expect(opened).to_be_hidden()
    notifications_button(cara).click()
    expect(opened.get_by_text("All quiet.")).to_be_visible()
    notifications_button(cara).click()
    expect(opened).to_be_hidden()
    notifications_button(cara).click()
    cara.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    notifications_button(cara).click()
    cara.get_by_role("button", name="Account").click()
    expect(opened).to_be_hidden()
    expect(cara.get_by_role("button", name="Sign out")).to_be_visible()
    field(cara).click()
    expect(cara.get_by_role("button", name="Sign out")).to_be_hidden()
    menu_of(cara, LAST).get_by_role("button", name="Thumbs up").click()
    expect(row(cara, LAST).get_by_role("button", name="👍 You")).to_be_visible()


def test_nothing_is_measured_before_the_style_sheet_is_there(sit: Sit) -> None:
    cara = again(sit(), LATE_STYLES)
    expect(field(cara)).to_have_attribute("enterkeyhint", "send")
    assert cara.evaluate("window.early") == "enter"
    sent(cara, "Written all the same")


def test_whether_the_details_are_shown_is_told_as_the_window_changes(sit: Sit) -> None:
    cara = sit()
    details = cara.get_by_role("link", name="Details", exact=True)
    expect(details).to_have_attribute("aria-expanded", "true")
    cara.set_viewport_size({"width": 900, "height": 800})
    expect(details).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_colours_stand_against_those_of_the_system(sit: Sit, theme: str) -> None:
    other = {"light": "dark", "dark": "light"}[theme]
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    of_system = sit(color_scheme=theme).evaluate(ground)
    cara = sit(color_scheme=other)
    assert cara.evaluate(ground) != of_system
    cara.get_by_role("button", name="Account").click()
    cara.get_by_role("button", name=theme.capitalize(), exact=True).click()
    assert cara.evaluate(ground) == of_system
    write(cara, "In other colours")
