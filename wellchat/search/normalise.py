"""Normalise text for search: ignore case, accents and width, and split it into words with their positions.

It uses Unicode's NFKD and case folding, in the version of Python's unicodedata.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# Scripts that are written without spaces: their text is cut into pieces of two characters, not into words.
# Korean too: its nouns carry endings, and are written together.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x115F),  # Korean
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3130, 0x318F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),  # Chinese, Japanese
    (0xAC00, 0xD7A3),  # Korean
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # Katakana of half width
    (0x20000, 0x3FFFF),
)
# Combining accents, vowel points and invisible characters. Vowel signs of other scripts stay: without them a
# word becomes another word.
_REMOVED = (
    (0x00AD, 0x00AD),
    (0x0300, 0x036F),
    (0x0483, 0x0487),
    (0x0591, 0x05BD),
    (0x05BF, 0x05C7),
    (0x0610, 0x061A),
    (0x0640, 0x0640),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200B, 0x200F),
    (0x2060, 0x2060),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
    (0x1F3FB, 0x1F3FF),
    (0xE0020, 0xE007F),
)
_REPLACEMENTS: dict[int, str | None] = {
    code: None for first, last in _REMOVED for code in range(first, last + 1)
}
_REPLACEMENTS |= {
    ord(letter): plain
    for letter, plain in zip("øłđæœıħŧþð", ("o", "l", "d", "ae", "oe", "i", "h", "t", "th", "d"), strict=True)
}
# One letter, but another on Persian, Urdu or Kurdish keyboards than on Arabic ones.
_REPLACEMENTS |= {
    ord(letter): plain
    for letters, plain in (("ىیېے", "ي"), ("کڪ", "ك"), ("ةەہھۃ", "ه"), ("ٱ", "ا"))
    for letter in letters
}
# Digits of every living script; those of full width fall to NFKD.
_ZEROS = "٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀႐០᠐"
_REPLACEMENTS |= {ord(zero) + value: str(value) for zero in _ZEROS for value in range(10)}
_SYMBOLS = ((0x231A, 0x23FF), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF))
_SEPARATOR, _SPACED, _PIECES, _JOINS, _SYMBOL = range(5)


class Word(NamedTuple):
    """A word: its normalised text and its range in the original.

    `ranges` is the original range of each character; only for scripts without spaces.
    """

    text: str
    start: int
    end: int
    ranges: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=50_000)
def normalise(text: str) -> str:
    """Return `text` as anybody may have typed it: "Crème" and "CREME" become "creme"."""
    # The common case: nothing to decompose.
    if text.isascii():
        return text.lower()
    # Twice: case folding can produce characters that decompose again.
    opened = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", opened.translate(_REPLACEMENTS))


@lru_cache(maxsize=5_000)
def _kind(character: str) -> int:
    code, category = ord(character), unicodedata.category(character)
    # Also vowels and endings of Korean that stand apart from their first letter.
    if code in (0xFF9E, 0xFF9F) or 0x1160 <= code <= 0x11FF:
        return _JOINS
    if category == "Nd":
        return _SPACED
    if category[0] != "P" and _within(code, _UNSPACED):
        return _PIECES
    if category[0] == "M" or (code in _REPLACEMENTS and _REPLACEMENTS[code] is None):
        return _JOINS
    if category[0] == "S" and _within(code, _SYMBOLS):
        return _SYMBOL
    return _SPACED if category[0] in "LN" else _SEPARATOR


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def split_words(text: str) -> Iterator[Word]:
    """Yield the words of `text` in order; an emoji, or a run of a script without spaces, is one word."""
    kind, start = _SEPARATOR, 0
    for at, character in enumerate(text):
        this = _kind(character)
        if this == _JOINS:
            this = kind
        elif this == _SYMBOL or this != kind:
            yield from _word(text, start, at, kind)
            kind, start = this, at
    yield from _word(text, start, len(text), kind)


def _word(text: str, start: int, end: int, kind: int) -> Iterator[Word]:
    if kind in (_SPACED, _SYMBOL) and (normalised := normalise(text[start:end])):
        yield Word(normalised, start, end)
    elif kind == _PIECES:
        yield _run(text, start, end)


def _run(text: str, start: int, end: int) -> Word:
    normalised, ranges, at = "", [], start
    while at < end:
        after = at + 1
        while after < end and _kind(text[after]) == _JOINS:
            after += 1
        piece = normalise(text[at:after])
        normalised += piece
        ranges += [(at, after)] * len(piece)
        at = after
    return Word(normalised, start, end, tuple(ranges))
