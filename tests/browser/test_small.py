"""The budget of the thread page, in bytes as they go over the wire. Times are for `make bench`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bench.rows.page import MOST_FIRST_LOAD, MOST_SCRIPT, SCRIPTS, WATCH, shift, weigh
from tests.browser.everything import furnish
from tests.browser.house import opened, seats
from tests.services import Services

HOW_SENT = """() => Promise.all(performance.getEntriesByType("resource").filter(({ name }) => /[.](js|css)$/.test(name))
  .map(({ name }) => fetch(name).then(({ headers }) => headers.get("Content-Encoding"))))"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with opened(services, tmp_path_factory.mktemp("small"), furnish) as house:
        yield house


def test_the_thread_page_is_small(chromium: Any, house: Any) -> None:
    with seats(chromium, house) as sit:
        page = sit(house.people.cara, viewport={"width": 1280, "height": 800})
        page.add_init_script(WATCH)
        weight = weigh(page, house.found.thread)
        kept = {url: size for url, size in weight.bytes_of.items() if "/attachments/" not in url}
        assert page.evaluate(SCRIPTS) < MOST_SCRIPT
        assert sum(kept.values()) < MOST_FIRST_LOAD
        assert sum("/css/" in url for url in kept) == 1
        assert shift(page) <= 0.05  # with pictures that come after it
        answers = page.evaluate(HOW_SENT)
        assert set(answers) == {"br"}
