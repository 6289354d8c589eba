"""Files at real browsers: chosen, pasted, dropped; with progress, cancelled, tried again; shown large by keyboard."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.attachments.files import PDF, SVG, picture
from tests.cast import Talk, gather
from tests.services import Live, Services
from wellchat import create_app
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db

PASSWORD = "correct horse"
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
DROP = """([target, kind, files]) => {
  const data = new DataTransfer();
  for (const [name, type, text] of files) {
    data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
  }
  const place = document.querySelector(target);
  if (kind === "paste") {
    place.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    return;
  }
  for (const step of ["dragenter", "dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(step, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


HALF_WAY = """() => {
  const { value } = document.querySelector(".tray__progress");
  return value > 0.1 && value < 1;
}"""


@pytest.fixture(scope="module")
def live(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    import flask_migrate

    env = {"WELLCHAT_REDIS_URL": services.valkey(), "WELLCHAT_RATE_LIMITS": "off", "WELLCHAT_MAX_UPLOAD": "2"}
    live = Live(env, tmp_path_factory.mktemp("files"))
    app = create_app(read_settings(live.env), TESTING=True)
    with app.app_context():
        flask_migrate.upgrade()
        cast = gather(clock_now(), password=PASSWORD)
        talk = Talk(cast, clock_now())
        live.people = SimpleNamespace(cara=cast.cara.email, paul=cast.paul.email, thread=f"/threads/{talk.id}")  # type: ignore[attr-defined]
        db.engine.dispose()
    with live:
        yield live


@pytest.fixture
def sit_down(chromium: Any, live: Live) -> Iterator[Callable[..., Page]]:
    """sit_down(email, **options): that person, at the thread, at a browser of their own."""
    contexts = []

    def sit(email: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=live.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if "Content Security" in said.text else None)
        page.goto("/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("link", name="Messages", exact=True)).to_be_visible()
        page.goto(live.people.thread)  # type: ignore[attr-defined]
        return page

    yield sit
    faults = [fault for context in contexts for page in context.pages for fault in page.faults]
    for context in contexts:
        context.close()
    assert faults == []


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files([{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files])


def give(page: Page, kind: str, target: str, *files: tuple[str, str, bytes]) -> None:
    page.evaluate(DROP, [target, kind, [[name, type_, base64.b64encode(c).decode()] for name, type_, c in files]])


def photo(name: str, color: str = "teal", size: tuple[int, int] = (800, 600)) -> tuple[str, str, bytes]:
    return name, "image/jpeg", picture(size=size, color=color)


def rest_on(place: Any) -> None:
    """A finger that stays, as a phone tells of it."""
    place.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    place.page.wait_for_timeout(600)
    place.dispatch_event("pointerup", {"pointerType": "touch", "bubbles": True})
    place.dispatch_event("click", {"bubbles": True, "cancelable": True})


def tray(page: Page) -> Any:
    return page.get_by_role("list", name="Files to send")


def log(page: Page) -> Any:
    return page.get_by_role("log")


def no_shift(page: Page) -> float:
    return float(page.evaluate("window.shifted ?? 0"))


WATCH = """() => { window.shifted = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => {
  if (!one.hadRecentInput) window.shifted += one.value; })).observe({ type: "layout-shift" }); }"""


def test_chosen_sent_and_there_on_the_other_side(live: Live, sit_down: Callable[..., Page]) -> None:
    people = live.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara, **PHONE), sit_down(people.paul)
    paul.evaluate(WATCH)
    choose(cara, photo("beach.jpg"), ("plan.pdf", "application/pdf", PDF))
    expect(tray(cara).get_by_role("listitem")).to_have_count(2)
    cara.get_by_label("Message", exact=True).fill("Look at these")
    cara.get_by_role("button", name="Send").click()
    for page in (cara, paul):
        expect(log(page).get_by_text("Look at these")).to_be_visible()
        shown = log(page).get_by_role("img", name="beach.jpg")
        expect(shown).to_be_visible()
        expect(shown).to_have_attribute("width", "320")
        expect(shown).to_have_attribute("height", "240")
        expect(log(page).get_by_role("link", name=re.compile("plan.pdf"))).to_be_visible()
    # The placeholder becomes the worker's thumbnail by itself, and nothing moves.
    expect(log(paul).get_by_role("img", name="beach.jpg")).to_have_attribute("src", re.compile("/thumbnail$"))
    paul.wait_for_function("document.querySelector('.log .picture img').naturalWidth === 640")
    assert no_shift(paul) < 0.05
    expect(tray(cara)).to_be_hidden()
    expect(paul.get_by_role("list", name="Pictures").get_by_role("img", name="beach.jpg")).to_be_visible()
    with paul.expect_download() as download:
        log(paul).get_by_role("link", name=re.compile("plan.pdf")).click()
    assert Path(download.value.path()).read_bytes() == PDF
    assert download.value.suggested_filename == "plan.pdf"
    paul.reload()
    expect(log(paul).get_by_role("img", name="beach.jpg")).to_be_visible()


def test_only_a_picture_and_what_the_list_says(live: Live, sit_down: Callable[..., Page]) -> None:
    people = live.people  # type: ignore[attr-defined]
    cara, paul = sit_down(people.cara), sit_down(people.paul)
    paul.goto("/")
    choose(cara, photo("one.jpg", "navy"))
    cara.get_by_role("button", name="Send").click()
    row = paul.get_by_role("list", name="Conversations").get_by_role("listitem")
    expect(row).to_contain_text("Photo")
    expect(cara.get_by_role("list", name="Conversations").get_by_role("listitem")).to_contain_text("You: Photo")


def test_dropped_and_pasted(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.cara)  # type: ignore[attr-defined]
    give(page, "drop", ".log", photo("dropped.jpg"), photo("dropped too.jpg"))
    expect(tray(page).get_by_role("listitem")).to_have_count(2)
    give(page, "paste", "textarea", ("image.png", "image/png", picture("PNG")))
    expect(tray(page).get_by_role("listitem")).to_have_count(3)
    expect(page.locator(".pane-thread--dropping")).to_have_count(0)
    page.get_by_role("button", name="Remove dropped too.jpg").click()
    expect(tray(page).get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Message", exact=True).press("Enter")
    expect(log(page).get_by_role("img", name="dropped.jpg")).to_be_visible()
    expect(log(page).get_by_role("img", name="image.png")).to_be_visible()
    expect(log(page).get_by_role("img", name="dropped too.jpg")).to_have_count(0)


def test_progress_waiting_cancelling_and_trying_again(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.cara)  # type: ignore[attr-defined]
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 200_000}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    choose(page, ("big.txt", "text/plain", b"x" * 1_000_000), ("other.txt", "text/plain", b"y" * 1_000_000))
    bar = page.get_by_role("progressbar", name="big.txt, going up")
    expect(bar).to_be_visible()
    page.wait_for_function(HALF_WAY)
    # Sent before it is up: it waits for the files, and says so.
    page.get_by_label("Message", exact=True).fill("With a big one")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".tray__waits")).to_be_visible()
    expect(log(page).get_by_text("With a big one")).to_have_count(0)
    page.get_by_role("button", name="Remove other.txt").click()
    expect(page.get_by_role("progressbar", name="other.txt, going up")).to_have_count(0)
    expect(log(page).get_by_text("With a big one")).to_be_visible(timeout=20_000)
    expect(log(page).get_by_role("link", name=re.compile("big.txt"))).to_be_visible()
    expect(log(page).get_by_role("link", name=re.compile("other.txt"))).to_have_count(0)
    # Cut off on the way: said, and tried again by hand.
    network.send("Network.emulateNetworkConditions", {**slow, "offline": True})
    choose(page, ("again.txt", "text/plain", b"z"))
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("progressbar", name="again.txt, going up")).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    expect(log(page).get_by_role("link", name=re.compile("again.txt"))).to_be_visible()


def test_what_is_refused_says_why_and_holds_the_message_back(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.cara)  # type: ignore[attr-defined]
    choose(page, ("logo.svg", "image/svg+xml", SVG), ("large.txt", "text/plain", b"x" * 2_200_000))
    expect(tray(page)).to_contain_text("Web pages and SVG pictures are not taken")
    expect(tray(page)).to_contain_text("Larger than 2 MB.")
    page.get_by_label("Message", exact=True).fill("Words and a refused file")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").get_by_text("A file did not go up.")).to_be_visible()
    page.get_by_role("button", name="Remove logo.svg").click()
    page.get_by_role("button", name="Remove large.txt").click()
    page.get_by_role("button", name="Send").click()
    expect(log(page).get_by_text("Words and a refused file")).to_be_visible()


def test_a_message_with_files_survives_a_reload_while_nobody_answers(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.cara)  # type: ignore[attr-defined]
    choose(page, photo("kept.jpg", "purple"))
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.route("**/api/threads/*/messages", lambda route: route.abort())
    page.get_by_role("button", name="Send").click()
    expect(log(page).get_by_text("Not sent.")).to_be_visible()
    page.unroute("**/api/threads/*/messages")
    page.reload()
    expect(log(page).get_by_role("img", name="kept.jpg")).to_have_count(1)
    expect(log(page).get_by_text("Not sent.")).to_have_count(0)
    page.reload()
    expect(log(page).get_by_role("img", name="kept.jpg")).to_have_count(1)


def test_the_lightbox_by_keyboard(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.paul)  # type: ignore[attr-defined]
    choose(page, photo("first.jpg", "red"), photo("second.jpg", "green", (600, 1200)), photo("third.jpg", "blue"))
    page.get_by_role("button", name="Send").click()
    first = log(page).get_by_role("link", name="first.jpg")
    expect(log(page).get_by_text("Sent", exact=True)).to_be_visible()
    first.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog")
    expect(box.get_by_role("img", name="first.jpg")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lightbox__image').naturalWidth === 800")
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("img", name="second.jpg")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lightbox__image').naturalHeight === 1200")
    assert page.evaluate("document.querySelector('.lightbox__image').getBoundingClientRect().height <= innerHeight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # the last one stays
    expect(box.get_by_role("img", name="third.jpg")).to_be_visible()
    expect(box).to_contain_text(re.compile(r"third.jpg · (\d+) of \1"))
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    assert page.evaluate("document.activeElement.querySelector('img')?.alt") == "third.jpg"


def test_it_works_without_script(live: Live, sit_down: Callable[..., Page]) -> None:
    page = sit_down(live.people.cara, java_script_enabled=False)  # type: ignore[attr-defined]
    page.locator("input[name=file]").set_input_files(
        [{"name": "plain.jpg", "mimeType": "image/jpeg", "buffer": picture()}]
    )
    page.get_by_role("button", name="Send").click()
    expect(log(page).get_by_role("img", name="plain.jpg")).to_be_visible()


def test_nothing_stands_in_the_way_of_anybody(live: Live, sit_down: Callable[..., Page]) -> None:
    """axe, with files in the thread, in the tray (one refused), and large over the page."""
    from axe_playwright_python.sync_playwright import Axe

    page = sit_down(live.people.cara, color_scheme="dark")  # type: ignore[attr-defined]
    choose(page, photo("seen.jpg"), ("plan.pdf", "application/pdf", PDF))
    page.get_by_role("button", name="Send").click()
    expect(log(page).get_by_role("img", name="seen.jpg").last).to_be_visible()
    choose(page, photo("next.jpg"), ("logo.svg", "image/svg+xml", SVG))
    expect(tray(page)).to_contain_text("Web pages and SVG")
    faults = {"tray": Axe().run(page).response["violations"]}
    log(page).get_by_role("link", name="seen.jpg").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    faults["lightbox"] = Axe().run(page).response["violations"]
    page.goto(f"{live.people.thread}/files")  # type: ignore[attr-defined]
    faults["files"] = Axe().run(page).response["violations"]
    told = {state: [(one["id"], one["nodes"][0]["html"][:160]) for one in found] for state, found in faults.items()}
    assert told == {"tray": [], "lightbox": [], "files": []}


def test_a_finger_that_rests_on_a_picture_opens_the_menu(live: Live, sit_down: Callable[..., Page]) -> None:
    cara = sit_down(live.people.cara, **PHONE)  # type: ignore[attr-defined]
    choose(cara, photo("cliff.jpg"))
    cara.get_by_role("button", name="Send").click()
    shown = log(cara).get_by_role("img", name="cliff.jpg")
    expect(log(cara).locator("article[data-seq]").filter(has=cara.get_by_role("img", name="cliff.jpg"))).to_be_visible()
    rest_on(shown)
    menu = cara.get_by_role("dialog", name="This message")
    expect(menu.get_by_role("button", name="Delete")).to_be_visible()
    expect(cara.locator("dialog.lightbox")).to_have_count(0)
    cara.keyboard.press("Escape")
    shown.tap()
    expect(menu).to_be_hidden()
    expect(cara.locator("dialog.lightbox")).to_be_visible()
