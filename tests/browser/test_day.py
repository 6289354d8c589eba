"""One day of a salon with three hundred conversations, by keyboard alone, and its client on a phone.

With PICTURES=folder each station leaves its pictures, at a phone and a window, light and dark. With
VIDEO=folder the whole day is recorded.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

from tests.browser.a_salon import furnish
from tests.browser.doings import field, log, row
from tests.browser.house import PHONE, House, Sit, a_house
from tests.services import browser_path

pytestmark = pytest.mark.slow

house = a_house(furnish)

PICTURES, VIDEO = os.environ.get("PICTURES"), os.environ.get("VIDEO")
RECORDED: dict[str, Any] = {"record_video_dir": VIDEO} if VIDEO else {}
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 812}
SMALL: dict[str, Any] = {"viewport": NARROW, "reduced_motion": "reduce"}
MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
VIOLATIONS = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(" ")}`)"""
ACROSS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BUTTONS = ".composer__box button:visible:not(.recorder button, .menu button)"
PLACES = """(all) => all.map((each) => each.getBoundingClientRect()).map(({ left, right }) => [left, right])
  .sort(([one], [other]) => one - other)"""
AT_HAND = "(element) => element.contains(document.activeElement)"


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    """A browser with a microphone that beeps, and nobody to ask for it."""
    browser = playwright.chromium.launch(executable_path=browser_path(), headless=True, args=MICROPHONE)
    yield browser
    browser.close()


