"""Links in messages show where they lead, by one rule on the server and on the page."""

from __future__ import annotations

import json
import random
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest

from wellchat import scripts
from wellchat.links import find_links
from wellchat.templating import linkify

ROOT = Path(__file__).parent.parent
CASES = json.loads((ROOT / "tests" / "js" / "links.json").read_text())
ON_THE_PAGE = """
import { readFileSync } from "node:fs";
import { addresses } from "MODULE";
const texts = JSON.parse(readFileSync(0, "utf8"));
const told = texts.map((text) => addresses(text).map(({ found, href, shown }) => [found, href, shown]));
console.log(JSON.stringify(told));
"""
# Of every living script, and what stands around addresses.
CHARS = [*range(0x3100), *range(0x4E00, 0x4E10), *range(0xAC00, 0xAC20), *range(0xFE00, 0x10000), 0x1F389]
PLACES = (
    "https://a.com/x{}y",
    "https://a{}b.com",
    "{}www.a.com/b{}",
    "{}jo@a.com{}",
    "jo@a{}.com",
    "https://س{}.de",
)
PIECES = [
    *"abx9.,:;!?'\"()[]{}<>@/_ %#&=\\-",
    *(
        "https://",
        "http://",
        "www.",
        "WWW.",
        ".com",
        "jo@",
        "xn--",
        "münchen",
        "例え",
        "예약",
        "می",
        "א",
        "क्",
        "日",
    ),
    *"。．｡（）…“”öпİſKＡßي\u200d\u200c\u200b\u0301\ufe0f·–🎉🏽",
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_a_link_shows_its_real_host_or_is_none(case):
    found = next(find_links(case["text"]), None)
    assert (found and found.href, found and found.shown) == (case.get("href"), case.get("shown"))


def test_the_page_knows_the_same_lookalikes():
    source = (ROOT / "wellchat" / "static" / "js" / "lib" / "hosts.js").read_text()
    assert re.search('LOOKALIKES = "(.*)"', source)[1] == "".join(scripts.LOOKALIKES)


def test_the_page_and_the_server_find_the_same_links(node):
    pick = random.Random(14)
    known = [chr(code) for code in CHARS if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    texts = [place.replace("{}", char) for char in known for place in pick.sample(PLACES, 2)]
    texts += ["".join(pick.choices(PIECES, k=pick.randint(1, 14))) for _ in range(8_000)]
    script = ON_THE_PAGE.replace("MODULE", str(ROOT / "wellchat" / "static" / "js" / "lib" / "links.js"))
    told = subprocess.run(
        [node, "--input-type=module", "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    here = [[[text[x.start : x.end], x.href, x.shown] for x in find_links(text)] for text in texts]
    there = json.loads(told.stdout)
    assert [each for each in zip(texts, here, there, strict=True) if each[1] != each[2]] == []
    assert sum(map(len, here)) > 5_000


def test_a_link_is_kept_apart_from_direction_marks_around_it():
    assert 'dir="ltr">https://example.com/</a>' in linkify("\u202ehttps://example.com/")


def test_text_that_is_no_link_stays_as_it_was():
    text = "<b>https://paypal.com@evil.example/</b> & more"
    assert linkify(text) == "&lt;b&gt;https://paypal.com@evil.example/&lt;/b&gt; &amp; more"
