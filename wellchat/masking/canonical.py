"""Write a text as every check of contact data reads it, and remember where each character came from.

Compatibility forms become plain ones (NFKC of Unicode Annex 15), letters small, all digits of Unicode ASCII;
what only formats is dropped. So a number in full-width digits is the same number.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

_KEYCAP = "\u20e3"  # around a digit, as in an emoji
_VARIATIONS = range(0xFE00, 0xFE10)


class Canonical(NamedTuple):
    """A text in its canonical form; `origins` has the offset of each character in the original one."""

    text: str
    origins: list[int] | None  # and at its end the original's length; None: the offsets are the same

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the original text from which the characters `start` to `end` came."""
        if self.origins is None:
            return start, end
        # With what was dropped behind it, such as the frame of a keycap.
        return self.origins[start], max(self.origins[end - 1] + 1, self.origins[end])


def canonical(text: str) -> Canonical:
    """Return the canonical form of a text. It takes time in proportion to its length."""
    if text.isascii():
        return Canonical(text.lower(), None)
    written: list[str] = []
    origins: list[int] = []
    for offset, character in enumerate(text):
        plain = _plain(character)
        written.append(plain)
        origins.extend([offset] * len(plain))
    return Canonical("".join(written), [*origins, len(text)])


def _plain(character: str) -> str:
    if character.isascii():
        return character.lower()
    category = unicodedata.category(character)
    if category == "Cf" or character == _KEYCAP or ord(character) in _VARIATIONS:
        return ""
    # Also digits in circles, which have no decimal value.
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if category == "Zs":
        return " "
    if category == "Pd":
        return "-"
    return unicodedata.normalize("NFKC", character).lower()
