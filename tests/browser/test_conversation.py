"""One conversation from beginning to end, at two browsers: what people do with it in a day, in one sitting.

Recorded: the trace of both browsers is left in pytest's folder, to be opened with `playwright show-trace`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.doings import choose, field, menu_of, photo, row, sent
from tests.browser.house import PHONE, House, Person, Sit, a_house
from tests.cast import Talk
from wellchat.messaging.receipts import mark_read

EARLIER = 400


def furnish(talk: Talk) -> None:
    for i in range(EARLIER):
        talk.says(
            talk.paul if i % 2 else talk.cara, "The aubergine shade, formula 7.34" if i == 40 else f"Line {i}"
        )
    for person in (talk.cara, talk.paul):
        mark_read(viewer=person, thread_id=talk.id, seq=EARLIER, now=talk.now)


SERVICE_WORKERS = "allow"
MOTION = "no-preference"
house = a_house(furnish, worker=True)


@pytest.fixture
def recorded(sit: Sit, tmp_path: Path) -> Iterator[Sit]:
    """As `sit`; the trace is left behind."""
    contexts = []

    def seat(person: Person, **options: Any) -> Page:
        page = sit(person, **options)
        page.context.tracing.start(screenshots=True, snapshots=True)
        contexts.append(page.context)
        return page

    yield seat
    for n, context in enumerate(contexts):
        context.tracing.stop(path=tmp_path / f"trace-{n}.zip")


def test_a_day_of_two_people(recorded: Sit, house: House) -> None:
    cara, paul = recorded(house.cara, at=house.thread), recorded(house.paul, at=house.thread, **PHONE)

    # Composing: an emoji by its name, and a photo.
    field(cara).press_sequentially("Good morning :wav")
    cara.get_by_role("option", name=re.compile("wave")).first.click()
    expect(field(cara)).to_have_value(re.compile("Good morning 👋"))
    choose(cara, photo("colour.jpg"))
    field(cara).press("Enter")
    expect(row(paul, "Good morning 👋").get_by_role("img", name="colour.jpg")).to_be_visible()

    # A reaction, and an answer that quotes it.
    menu_of(paul, "Good morning").get_by_role("button", name="Thumbs up").tap()
    expect(row(cara, "Good morning").get_by_role("button", name="👍 Paul Professional")).to_be_visible()
    menu_of(paul, "Good morning").get_by_role("button", name="Reply").tap()
    sent(paul, "Lovely. Thursday at nien?")
    expect(row(cara, "Thursday at nien?").locator(".quote")).to_contain_text("Good morning")

    # A slip mended, and what matters pinned for both.
    menu_of(paul, "Thursday at nien?").get_by_role("button", name="Edit").tap()
    paul.get_by_label("Edit message").fill("Lovely. Thursday at nine?")
    paul.get_by_role("button", name="Save").tap()
    expect(row(cara, "Thursday at nine?")).to_contain_text("edited")
    menu_of(cara, "Thursday at nine?").get_by_role("button", name="Pin", exact=True).click()
    expect(row(paul, "Thursday at nine?")).to_contain_text("Pinned")

    # What was said long ago: found from anywhere, shown where it stands, and back to the end.
    cara.goto("/settings")
    cara.keyboard.press("Control+k")
    expect(cara.get_by_role("dialog", name="Search").get_by_role("combobox")).to_be_focused()
    cara.keyboard.type("aubergine form")
    hit = (
        cara.get_by_role("dialog", name="Search").get_by_role("group", name="Messages").get_by_role("option")
    )
    expect(hit.locator("mark")).to_have_text(["aubergine", "formula"])
    cara.keyboard.press("Enter")
    expect(row(cara, "aubergine shade")).to_be_in_viewport()
    assert cara.locator("article.message[data-seq]").count() < EARLIER
    cara.get_by_role("button", name="Latest").click()
    expect(row(cara, "Thursday at nine?")).to_be_in_viewport()

    # The inbox: who waits for an answer, and what comes first.
    sent(cara, "Thursday it is")
    paul.goto("/?waiting=1")
    conversation = (
        paul.get_by_role("list", name="Conversations").get_by_role("listitem").filter(has_text="Cara Client")
    )
    expect(conversation).to_contain_text("Thursday it is")
    conversation.get_by_role("button", name="Actions").tap()
    paul.get_by_role("button", name="Pin to the top").tap()
    expect(conversation.get_by_title("Pinned")).to_be_visible()

    # A tunnel: three messages written in it, the page closed, and all of them there once, in order.
    cara.context.set_offline(True)
    for words in ("First from the tunnel", "Second from the tunnel", "Third from the tunnel"):
        field(cara).fill(words)
        field(cara).press("Enter")
    expect(row(cara, "Third from the tunnel")).to_contain_text(re.compile("offline|waiting", re.I))
    context = cara.context
    cara.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(house.thread)
    paul.goto(house.thread)
    for page in (again, paul):
        expect(row(page, "Third from the tunnel")).to_have_attribute("data-seq", re.compile(r"\d+"))
        told = page.locator(".message__body", has_text="from the tunnel")
        expect(told).to_have_text([re.compile(f"^\\s*{which} ") for which in ("First", "Second", "Third")])
