"""Refuse passwords that are guessed first: common ones, patterns, and words that stand beside the account.

The list is the one bundled with zxcvbn: 30,000 passwords of public leaks, with given names and surnames.
Nothing is asked over the network. docs/limits.md documents the words (ASVS 5.0, 6.1.2, 6.2.4, 6.2.11).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from wellchat.config import setting
from wellchat.i18n import gettext

MIN_LENGTH = 8
MIN_REST = 6  # letters and digits that must remain when one's own words are taken out
MIN_OWN = 4  # letters of a word that counts as one's own
LEET = str.maketrans("@4831!|05$7+€", "aabeiiiosstte")
_TRIMMED = re.compile(r"^[\W\d_]{0,6}(.*?)[\W\d_]{0,6}$", re.DOTALL)


def refusal(password: str) -> str | None:
    """Return a sentence that says why anybody's password may not be this, or None."""
    if len(password) < MIN_LENGTH:
        return gettext("This is too short. Use at least %(num)s characters.", num=MIN_LENGTH)
    folded = fold(password)
    if len(set(folded)) < 3 or _is_repeated(folded) or _is_run(folded):
        return gettext("This password is a simple pattern. Choose several words that do not belong together.")
    if any(form in _common() for form in _forms(folded)):
        return gettext(
            "This password is too easy to guess. Choose several words that do not belong together."
        )
    return None


def refusal_of_own(password: str, own: Iterable[str]) -> str | None:
    """Return why a password may not be made of these words, or None.

    `own` is the name and the address of its owner. The name of the installation counts too.
    """
    folded = [fold(text) for text in (*own, setting("NAME"))]
    parts = {part for text in folded for part in re.split(r"[\W_]+", text)}
    words = sorted((word for word in {*folded, *parts} if len(word) >= MIN_OWN), key=len, reverse=True)
    for text in (fold(password), fold(password).translate(LEET)):
        rest = text
        for word in words:
            rest = rest.replace(word, "")
        if rest != text and sum(map(str.isalnum, rest)) < MIN_REST:
            return gettext(
                "This is made of your name, your address or the name of this site. Choose another."
            )
    return None


def fold(text: str) -> str:
    """Return the text without marks and without the difference of capital and small letters."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))


def _forms(folded: str) -> Iterator[str]:
    """Yield the words that a password may be made from: Password1! and P@ssw0rd come from password."""
    trimmed = _TRIMMED.sub(r"\1", folded)
    for form in (folded, trimmed, folded.translate(LEET), trimmed.translate(LEET)):
        yield form
        yield _TRIMMED.sub(r"\1", form)


def _is_repeated(text: str) -> bool:
    # A text that is a part repeated is found in its double before its own length.
    return (text + text).find(text, 1) < len(text)


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1


@cache
def _common() -> frozenset[str]:
    # Imported here: 2 MB that a process needs when the first password is chosen, not before.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    lists = ("passwords", "male_names", "female_names", "surnames")
    return frozenset(word for name in lists for word in FREQUENCY_LISTS[name] if len(word) >= 3)
