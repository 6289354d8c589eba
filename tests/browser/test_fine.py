"""The finer points of a conversation at a real browser.

A change is shown before the server answers, the page does not jump, and slow answers are announced.
"""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from bench.rows.page import WATCH, shift
from tests.attachments.files import picture, take
from tests.browser.house import House, Person, Sit, a_house
from tests.cast import Talk
from wellchat import sweeps
from wellchat.accounts.actions import create_user
from wellchat.clock import now as clock_now
from wellchat.connections.actions import connect
from wellchat.messaging.messages import send_message
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread

pytestmark = pytest.mark.slow

WIDE = {"viewport": {"width": 1280, "height": 800}}
REACTING = "**/api/threads/*/messages/*/reactions/*"
PINNING = "**/api/threads/*/messages/*/pin"


def furnish(talk: Talk) -> Any:
    told = clock_now() - timedelta(hours=2)
    for i in range(4):
        talk.says(talk.paul if i % 2 else talk.cara, f"Line {i + 1}", now=told + timedelta(minutes=i))
    quinn = create_user(
        email="quinn@example.com", name="Quinn Quiet", role="professional", password="correct horse", now=told
    )
    connect(client_id=talk.cara.id, professional_id=quinn.id, now=told)
    short, _ = open_thread(viewer=talk.cara, with_id=quinn.id, now=told)
    rita = create_user(email="reads@example.com", name="Rita Reads", role="professional", now=told)
    connect(client_id=talk.cara.id, professional_id=rita.id, now=told)
    long, _ = open_thread(viewer=talk.cara, with_id=rita.id, now=told)
    for i in range(120):
        said = {"body": f"Page {i + 1} of a long book", "client_key": f"long-{i}", "now": told}
        send_message(sender=rita, thread_id=long, **said)
    mark_read(viewer=talk.cara, thread_id=long, seq=120, now=told)
    sam = create_user(email="sam@example.com", name="Sam Snap", role="professional", now=told)
    connect(client_id=talk.cara.id, professional_id=sam.id, now=told)
    shots, _ = open_thread(viewer=talk.cara, with_id=sam.id, now=told)
    for i in range(12):
        file = take(
            sam, told, picture(size=(1200, 800), color=("teal", "orange", "navy")[i % 3]), f"shot-{i}.jpg"
        )
        along = {"body": "", "client_key": f"shot-{i}", "attachments": [file.id], "now": told}
        send_message(sender=sam, thread_id=shots, **along)
    for _ in range(3):
        sweeps.run(clock_now())
    return SimpleNamespace(quinn=Person.of(quinn), short=short, long=long, shots=shots)


MOTION = "no-preference"
house = a_house(furnish)


def message(page: Page, seq: int) -> Locator:
    return page.locator(f'article[data-seq="{seq}"]')


def reactions(page: Page, seq: int) -> Locator:
    return message(page, seq).get_by_role("group", name="Reactions").get_by_role("button")


def menu_of(page: Page, seq: int) -> Locator:
    message(page, seq).hover()
    message(page, seq).get_by_role("link", name="More for this message").click()
    return page.get_by_role("dialog", name="This message")


class Held:
    """Requests that wait until the test lets them through, or answers in the server's place.

    Of a page without service worker: what a worker passes on, or takes over meanwhile, may be missed.
    """

    def __init__(self, page: Page, pattern: str | re.Pattern[str]) -> None:
        self.routes: list[Route] = []
        self.page = page
        page.route(pattern, lambda route: self.routes.append(route))

    def next(self) -> Route:
        for _ in range(100):
            if self.routes:
                return self.routes.pop(0)
            self.page.wait_for_timeout(50)
        raise AssertionError("nothing was asked")


def refuse(route: Route) -> None:
    route.fulfill(status=422, json={"title": "Invalid", "detail": "No more of these."})


