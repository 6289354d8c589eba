"""What every module here asks of a line: is it empty, a rule, a quote, does it show a date."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wellchat.replies.mailtext import marks
from wellchat.replies.mailtext.locale_patterns import WROTE

MAX_INTRODUCTION = 400  # characters of what introduces a quote; a longer line introduces none
# What stands at the end of a line and says nothing; ᐧ is left by a program that watches mails.
_SILENT = "\t\r\n\u00a0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069ᐧ"
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
MAX_LINES = 6_000  # more are not read: see marks.UNREAD
SIGNS = (
    # a date, a time, an address; the fourth is has_wrote
    re.compile(
        r"\b(?:19|20)\d\d\b|(?:19|20)\d\d\s?[年년]|\b\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}\b|\b25[67]\d\b"
        r"|[٠-٩۰-۹]{1,2}[/.][٠-٩۰-۹]{1,2}[/.]"
    ),
    re.compile(r"\d{1,2}\s?[:.h時时]\s?\d{2}"),
    re.compile(r"\S@\S"),
)
DATE, TIME, ADDRESS = SIGNS
# In small letters: a pattern that ignores case tries every word at every place.
_WROTE = re.compile(f"(?:{WROTE})")
# At most 200 characters: on a longer line the pattern backtracks for too long.
RULE = re.compile(r"^(?=.{2,200}$)[\s*]*(?:[-_=*#~+–—]{3,}|[_—–]{2,})[\s*]*$")
# "> 80 kg", ">:(" and ">=" are written by people; a program writes a space and then words.
_COMPARISON = re.compile(r"^\s{0,3}>\s?(?:\d|[:;=]\S{0,3}(?:\s|$)|=)")
OURS = re.compile(r"^[\s*>]{0,9}\d+ new messages? waits? for you\b")
_LINE_MARKS = (marks.PERHAPS_QUOTED, marks.INTRODUCTION, marks.REST_QUOTED, marks.SIGNATURE)
_OUR_COUNT = re.compile(r"^[\s>]{0,9}\d+ new messages?\b")


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, without what nobody sees at their ends. A signature's "-- " stays.

    After MAX_LINES stands a mark for what is not read.
    """
    found = [line.rstrip(_SILENT) for line in text.split("\n", MAX_LINES)]
    return [*found[:MAX_LINES], marks.UNREAD] if len(found) > MAX_LINES else found


def without_directions(text: str) -> str:
    """Return a text without the marks that turn its direction, which programs put around dates."""
    return text.translate(_DIRECTIONS) if not text.isascii() else text


def is_blank(line: str) -> bool:
    """Return whether nobody would see anything in this line."""
    return not line.strip(" \t\u00a0ᐧ\u200b\ufeff")


def is_marked(line: str) -> bool:
    """Return whether a line begins with the mark of a quote."""
    return line.lstrip(" \t\u00a0").startswith((">", "＞"))


def is_comparison(line: str) -> bool:
    """Return whether the ">" at a line's beginning is a person's: "> 80 kg", ">:(", ">= 3"."""
    return bool(_COMPARISON.match(line)) and not _OUR_COUNT.match(line)


def signs_in(text: str) -> int:
    """Return how many of a date, a time, an address and "wrote" a text has."""
    return sum(bool(sign.search(text)) for sign in SIGNS) + bool(wrote_in(text))


def wrote_in(text: str) -> re.Match[str] | None:
    """Return where a text says that somebody wrote, in any known language. None: nowhere."""
    return _WROTE.search(text.lower())


def names_ours(text: str, ours: Sequence[str]) -> bool:
    """Return whether a text holds one of these names or addresses, as whole words."""
    folded = text.casefold()
    return any(_is_in(name.casefold(), folded) for name in ours if len(name) > 2)


def _is_in(name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(name) : at + len(name) + 1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(name, at + 1)
    return False


def mark_of(line: str) -> str:
    """Return the mark at a line's beginning. "": there is none."""
    return line[:1] if line[:1] in _LINE_MARKS and line else ""
