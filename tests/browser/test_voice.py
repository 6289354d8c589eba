"""Voice messages at real browsers, with Chromium's own microphone that beeps: recorded, heard, sent, played.

With PICTURES=folder it leaves pictures of each step.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.attachments.files import PDF
from tests.browser.doings import choose, field, log
from tests.browser.house import PHONE, House, Sit, a_house
from tests.services import browser_path

pytestmark = pytest.mark.slow

house = a_house()
FAKE = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
HEARD = """() => { window.heard = []; const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { window.heard.push(this); return play.call(this); }; }"""
ASKED = """() => { const media = navigator.mediaDevices, ask = media.getUserMedia; window.asked = 0;
  media.getUserMedia = (...all) => { window.asked += 1; return ask.apply(media, all); }; }"""
VIOLATIONS = (
    "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map((v) => v.id)"
)


@pytest.fixture(scope="module")
def chromium(playwright: Any) -> Iterator[Any]:
    browser = playwright.chromium.launch(executable_path=browser_path(), headless=True, args=FAKE)
    yield browser
    browser.close()


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def scripts(page: Page) -> str:
    return str(page.evaluate("performance.getEntriesByType('resource').map(({name}) => name).join(' ')"))


def check(page: Page) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    assert page.evaluate(VIOLATIONS) == []


def until(page: Page, second: int) -> None:
    """Wait for this second of a recording, or a later one: a busy machine may not see each of them."""
    later = "|".join(f"{at // 60}:{at % 60:02}" for at in range(second, 120))
    expect(page.get_by_role("timer")).to_have_text(re.compile(f"^({later})$"))


def test_a_voice_message_is_recorded_by_keyboard_heard_sent_and_played(sit: Sit, house: House) -> None:
    cara, paul = sit(house.cara, house.thread), sit(house.paul, house.thread)
    cara.evaluate(ASKED)
    record = cara.get_by_role("button", name="Record a voice message")
    assert "recorder.js" not in scripts(cara)
    record.focus()
    assert cara.evaluate("window.asked") == 0
    began = time.monotonic()
    cara.keyboard.press("Enter")
    until(cara, 2)
    check(cara)
    look(cara, "recording-wide-light")
    stop = cara.get_by_role("button", name="Stop")
    expect(stop).to_be_focused()
    cara.keyboard.press("Enter")
    use = cara.get_by_role("button", name="Use the recording")
    expect(use).to_be_focused()
    most = (time.monotonic() - began) * 1000
    assert cara.evaluate("window.asked") == 1
    heard = cara.get_by_role("button", name="Listen to it")
    heard.click()
    expect(heard).to_have_attribute("aria-pressed", "true")
    expect(heard).to_have_attribute("aria-pressed", "false")  # to its end
    look(cara, "review-wide-light")
    check(cara)
    use.focus()
    cara.keyboard.press("Enter")
    for page in (cara, paul):
        expect(log(page).locator(".recording[data-duration]")).to_have_count(1)
    box = log(paul).locator(".recording")
    assert 1500 < int(box.get_attribute("data-duration") or 0) < most + 500
    assert len(set((box.locator("path[data-part=wave]").get_attribute("d") or "").split("v"))) > 3
    assert "recording_player" not in scripts(paul)
    paul.evaluate(HEARD)
    play = box.get_by_role("button", name="Play Voice message")
    play.focus()
    paul.keyboard.press("Space")
    place = box.get_by_role("slider")
    expect(box.get_by_role("button", name="Pause Voice message")).to_be_visible()
    look(paul, "playing-wide-light")
    check(paul)
    for rate in (1.5, 2, 1):
        box.get_by_role("button", name="Speed").click()
        assert paul.evaluate("window.heard.at(-1).playbackRate") == rate
    paul.evaluate("window.heard.at(-1).pause()")
    place.focus()
    paul.keyboard.press("Home")
    place.evaluate("(range) => (range.value = 500)")
    place.dispatch_event("input")
    paul.wait_for_function("() => !window.heard.at(-1).seeking && window.heard.at(-1).currentTime > 0.5")
    assert "of" in (place.get_attribute("aria-valuetext") or "")
    paul.reload()
    expect(log(paul).locator(".recording")).to_have_count(1)


def test_a_phone_has_a_camera_and_what_was_typed_stays(sit: Sit, house: House) -> None:
    cara = sit(house.cara, house.thread, **PHONE)
    camera = cara.get_by_role("button", name="Take a picture")
    with cara.expect_file_chooser() as chosen:
        camera.tap()
    assert chosen.value.element.get_attribute("capture") == "environment"
    cara.get_by_role("button", name="Record a voice message").tap()
    until(cara, 1)
    look(cara, "recording-narrow-dark")
    check(cara)
    cara.get_by_role("button", name="Stop").tap()
    expect(cara.get_by_role("button", name="Use the recording")).to_be_visible()
    look(cara, "review-narrow-dark")
    cara.keyboard.press("Escape")
    expect(cara.get_by_role("group", name="Voice message")).to_be_hidden()
    expect(cara.get_by_role("button", name="Record a voice message")).to_be_focused()
    cara.get_by_role("button", name="Record a voice message").dispatch_event("pointerdown", {"button": 0})
    until(cara, 1)
    field(cara).fill("Listen to this")
    cara.get_by_role("button", name="Stop").tap()
    cara.get_by_role("button", name="Add the recording").tap()
    expect(cara.get_by_role("list", name="Files to send")).to_contain_text("Voice message")
    expect(field(cara)).to_have_value("Listen to this")
    look(cara, "added-narrow-dark")


def test_a_refused_file_lets_the_good_ones_go(sit: Sit, house: House) -> None:
    cara = sit(house.cara, house.thread)
    bad = ("run.exe", "application/x-msdownload", b"MZ\x90\x00" * 40)
    choose(cara, ("plan.pdf", "application/pdf", PDF), bad)
    uploads = cara.get_by_role("list", name="Files to send")
    expect(uploads).to_contain_text("This kind of file cannot be sent")
    expect(uploads.get_by_role("button", name="Try again")).to_have_count(0)
    look(cara, "refused-wide-light")
    cara.get_by_role("button", name="Send", exact=True).click()
    expect(log(cara).locator(".document", has_text="plan.pdf")).to_have_count(1)
    expect(uploads).to_contain_text("run.exe")
    expect(uploads).not_to_contain_text("plan.pdf")
    uploads.get_by_role("button", name="Remove run.exe").click()
    expect(uploads).to_be_hidden()
