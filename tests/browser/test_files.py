"""Files at real browsers: chosen, pasted, dropped; with progress, cancelled, tried again.

Shown large by keyboard.
"""

from __future__ import annotations

import base64
import re
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.attachments.files import PDF, SVG, picture
from tests.browser.doings import File, choose, field, log, photo, write
from tests.browser.house import PHONE, House, Sit, a_house

DROP = """([target, kind, files]) => {
  const data = new DataTransfer();
  for (const [name, type, text] of files) {
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
  }
  const place = document.querySelector(target);
  if (kind === "paste") {
    const init = { clipboardData: data, bubbles: true, cancelable: true };
    place.dispatchEvent(new ClipboardEvent("paste", init));
    return;
  }
  for (const step of ["dragenter", "dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(step, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""
HALF_WAY = """() => {
  const { value } = document.querySelector(".upload-list__progress");
  return value > 0.05 && value < 1;
}"""
WATCH = """() => { window.shifted = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => {
  if (!one.hadRecentInput) window.shifted += one.value; })).observe({ type: "layout-shift" }); }"""

SERVICE_WORKERS = "allow"
house = a_house(worker=True, WELLCHAT_MAX_UPLOAD="2")


@pytest.fixture
def at_thread(sit: Sit, house: House) -> Sit:
    return partial(sit, at=house.thread)


def give(page: Page, kind: str, target: str, *files: File) -> None:
    page.evaluate(
        DROP, [target, kind, [[name, type_, base64.b64encode(c).decode()] for name, type_, c in files]]
    )


def upload_list(page: Page) -> Locator:
    return page.get_by_role("list", name="Files to send")


def test_chosen_sent_and_there_on_the_other_side(house: House, at_thread: Sit) -> None:
    cara, paul = at_thread(house.cara, **PHONE), at_thread(house.paul)
    paul.evaluate(WATCH)
    choose(cara, photo("beach.jpg"), ("plan.pdf", "application/pdf", PDF))
    expect(upload_list(cara).get_by_role("listitem")).to_have_count(2)
    write(cara, "Look at these")
    for page in (cara, paul):
        expect(log(page).get_by_text("Look at these")).to_be_visible()
        shown = log(page).get_by_role("img", name="beach.jpg")
        expect(shown).to_be_visible()
        expect(shown).to_have_attribute("width", "320")
        expect(shown).to_have_attribute("height", "240")
        expect(log(page).get_by_role("link", name=re.compile("plan.pdf"))).to_be_visible()
    # The placeholder becomes the worker's thumbnail by itself, and nothing moves.
    expect(log(paul).get_by_role("img", name="beach.jpg")).to_have_attribute("src", re.compile("/thumbnail$"))
    paul.wait_for_function("() => document.querySelector('.log .picture img').naturalWidth === 640")
    assert paul.evaluate("window.shifted") < 0.05
    expect(upload_list(cara)).to_be_hidden()
    expect(paul.get_by_role("list", name="Pictures").get_by_role("img", name="beach.jpg")).to_be_visible()
    with paul.expect_download() as download:
        log(paul).get_by_role("link", name=re.compile("plan.pdf")).click()
    assert Path(download.value.path()).read_bytes() == PDF
    assert download.value.suggested_filename == "plan.pdf"
    paul.reload()
    expect(log(paul).get_by_role("img", name="beach.jpg")).to_be_visible()


def test_only_a_picture_and_what_the_list_says(house: House, at_thread: Sit) -> None:
    cara, paul = at_thread(house.cara), at_thread(house.paul, at="/")
    choose(cara, photo("one.jpg", "navy"))
    cara.get_by_role("button", name="Send", exact=True).click()
    row = paul.get_by_role("list", name="Conversations").get_by_role("listitem")
    expect(row).to_contain_text("Photo")
    expect(cara.get_by_role("list", name="Conversations").get_by_role("listitem")).to_contain_text(
        "You: Photo"
    )


def test_dropped_and_pasted(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara)
    give(page, "drop", ".log", photo("dropped.jpg"), photo("dropped too.jpg"))
    expect(upload_list(page).get_by_role("listitem")).to_have_count(2)
    give(page, "paste", "textarea", ("image.png", "image/png", picture("PNG")))
    expect(upload_list(page).get_by_role("listitem")).to_have_count(3)
    expect(page.locator(".pane-thread--dropping")).to_have_count(0)
    page.get_by_role("button", name="Remove dropped too.jpg").click()
    expect(upload_list(page).get_by_role("listitem")).to_have_count(2)
    field(page).press("Enter")
    expect(log(page).get_by_role("img", name="dropped.jpg")).to_be_visible()
    expect(log(page).get_by_role("img", name="image.png")).to_be_visible()
    expect(log(page).get_by_role("img", name="dropped too.jpg")).to_have_count(0)


def test_progress_waiting_cancelling_and_trying_again(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara)
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 100_000}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    choose(page, ("big.txt", "text/plain", b"x" * 1_900_000), ("other.txt", "text/plain", b"y" * 1_900_000))
    bar = page.get_by_role("progressbar", name="big.txt, going up")
    expect(bar).to_be_visible()
    page.wait_for_function(HALF_WAY)
    # Sent before it is up: it waits for the files, and says so.
    write(page, "With a big one")
    expect(page.locator(".upload-list__waits")).to_be_visible()
    expect(log(page).get_by_text("With a big one")).to_have_count(0)
    page.get_by_role("button", name="Remove other.txt").click()
    expect(page.get_by_role("progressbar", name="other.txt, going up")).to_have_count(0)
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(log(page).get_by_text("With a big one")).to_be_visible()
    expect(log(page).get_by_role("link", name=re.compile("big.txt"))).to_be_visible()
    expect(log(page).get_by_role("link", name=re.compile("other.txt"))).to_have_count(0)
    # Cut off on the way: said, and tried again by hand.
    network.send("Network.emulateNetworkConditions", {**slow, "offline": True})
    choose(page, ("again.txt", "text/plain", b"z"))
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("progressbar", name="again.txt, going up")).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(log(page).get_by_role("link", name=re.compile("again.txt"))).to_be_visible()


def test_words_sent_before_the_upload_list_is_there_wait_for_their_file(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara, service_workers="block")
    held: list[Route] = []
    page.route("**/lib/upload_list.js", lambda route: held.append(route))
    with page.expect_request("**/lib/upload_list.js"):
        choose(page, ("early.txt", "text/plain", b"early"))
    write(page, "With a file that came late")
    field(page).press("Enter")
    expect(field(page)).to_have_value("With a file that came late")
    held[0].continue_()
    sent = log(page).get_by_role("article").filter(has_text="With a file that came late")
    expect(sent.get_by_role("link", name=re.compile("early.txt"))).to_be_visible()
    expect(sent).to_have_count(1)
    expect(field(page)).to_have_value("")


def test_what_is_refused_says_why_and_holds_nothing_back(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara)
    choose(page, ("logo.svg", "image/svg+xml", SVG), ("large.txt", "text/plain", b"x" * 2_200_000))
    expect(upload_list(page)).to_contain_text("Web pages and SVG pictures are not accepted")
    expect(upload_list(page)).to_contain_text("Larger than 2 MB.")
    expect(upload_list(page).get_by_role("button", name="Try again")).to_have_count(0)
    write(page, "Words and a refused file")
    expect(log(page).get_by_text("Words and a refused file")).to_be_visible()
    expect(upload_list(page).get_by_role("listitem")).to_have_count(2)  # to be read, until they are removed
    page.get_by_role("button", name="Remove logo.svg").click()
    page.get_by_role("button", name="Remove large.txt").click()
    expect(upload_list(page)).to_be_hidden()


def test_a_message_with_files_survives_a_reload_while_nobody_answers(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara, service_workers="block")
    choose(page, photo("kept.jpg", "purple"))
    expect(upload_list(page).get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.route("**/api/threads/*/messages", lambda route: route.abort())
    page.get_by_role("button", name="Send", exact=True).click()
    expect(log(page).get_by_text("Not sent.")).to_be_visible()
    page.unroute("**/api/threads/*/messages")
    page.reload()
    expect(log(page).get_by_role("img", name="kept.jpg")).to_have_count(1)
    expect(log(page).get_by_text("Not sent.")).to_have_count(0)
    page.reload()
    expect(log(page).get_by_role("img", name="kept.jpg")).to_have_count(1)


def test_the_lightbox_by_keyboard(house: House, at_thread: Sit) -> None:
    page = at_thread(house.paul)
    choose(
        page, photo("first.jpg", "red"), photo("second.jpg", "green", (600, 1200)), photo("third.jpg", "blue")
    )
    page.get_by_role("button", name="Send", exact=True).click()
    first = log(page).get_by_role("link", name="first.jpg")
    message = log(page).locator("article.message", has=page.get_by_role("link", name="first.jpg"))
    expect(message).to_contain_text("Sent")
    first.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog")
    expect(box.get_by_role("img", name="first.jpg")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lightbox__image').naturalWidth === 800")
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("img", name="second.jpg")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lightbox__image').naturalHeight === 1200")
    assert page.evaluate(
        "document.querySelector('.lightbox__image').getBoundingClientRect().height <= innerHeight"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # the last one stays
    expect(box.get_by_role("img", name="third.jpg")).to_be_visible()
    expect(box).to_contain_text(re.compile(r"third.jpg · (\d+) of \1"))
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.locator(":focus").get_by_role("img", name="third.jpg")).to_be_attached()


def test_it_works_without_script(house: House, at_thread: Sit) -> None:
    page = at_thread(house.cara, java_script_enabled=False)
    page.locator("input[name=file]").set_input_files(
        [{"name": "plain.jpg", "mimeType": "image/jpeg", "buffer": picture()}]
    )
    page.get_by_role("button", name="Send", exact=True).click()
    expect(log(page).get_by_role("img", name="plain.jpg")).to_be_visible()


def test_nothing_stands_in_the_way_of_anybody(house: House, at_thread: Sit) -> None:
    """axe, with files in the thread, in the upload list (one refused), and large over the page."""
    from axe_playwright_python.sync_playwright import Axe

    page = at_thread(house.cara, color_scheme="dark")
    choose(page, photo("seen.jpg"), ("plan.pdf", "application/pdf", PDF))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(log(page).get_by_role("img", name="seen.jpg").last).to_be_visible()
    choose(page, photo("next.jpg"), ("logo.svg", "image/svg+xml", SVG))
    expect(upload_list(page)).to_contain_text("Web pages and SVG")
    faults = {"upload list": Axe().run(page).response["violations"]}
    log(page).get_by_role("link", name="seen.jpg").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    faults["lightbox"] = Axe().run(page).response["violations"]
    page.goto(f"{house.thread}/files")
    faults["files"] = Axe().run(page).response["violations"]
    told = {
        state: [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        for state, found in faults.items()
    }
    assert told == {"upload list": [], "lightbox": [], "files": []}


def test_a_finger_that_rests_on_a_picture_opens_the_menu(house: House, at_thread: Sit) -> None:
    cara = at_thread(house.cara, **PHONE)
    choose(cara, photo("cliff.jpg"))
    cara.get_by_role("button", name="Send", exact=True).click()
    shown, menu = (
        log(cara).get_by_role("img", name="cliff.jpg"),
        cara.get_by_role("dialog", name="This message"),
    )
    expect(
        log(cara).locator("article[data-seq]").filter(has=cara.get_by_role("img", name="cliff.jpg"))
    ).to_be_visible()
    # As a phone tells of a finger that stays until something happens.
    shown.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    expect(menu.get_by_role("button", name="Delete")).to_be_visible()
    shown.dispatch_event("pointerup", {"pointerType": "touch", "bubbles": True})
    shown.dispatch_event("click", {"bubbles": True, "cancelable": True})
    expect(menu).to_be_visible()
    expect(cara.locator("dialog.lightbox")).to_have_count(0)
    cara.keyboard.press("Escape")
    shown.tap()
    expect(menu).to_be_hidden()
    expect(cara.locator("dialog.lightbox")).to_be_visible()
