"""Cut text between characters as people see them: extended grapheme clusters (UAX #29).

On the page static/js/lib/cut.js asks the browser (Intl.Segmenter); tests/js/graphemes.json is the table of
both.
"""

from __future__ import annotations

import unicodedata

_LONGEST = 64  # code points of one cluster that are looked back over; nobody writes so many
_ZWJ, _ZWNJ = "\u200d", "\u200c"
# Letters that stand on the one before, whatever their category says.
_SPACING = frozenset("\u0e33\u0eb3\uff9e\uff9f")
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
_AL_LAKUNA = "\u0dca"  # joins Sinhala letters only with a ZWJ behind it


def cut(text: str, length: int) -> str:
    """Return the beginning of a text, of at most `length` code points, and no part of a character."""
    if len(text) <= length:
        return text
    at = length
    while at > 0 and length - at < _LONGEST and not _is_boundary(text, at):
        at -= 1
    return text[: at if at > 0 and _is_boundary(text, at) else length]


def first(text: str) -> str:
    """Return the first character as people see it; "" of an empty text."""
    most = min(len(text), _LONGEST)
    return text[: next((at for at in range(1, most) if _is_boundary(text, at)), most)]


def _is_boundary(text: str, at: int) -> bool:
    """Return whether a character ends before this code point, which is neither the first nor the end."""
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return not (before == "\r" and after == "\n")
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    if _extends(after) or _is_of_one_syllable(before, after):
        return False
    if _is_flag_half(after):
        run = at
        while run > 0 and _is_flag_half(text[run - 1]):
            run -= 1
        return (at - run) % 2 == 0
    if before == _ZWJ and unicodedata.category(after) == "So":
        return False
    return not _is_conjunct(text, at)


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in (_ZWJ, _ZWNJ)
        or char in _SPACING
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_of_one_syllable(before: str, after: str) -> bool:
    """Return whether two letters of Korean belong together (GB6 to GB8)."""
    vowel, tail = "\u1160" <= after <= "\u11a7", "\u11a8" <= after <= "\u11ff"
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if "\uac00" <= before <= "\ud7a3":
        return tail or (vowel and (ord(before) - 0xAC00) % 28 == 0)
    return ("\u1160" <= before <= "\u11a7" and (vowel or tail)) or ("\u11a8" <= before <= "\u11ff" and tail)


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_conjunct(text: str, at: int) -> bool:
    """Return whether a consonant is joined to the one before it by a virama (GB9c)."""
    if not "\u0900" <= text[at] <= "\u0dff" or unicodedata.category(text[at]) != "Lo":
        return False
    joined = False
    for back in range(at - 1, max(-1, at - 8), -1):
        char = text[back]
        joined = joined or char in _VIRAMAS or (char == _AL_LAKUNA and text[back + 1] == _ZWJ)
        if not _extends(char):
            return joined and unicodedata.category(char) == "Lo"
    return False