def test_a_reaction_is_seen_before_it_is_answered(sit: Sit, house: House) -> None:
    page = sit(house.cara, **WIDE)
    page.goto(house.thread)
    held = Held(page, REACTING)
    menu = menu_of(page, 2)
    menu.get_by_role("button", name="Thumbs up").click()
    expect(menu).to_be_hidden()
    expect(reactions(page, 2)).to_have_attribute("aria-label", "👍 You")
    route = held.next()  # nobody has answered yet
    refuse(route)
    expect(reactions(page, 2)).to_have_count(0)
    expect(message(page, 2)).to_contain_text("Not saved. No more of these.")
    menu_of(page, 2).get_by_role("button", name="Thumbs up").click()
    expect(message(page, 2)).not_to_contain_text("Not saved.")
    held.next().continue_()
    expect(reactions(page, 2)).to_have_attribute("aria-label", "👍 You")
    page.unroute_all()
    page.reload()  # the server has it too
    expect(reactions(page, 2)).to_have_attribute("aria-label", "👍 You")


def test_a_row_of_the_first_load_answers_at_once_too(sit: Sit, house: House) -> None:
    paul = sit(house.paul, **WIDE)
    paul.goto(house.thread)
    menu_of(paul, 1).get_by_role("button", name="Heart").click()
    expect(reactions(paul, 1)).to_have_attribute("aria-label", "❤️ You")
    cara = sit(house.cara, **WIDE)
    cara.goto(house.thread)
    hers = reactions(cara, 1)
    expect(hers).to_have_attribute("aria-label", "❤️ Paul Professional")
    held = Held(cara, REACTING)
    hers.click()
    expect(hers).to_have_attribute("aria-label", "❤️ You and Paul Professional")
    expect(hers).to_be_focused()
    hers.click()  # and taken away again, before anybody has answered
    expect(hers).to_have_attribute("aria-label", "❤️ Paul Professional")
    held.next().continue_()
    held.next().continue_()
    # An update is the truth: while her wish waits, he takes his away.
    hers.click()
    expect(hers).to_have_attribute("aria-label", "❤️ You and Paul Professional")
    reactions(paul, 1).click()
    expect(hers).to_have_attribute("aria-label", "❤️ You")
    refuse(held.next())
    expect(hers).to_have_count(0)


def test_a_pin_is_seen_before_it_is_answered(sit: Sit, house: House) -> None:
    page = sit(house.cara, **WIDE)
    page.goto(house.thread)
    held = Held(page, PINNING)
    menu_of(page, 3).get_by_role("button", name="Pin", exact=True).click()
    pinned = message(page, 3).get_by_text("Pinned")
    head = page.get_by_role("link", name="Pinned", exact=True)
    expect(pinned).to_be_visible()
    expect(head).to_contain_text("1")
    refuse(held.next())
    expect(pinned).to_be_hidden()
    expect(head).to_be_hidden()
    expect(message(page, 3)).to_contain_text("Not saved. No more of these.")


def test_few_messages_make_room_without_a_jump(sit: Sit, house: House) -> None:
    quinn, cara = sit(house.found.quinn, **WIDE), sit(house.cara, **WIDE)
    cara.add_init_script(WATCH)
    for page in (quinn, cara):
        page.goto(f"/threads/{house.found.short}")
    field = quinn.get_by_label("Message", exact=True)
    worst = 0.0
    for i in range(4):
        field.fill(f"Word {i}")
        cara.wait_for_timeout(500)  # her page says that somebody is typing, which makes room too
        field.press("Enter")
        expect(cara.get_by_role("log")).to_contain_text(f"Word {i}")
        cara.wait_for_timeout(400)
        found = shift(cara)
        worst = max(worst, found if i else 0.0)  # the first takes the place of what says that there is none
    box = cara.get_by_role("log").evaluate("(log) => log.scrollHeight - log.clientHeight")
    assert box <= 0, "not short"
    assert worst == 0.0


def test_earlier_messages_tell_that_they_are_coming(sit: Sit, house: House) -> None:
    page = sit(house.cara, **WIDE)
    page.add_init_script(WATCH)
    held = Held(page, re.compile(r"/api/threads/\w+/messages\?before="))
    page.goto(f"/threads/{house.found.long}")
    log, coming = page.get_by_role("log"), page.locator('[data-part="older"] .log__coming')
    expect(message(page, 120)).to_be_in_viewport()
    shift(page)
    log.evaluate("(log) => log.scrollTo(0, 0)")
    route = held.next()
    first = message(page, 71)
    expect(coming).to_be_visible()
    here = first.bounding_box()
    assert page.evaluate("window.shifts.splice(0)") == []
    route.continue_()
    expect(message(page, 21)).to_be_attached()
    expect(coming).to_be_hidden()
    assert first.bounding_box() == pytest.approx(here, abs=1)  # a scroll is whole pixels


