"""Find numbers however their digits are grouped: `+49 170 123-45 67`, `1.234,56`, `۱۲۳ ۴۵۶`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from wellchat.search.normalise import normalise

GRAM = 4  # digits of one token; shorter numbers are words only
ANYWHERE = 6  # digits from which a part of a number is enough
NATIONAL = 7  # digits from which zeros in front may be those of a country: 0170 and +49 170
MAX_DIGITS = 40  # of one number; what is longer is a list
# Blanks, punctuation and direction marks between groups of digits.
_APART = (
    r"[ .,'()/\u00a0\u2007\u2009\u202f\u2019\u066b\u066c\u2010-\u2015"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2069-]{1,4}"
)
_NUMBER = re.compile(rf"\d+(?:{_APART}\d+)*")


class Number(NamedTuple):
    """A number: its digits, where each stands in the text, and at which of them a group begins."""

    digits: str
    places: tuple[int, ...]
    groups: frozenset[int]

    @property
    def span(self) -> tuple[int, int]:
        """Return where it stands in the text."""
        return self.places[0], self.places[-1] + 1


def find_numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of at least GRAM digits, in order."""
    for found in _NUMBER.finditer(text):
        places = [at for at in range(*found.span()) if text[at].isdecimal()][:MAX_DIGITS]
        if len(places) >= GRAM:
            groups = frozenset(i for i, at in enumerate(places) if i == 0 or places[i - 1] != at - 1)
            yield Number(normalise("".join(text[at] for at in places)), tuple(places), groups)


def grams(number: Number) -> Iterator[str]:
    """Yield all neighbouring GRAM digits."""
    yield from (number.digits[at : at + GRAM] for at in range(len(number.digits) - GRAM + 1))


def spans_in(number: Number, asked: Number) -> Iterator[tuple[int, int]]:
    """Yield where in its text a number has the one that is asked for."""
    wanted = asked.digits
    if len(wanted) >= NATIONAL and wanted.startswith("0"):
        # At least GRAM digits stay: what is all zeros has no other form.
        wanted = wanted.lstrip("0").rjust(GRAM, "0")
    at = number.digits.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        whole = at in number.groups and (end == len(number.digits) or end in number.groups)
        if whole or len(wanted) >= ANYWHERE:
            yield number.places[at], number.places[end - 1] + 1
        at = number.digits.find(wanted, at + 1)
