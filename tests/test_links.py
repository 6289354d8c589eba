"""Links in messages show where they lead, by one rule on the server and on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from wellchat import scripts
from wellchat.links import find_links
from wellchat.templating import linkify

ROOT = Path(__file__).parent.parent
CASES = json.loads((ROOT / "tests" / "js" / "links.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_a_link_shows_its_real_host_or_is_none(case):
    found = next(find_links(case["text"]), None)
    assert (found and found.href, found and found.shown) == (case.get("href"), case.get("shown"))


def test_the_page_knows_the_same_lookalikes():
    source = (ROOT / "wellchat" / "static" / "js" / "lib" / "links.js").read_text()
    assert re.search('LOOKALIKES = "(.*)"', source)[1] == "".join(scripts.LOOKALIKES)


def test_a_link_is_kept_apart_from_direction_marks_around_it():
    assert 'dir="ltr">https://example.com/</a>' in linkify("\u202ehttps://example.com/")


def test_text_that_is_no_link_stays_as_it_was():
    text = "<b>https://paypal.com@evil.example/</b> & more"
    assert linkify(text) == "&lt;b&gt;https://paypal.com@evil.example/&lt;/b&gt; &amp; more"
