"""docs/asvs.md has every requirement of ASVS 5.0 once, counts them right, and names what there is."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "asvs.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([a-z ]+) \| (.+) \|$", PAGE, re.MULTILINE)
STATES = re.findall(r"^\| ([a-z ]+) \| (\d+) \| (\d+) \| .+ \|$", PAGE, re.MULTILINE)
# Requirements of levels 1 and 2 by chapter. V10 (OAuth) and V17 (WebRTC) are left out.
CHAPTERS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13}
CHAPTERS[16] = 16
LEVEL_1 = 65


def test_every_requirement_is_there_once() -> None:
    numbers = [number for number, *_ in ROWS]
    assert len(set(numbers)) == len(numbers) == 217
    assert Counter(int(number.split(".")[0]) for number in numbers) == CHAPTERS
    assert sum(level == "1" for _, level, *_ in ROWS) == LEVEL_1
    assert numbers == sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])


def test_the_counts_are_those_of_the_tables() -> None:
    said = {state: (int(all_of_it), int(level_1)) for state, all_of_it, level_1 in STATES}
    whole = Counter(state for _, _, state, _ in ROWS)
    first = Counter(state for _, level, state, _ in ROWS if level == "1")
    assert said == {state: (whole[state], first[state]) for state in said}
    # Each one holds, is about nothing that is here, or is the operator's: none fails.
    assert set(whole) == {"holds", "not applicable", "operator"}
    assert said["fails"] == (0, 0)


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", "\n".join(map(str, ROWS))))))
def test_what_it_names_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    assert (ROOT / file).is_file()
    assert re.search(rf"^ *(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)


def test_what_is_left_to_operators_is_told_to_them() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    told = set(
        re.findall(r"\d+\.\d+\.\d+", guide.partition("## What only you can do")[2].partition("\n## ")[0])
    )
    assert told == {number for number, _, state, _ in ROWS if state == "operator"}
