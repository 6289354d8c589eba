"""What a browser does not know costs it no more than that: held for the style sheets, by their text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEETS = sorted((Path(__file__).parent.parent / "wellchat" / "static" / "css").glob("*.css"))
COMMENT = re.compile(r"/\*.*?\*/", re.S)
SELECTORS = re.compile(r"(?:^|[{};])\s*([^{};@]+)\{")
NEW = (":has(", ":popover-open", "::backdrop")  # unknown to browsers from before 2024
INSIDE = re.compile(r"\([^()]*\)")


def whole(selectors: str) -> str:
    """Without what stands in brackets, which forgives what it does not know, or is the new thing's own."""
    while (shorter := INSIDE.sub("", selectors)) != selectors:
        selectors = shorter
    return selectors


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_a_new_selector_stands_in_a_rule_of_its_own(sheet: Path) -> None:
    """One that is not known makes a browser leave out the rule, with all the selectors beside it."""
    lists = [
        found for found in SELECTORS.findall(COMMENT.sub("", sheet.read_text("utf-8"))) if "," in whole(found)
    ]
    bare = [one.strip() for one in lists if any(new.rstrip("(") in whole(one) for new in NEW)]
    assert bare == []


def test_no_colour_needs_a_browser_of_this_year() -> None:
    assert [
        sheet.name for sheet in SHEETS if "light-dark(" in COMMENT.sub("", sheet.read_text("utf-8"))
    ] == []
