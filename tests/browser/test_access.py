"""The pages for everybody.

What axe says of every page in every state, reflow, the keyboard alone, what is read aloud, no motion.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page
from sqlalchemy import update

from tests.browser.access_states import NO_PAGE, PAGES, STATES, State
from tests.browser.everything import furnish
from tests.browser.house import House, a_house, seats
from wellchat import clock
from wellchat.db import db, transaction
from wellchat.messaging.models import Message

pytestmark = pytest.mark.slow

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
BUT_COLOURS = {**EVERY_RULE, "rules": {"color-contrast": {"enabled": False}}}
ONLY_THERE = {**COLOURS}  # for a state that no other size has
# What depends on where things are, and not only on whether they are shown.
PLACES = {
    "runOnly": {
        "type": "rule",
        "values": ["target-size", "scrollable-region-focusable", "skip-link", "link-in-text-block"],
    },
    "resultTypes": ["violations"],
}
SIZES = {"wide": (1280, 800), "narrow": (390, 844), "zoomed": (640, 400)}
# A window, a phone, and the window's half at 200 %: size, scheme, rules. What takes longest are the colours:
# in both schemes, and once at a phone.
LOOKS = (
    ("wide", "light", EVERY_RULE),
    ("wide", "dark", COLOURS),
    ("narrow", "dark", EVERY_RULE),
    ("narrow", "light", ONLY_THERE),
    ("zoomed", "light", BUT_COLOURS),
)
SHOWN = """() => [...document.querySelectorAll("*")].map(
  (element) => Number(element.checkVisibility({ visibilityProperty: true }))).join("")"""
NARROWEST = (320, 568)
# a folder, in which every state then leaves its pictures for people to look at
PICTURES = os.environ.get("PICTURES")
Sitting = Callable[[str | None], Page]

FORGET = """() => {
  for (const key of Object.keys(localStorage)) if (/outbox|draft/.test(key)) localStorage.removeItem(key);
}"""

house = a_house(furnish)

ALL: dict[str, State] = {
    **{f"page {rule}": State(where, who=who) for rule, (who, where) in PAGES.items()},
    **STATES,
}


@pytest.fixture(scope="module")
def sitting(chromium: Any, house: House) -> Iterator[Sitting]:
    """One browser window for each person, used again and again."""
    with seats(chromium, house) as sit:

        @functools.cache
        def of(who: str | None) -> Page:
            return sit(who and getattr(house, who), reduced_motion="reduce", service_workers="block")

        yield of


def test_every_page_is_in_the_table(house: House) -> None:
    rules = {str(rule) for rule in house.app.url_map.iter_rules() if "GET" in rule.methods}
    pages = {rule for rule in rules if not rule.startswith("/api/") or rule.endswith("/docs")}
    assert pages - set(PAGES) - set(NO_PAGE) == set()
    assert set(PAGES) <= pages


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    # Half a megabyte, which a page needs to read once only.
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [
        f"{one['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary'].splitlines()[1].strip()}"
        for one in found
        for node in one["nodes"]
    ]


def picture(page: Page, name: str, look: str) -> None:
    if PICTURES:
        page.screenshot(
            path=Path(PICTURES) / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.{look}.png"
        )


def looked_at(page: Page, name: str) -> list[str]:
    """All that is wrong with it."""
    state = ALL[name]
    wrong, shown = [], set()
    for size, scheme, rules in LOOKS:
        if state.size and size != state.size:
            continue
        page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
        page.emulate_media(color_scheme=scheme)
        picture(page, name, f"{size}.{scheme}")
        if rules is ONLY_THERE and not state.size:
            continue
        elements = page.evaluate(SHOWN)
        # With just the same elements shown, only their places can be wrong.
        rules = PLACES if rules is BUT_COLOURS and elements in shown else rules
        wrong += [f"{size}, {scheme}: {one}" for one in violations(page, rules)]
        shown.add(elements)
    page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    if (across := page.evaluate("document.documentElement.scrollWidth")) > NARROWEST[0]:
        wrong.append(f"scrolls sideways at {NARROWEST[0]}: {across}")
    return wrong


def written_just_now(house: House) -> None:
    """Make the last message one of a moment ago: it can be edited however long the tests before took."""
    with house.app.app_context():
        last = (Message.thread_id == house.thread_id, Message.seq == 7)
        with transaction() as session:
            session.execute(update(Message).where(*last).values(created_at=clock.now()))
        db.session.remove()


@pytest.mark.parametrize("name", ALL)
def test_nothing_stands_in_the_way(sitting: Sitting, house: House, name: str) -> None:
    state = ALL[name]
    page = sitting(state.who)
    width, height = SIZES[state.size or "wide"]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="light")
    written_just_now(house)
    page.goto(state.where(house.found))
    try:
        state.act(page)
        wrong = looked_at(page, name)
    finally:
        page.context.set_offline(False)
        page.unroute_all()
        page.evaluate(FORGET)
    assert not wrong, "\n".join(wrong)
