"""No text is cut inside a character as people see it, on the server and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wellchat.graphemes import cut, first
from wellchat.messaging.models import PREVIEW, preview_of
from wellchat.templating import initials, truncate

CASES = json.loads((Path(__file__).parent / "js" / "graphemes.json").read_text())
FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_a_character_is_not_cut_inside(case):
    one, two = case["pieces"]
    assert first(one + two) == one
    assert {cut(one + two, length) for length in range(len(one), len(one + two))} == {one}
    assert cut(one + two, len(one + two)) == one + two


def test_what_has_no_end_is_cut_all_the_same():
    assert cut("a" + "\u0301" * 500, 100) == "a" + "\u0301" * 99


def test_previews_and_initials_end_with_a_whole_character():
    assert preview_of("x" * (PREVIEW - 2) + FAMILY, []) == "x" * (PREVIEW - 2)
    assert truncate("x" * 115 + FAMILY * 3, 120) == "x" * 115 + "..."
    assert initials("क्षेत्र राम") == "क्षेरा"
    assert initials(FAMILY) == FAMILY
