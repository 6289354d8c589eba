"""A thread of ten thousand messages at a real browser.

It opens anywhere, scrolls both ways without a jump, and never draws more than a window of rows.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.doings import log, row, write
from tests.browser.house import PHONE, House, Sit, a_house
from tests.cast import Talk, long_life
from wellchat.clock import now as clock_now

COUNT = 10_000
MAX_ROWS = 350  # rows a page may hold at any time

# Where the rows on the screen stand, and how many are drawn.
LOOK = """() => {
  const log = document.querySelector('.log'), box = log.getBoundingClientRect();
  const rows = [...log.querySelectorAll('[data-seq]')];
  const at = (r) => r.getBoundingClientRect();
  const seen = rows.filter((r) => at(r).bottom > box.top && at(r).top < box.bottom);
  return { count: rows.length, nodes: log.querySelectorAll('*').length, first: Number(rows[0].dataset.seq),
    last: Number(rows.at(-1).dataset.seq), seen: seen.map((r) => Number(r.dataset.seq)),
    gaps: rows.some((r, i) => i && Number(r.dataset.seq) !== Number(rows[i - 1].dataset.seq) + 1) };
}"""
# Follows one row on the screen through frames in which nobody scrolls; the largest distance it moved by
# itself.
WATCH = """(ms) => new Promise((done) => {
  const log = document.querySelector('.log'), top = log.getBoundingClientRect().top;
  const row = [...log.querySelectorAll('[data-seq]')].find((r) => r.getBoundingClientRect().top > top + 5);
  const start = row.getBoundingClientRect().top, until = performance.now() + ms;
  let moved = 0;
  const look = () => {
    moved = row.isConnected ? Math.max(moved, Math.abs(row.getBoundingClientRect().top - start)) : 9999;
    performance.now() < until ? requestAnimationFrame(look) : done(moved);
  };
  look();
})"""


def furnish(talk: Talk) -> None:
    every = timedelta(minutes=30)
    long_life(talk, COUNT, start=clock_now() - every * COUNT, every=every)


MOTION = "no-preference"
house = a_house(furnish)


def look(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(LOOK)
    return found


def wait_for_rows(page: Page, end: str, sign: str, seq: int) -> None:
    """Until the first, or last, row drawn is beyond `seq`."""
    page.wait_for_function(f"(seq) => ({LOOK})().{end} {sign} seq", arg=seq)


def scroll_to(page: Page, edge: str) -> None:
    page.evaluate(
        "(top) => { const l = document.querySelector('.log'); l.scrollTop = top }",
        0 if edge == "top" else 1e9,
    )


def test_opened_at_a_linked_message_with_what_stands_around_it_only(house: House, sit: Sit) -> None:
    cara = sit(house.cara)
    calls: list[str] = []
    cara.on("request", lambda request: calls.append(request.url) if "/messages?" in request.url else None)
    cara.goto(f"{house.thread}#5000")
    expect(log(cara).get_by_text("message 5000", exact=True)).to_be_in_viewport()
    cara.wait_for_timeout(500)
    found = look(cara)
    assert 5000 in found["seen"]
    assert 4800 < found["first"] < found["last"] < 5200
    assert not found["gaps"]
    assert len(calls) <= 4

    # A link within the page leads on, and an update changes what is drawn.
    cara.evaluate("location.hash = '#77'")
    expect(log(cara).get_by_text("message 77", exact=True)).to_be_in_viewport()
    expect(cara.get_by_role("button", name="Latest")).to_be_visible()
    cara.get_by_role("button", name="Latest").click()
    expect(log(cara).get_by_text(f"message {COUNT}", exact=True)).to_be_in_viewport()
    assert look(cara)["last"] == COUNT


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_scrolled_both_ways_it_neither_jumps_nor_grows(house: House, sit: Sit, options: Any) -> None:
    cara = sit(house.cara, at=house.thread, **options)
    expect(log(cara).get_by_text(f"message {COUNT}", exact=True)).to_be_in_viewport()
    most_nodes = 0
    for _ in range(14):
        before = look(cara)
        scroll_to(cara, "top")
        assert cara.evaluate(WATCH, 250) < 2
        wait_for_rows(cara, "first", "<", before["first"])
        now = look(cara)
        assert now["count"] <= MAX_ROWS
        assert not now["gaps"]
        most_nodes = max(most_nodes, now["nodes"])
    top = look(cara)
    assert top["first"] < COUNT - 600
    assert top["last"] < COUNT  # the far end went
    while look(cara)["last"] < COUNT:
        before = look(cara)
        scroll_to(cara, "end")
        assert cara.evaluate(WATCH, 250) < 2
        wait_for_rows(cara, "last", ">", before["last"])
        now = look(cara)
        assert now["count"] <= MAX_ROWS
        assert not now["gaps"]
        assert now["nodes"] <= most_nodes * 1.3


def test_to_a_day(house: House, sit: Sit) -> None:
    cara = sit(house.cara, at=house.thread, timezone_id="UTC")
    day = (clock_now() - timedelta(days=90)).date()
    cara.get_by_role("button", name="More", exact=True).click()
    cara.get_by_label("Go to a day").fill(day.isoformat())
    cara.get_by_role("button", name="Go", exact=True).click()
    section = cara.locator(f'.day[data-day="{day.isoformat()}"]')
    expect(section.locator(".message").first).to_be_in_viewport()
    assert look(cara)["count"] <= MAX_ROWS


def test_what_arrives_meanwhile_is_counted_and_waits(house: House, sit: Sit) -> None:
    cara, paul = sit(house.cara, at=f"{house.thread}#300"), sit(house.paul, at=house.thread)
    expect(log(cara).get_by_text("message 300", exact=True)).to_be_in_viewport()
    seen = look(cara)["seen"]
    for words in ("Are you still reading?", "It can wait."):
        write(paul, words)
    expect(cara.get_by_role("button", name="2 new messages")).to_be_visible()
    assert look(cara)["seen"] == seen
    expect(log(cara).get_by_text("It can wait.")).to_have_count(0)

    # Writing from there leads to the end, with everything in its order.
    write(cara, "I was in last spring.")
    expect(log(cara).get_by_text("I was in last spring.")).to_be_in_viewport()
    expect(log(cara).get_by_text("It can wait.")).to_be_visible()
    expect(row(cara, "I was in last spring.")).to_contain_text(re.compile("Seen|Delivered"))
    expect(log(cara).get_by_text("I was in last spring.")).to_have_count(1)
    assert not look(cara)["gaps"]
    assert look(cara)["last"] >= COUNT + 3