def look(page: Page, name: str) -> None:
    """At the page as it stands: nothing is wrong for axe, and nothing is cut off."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    assert page.evaluate(VIOLATIONS) == [], name
    assert page.evaluate(ACROSS) <= 0, name
    if PICTURES:
        _pictures(page, name)


def _pictures(page: Page, name: str) -> None:
    size, scheme = page.viewport_size, page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert size
    for shape in {1280: (WIDE, NARROW)}.get(size["width"]) or (size,):
        page.set_viewport_size(shape)
        for look in ("light", "dark"):
            page.emulate_media(color_scheme=look)
            page.screenshot(path=Path(PICTURES or "") / f"day-{name}.{shape['width']}.{look}.png")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if scheme else "light")


def tab_to(page: Page, target: Locator, *, back: bool = False) -> Locator:
    """Press Tab until the focus is there."""
    expect(target).to_be_visible()
    for _ in range(150):
        if target.evaluate(AT_HAND):
            return target
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not come to {target}")


def through_menu(page: Page, opener: Locator, item: str) -> None:
    """Open a menu by keyboard, and choose from it."""
    tab_to(page, opener)
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name=item, exact=True)
    expect(link).to_be_visible()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
        if link.evaluate(AT_HAND):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")


def of_account(page: Page, item: str) -> None:
    through_menu(page, page.locator(".topbar__account"), item)


def count(page: Page, name: str) -> int:
    return int(page.locator(f'[data-count="{name}"]').inner_text())


def _triage(page: Page) -> None:
    """Forty-four wait: one needs no answer, three are archived together, and that is undone."""
    rows = page.locator(".conversation")
    expect(rows.first).to_contain_text("Cara Client")
    waiting = count(page, "waiting")
    look(page, "inbox")
    page.keyboard.press("j")
    page.keyboard.press("x")
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    bulk = page.get_by_role("toolbar", name="Selected conversations")
    expect(bulk).to_contain_text("3 selected")
    look(page, "inbox-selected")
    page.keyboard.press("e")
    expect(page.locator(".toast")).to_contain_text("3 conversations")
    expect(rows.first).not_to_contain_text("Cara Client")
    page.keyboard.press("z")
    expect(rows.first).to_contain_text("Cara Client")
    tab_to(page, page.get_by_role("link", name=re.compile("^Waiting on me")), back=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?waiting=1")
    look(page, "inbox-waiting")
    first = rows.first.get_attribute("data-thread-id")
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.locator(f'.conversation[data-thread-id="{first}"]')).to_have_count(0)
    expect(page.locator('[data-count="waiting"]')).to_have_text(str(waiting - 1))


def _find(page: Page) -> None:
    page.goto("/")
    page.locator('[data-controller="inbox"]').wait_for()
    expect(page.locator('[data-action="row-menu"]:visible').first).to_be_attached()  # its script has begun
    page.keyboard.press("/")
    page.keyboard.type("cara")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation")).to_have_count(1)
    tab_to(page, page.get_by_role("link", name=re.compile("^Cara Client")))
    page.keyboard.press("Enter")
    expect(field(page)).to_be_visible()


def _answer(page: Page) -> None:
    tab_to(page, field(page))
    page.keyboard.type("/tha")
    expect(page.get_by_role("option", name=re.compile("Thanks"))).to_be_visible()
    look(page, "saved-reply")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value(re.compile("^Thank you, Cara. See you on "))
    page.keyboard.press("Enter")
    expect(row(page, "Thank you, Cara.")).to_be_visible()
    page.keyboard.type("Shall I keep Thursday for you?")
    tab_to(page, page.get_by_role("button", name="Schedule"))
    page.keyboard.press("Enter")
    expect(page.locator("#later-menu")).to_be_visible()
    look(page, "schedule")
    tab_to(page, page.get_by_role("button", name="Tomorrow at 9:00"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Will be sent:")).to_be_visible()
    expect(field(page)).to_have_value("")


def _note(page: Page) -> None:
    notes = page.locator("#client-notes")
    tab_to(page, page.get_by_role("link", name="View profile"))
    notes.scroll_into_view_if_needed()
    tab_to(page, notes.get_by_label("New tag"))
    page.keyboard.type("warm tones")
    page.keyboard.press("Enter")
    expect(notes.get_by_role("link", name="warm tones", exact=True)).to_be_visible()
    tab_to(page, notes.get_by_label("New note"))
    page.keyboard.type("Hates the smell of coconut.")
    tab_to(page, notes.get_by_role("button", name="Add note"))
    page.keyboard.press("Enter")
    expect(notes.locator(".note__body")).to_have_text("Hates the smell of coconut.")
    look(page, "notes")


def _ask(page: Page) -> None:
    through_menu(page, page.locator(".thread__menu"), "Portfolio…")
    page.wait_for_url("**/portfolio")
    tab_to(page, page.get_by_label("Ask about it").first)
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("To show them to other clients"))
    look(page, "portfolio-ask")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("To show them on your public page")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="Ask", exact=True))
    page.keyboard.press("Enter")
    expect(log(page).locator(".ask:visible").get_by_text("Not answered yet")).to_be_visible()


def _allow(page: Page) -> None:
    card = log(page).locator(".ask:visible")
    expect(card.get_by_role("button", name="Yes")).to_be_visible()
    look(page, "consent")
    card.get_by_role("button", name="Yes").tap()
    expect(card.get_by_text("You said yes.")).to_be_visible()


def _evening(page: Page) -> None:
    expect(log(page).locator(".ask:visible").get_by_text("Yes", exact=True)).to_be_visible()
    look(page, "consent-given")
    of_account(page, "Scheduled")
    expect(page.get_by_role("listitem").filter(has_text="Shall I keep Thursday")).to_be_visible()
    look(page, "scheduled")
    of_account(page, "Portfolio")
    expect(page.locator(".gallery img")).to_have_count(1)
    look(page, "portfolio")
    of_account(page, "Check-ins")
    coming = page.get_by_role("list", name="The next 60 days")
    expect(coming.get_by_text("All the best, Cara!")).to_be_visible()
    look(page, "check-ins")
    of_account(page, "Figures")
    expect(page.get_by_role("heading", level=1)).to_have_text("Figures")
    look(page, "figures")


def test_a_day_by_keyboard_alone_and_its_client_on_a_phone(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread, **PHONE | SMALL, **RECORDED)
    paul = sit(house.paul, viewport=WIDE, reduced_motion="reduce", **RECORDED)
    for part in (_triage, _find, _answer, _note, _ask):
        part(paul)
    expect(row(cara, "Thank you, Cara.")).to_be_visible()
    assert "coconut" not in cara.content()
    _allow(cara)
    _evening(paul)


def _everything_on(page: Page) -> None:
    """A recording that is finished, and a menu that is open; the pin and the scheduled message are there."""
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^0:(0[1-9]|[1-5]\d)$"))  # at least a second
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Use the recording")).to_be_focused()


def _is_named(page: Page) -> None:
    """Programs and people find each thing by a part of its name, and only this one."""
    for role, name in (
        ("link", "Messages"),
        ("button", "Notifications"),
        ("button", "Send"),
        ("textbox", "Message"),
        ("log", "Cara Client"),
    ):
        assert page.get_by_role(role, name=name).count() == 1, (role, name)


def test_each_name_is_there_once_with_everything_on(house: House, sit: Sit) -> None:
    page = sit(house.paul, viewport=WIDE, reduced_motion="reduce", color_scheme="dark")
    for role, name in (("link", "Messages"), ("button", "Notifications"), ("list", "Conversations")):
        assert page.get_by_role(role, name=name).count() == 1, (role, name)
    page.goto(house.thread)
    _everything_on(page)
    expect(page.get_by_role("link", name="Pinned", exact=True)).to_be_visible()
    field(page).fill("Everything is on")
    for opener, menu in ((".composer__later", "#later-menu"), (".thread__menu", "#thread-menu")):
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            page.locator(opener).click()
            expect(page.locator(menu)).to_be_visible()
            _is_named(page)
            page.keyboard.press("Escape")
    page.set_viewport_size(WIDE)
    page.locator(".topbar__account").click()
    expect(page.locator("#account-menu").get_by_role("link", name="Scheduled")).to_be_visible()
    _is_named(page)
    page.keyboard.press("Escape")
    # All that the composer holds fits beside its field, at the narrowest phone too.
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Delete the recording").click()
    for text in ("", "A word"):
        field(page).fill(text)
        boxes = page.locator(BUTTONS).evaluate_all(PLACES)
        assert len(boxes) >= 4
        assert all(left >= 0 and right <= 360 for left, right in boxes), boxes
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(boxes)), boxes
        look(page, f"composer-{len(text)}")


@pytest.mark.parametrize("locale", ["de-DE", "fr-FR"])
def test_the_day_in_other_languages(house: House, sit: Sit, locale: str) -> None:
    page = sit(house.paul, locale=locale, viewport=NARROW, reduced_motion="reduce")
    paths = ("/", "/?waiting=1", house.thread, f"{house.thread}/scheduled", f"{house.thread}/portfolio")
    for path in (*paths, f"/people/{house.cara.id}/notes", "/portfolio", "/check-ins", "/figures"):
        answer = page.goto(path)
        assert answer
        assert answer.status == 200, path
        expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)
            assert page.evaluate(ACROSS) <= 0, (path, size)
            if PICTURES:
                name = re.sub("[^a-z]+", "-", path.replace(house.thread_id, "thread")).strip("-")
                page.screenshot(path=Path(PICTURES) / f"day-{locale[:2]}-{name}.{size['width']}.png")