def animation(page: Page, selector: str) -> str:
    return str(page.locator(selector).first.evaluate("(element) => getComputedStyle(element).animationName"))


def test_pictures_keep_their_place_until_they_are_there(sit: Sit, house: House) -> None:
    page = sit(house.cara, **WIDE, reduced_motion="no-preference")
    held = Held(page, "**/attachments/*/thumbnail")
    page.goto(f"/threads/{house.found.shots}", wait_until="domcontentloaded")
    coming = page.locator(".picture--coming")
    expect(coming.first).to_be_attached()
    expect(page.locator(".gallery .picture--coming")).to_have_count(9)
    assert animation(page, ".picture--coming") == "coming"
    page.emulate_media(reduced_motion="reduce")
    assert animation(page, ".picture--coming") == "none"
    page.emulate_media(reduced_motion="no-preference")
    last = page.get_by_role("log").locator(".picture").last
    here = last.bounding_box()
    for route in held.routes:
        route.continue_()
    expect(coming).to_have_count(0)
    there = last.bounding_box()
    assert here
    assert there
    assert there["height"] == pytest.approx(here["height"], abs=1)

    more = Held(page, "**/api/threads/*/attachments?*")
    page.get_by_role("link", name="More pictures").click()
    expect(page.locator(".gallery__coming")).to_have_count(3)
    more.next().continue_()
    expect(page.locator(".gallery__coming")).to_have_count(0)
    expect(page.get_by_role("list", name="Pictures").locator(".picture")).to_have_count(12)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_lightbox_has_the_size_of_what_comes(sit: Sit, house: House, size: tuple[int, int]) -> None:
    page = sit(house.cara, viewport={"width": size[0], "height": size[1]})
    page.goto(f"/threads/{house.found.shots}")
    held = Held(page, "**/attachments/*/shot-11.jpg")
    page.get_by_role("log").locator(".picture").last.click()
    image = page.locator(".lightbox__image")
    expect(image).to_have_class(re.compile("--coming"))
    route = held.next()
    page.wait_for_timeout(400)  # it slides in
    here = image.bounding_box()
    assert here
    assert here["width"] / here["height"] == pytest.approx(1.5, abs=0.01)
    assert "thumbnail" in image.evaluate("(image) => image.style.backgroundImage")
    route.continue_()
    expect(image).not_to_have_class(re.compile("--coming"))
    assert image.bounding_box() == pytest.approx(here, abs=0.1)
    assert image.evaluate("(image) => image.style.backgroundImage") == "none"


def test_emoji_are_called_as_in_the_page_s_language(sit: Sit, house: House) -> None:
    page = sit(house.cara, **WIDE)
    page.set_extra_http_headers({"Accept-Language": "de"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(house.thread)
    field = page.locator(".composer__field")
    assert not [url for url in asked if "emoji_" in url]  # nothing of it comes with the page
    field.press_sequentially("Bis dann :schlus")
    offered = page.get_by_role("listbox", name="Emoji")
    expect(offered.get_by_role("option").first).to_contain_text("🔑 :schlüssel:")
    field.press("Enter")
    expect(field).to_have_value("Bis dann 🔑 ")
    field.press_sequentially(":lächeln:")
    expect(field).to_have_value("Bis dann 🔑 😄")
    field.fill("")
    field.press_sequentially(":tada:")
    expect(field).to_have_value("🎉")
    assert [url.rsplit("/", 1)[1] for url in asked if re.search(r"lib/emoji_(de|fr)", url)] == ["emoji_de.js"]
    page.locator(".composer__emoji").click()
    expect(
        page.get_by_role("dialog", name="Emoji").get_by_role("button", name="herz", exact=True)
    ).to_be_visible()
