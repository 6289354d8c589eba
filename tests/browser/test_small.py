"""The budget of the thread page, in bytes as they go over the wire. Times are for `make bench`."""

from __future__ import annotations

import pytest

from bench.rows.page import MAX_FIRST_LOAD, MAX_SCRIPT, SCRIPTS, WATCH, shift, weigh
from tests.browser.everything import furnish
from tests.browser.house import House, Sit, a_house

HOW_SENT = """() => Promise.all(performance.getEntriesByType("resource")
    .filter(({ name }) => /[.](js|css)$/.test(name))
  .map(({ name }) => fetch(name).then(({ headers }) => headers.get("Content-Encoding"))))"""

pytestmark = pytest.mark.slow


SERVICE_WORKERS = "allow"
house = a_house(furnish)


def test_the_thread_page_is_small(sit: Sit, house: House) -> None:
    page = sit(house.cara, viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    weight = weigh(page, house.thread)
    kept = {url: size for url, size in weight.bytes_of.items() if "/attachments/" not in url}
    assert page.evaluate(SCRIPTS) < MAX_SCRIPT
    assert sum(kept.values()) < MAX_FIRST_LOAD
    assert sum("/css/" in url for url in kept) == 1
    assert shift(page) <= 0.05  # with pictures that come after it
    answers = page.evaluate(HOW_SENT)
    assert set(answers) == {"br"}
