"""Tell writing systems apart, and find characters that cannot be seen (UAX #24, UTS #39).

Names and links are shown to people who decide by them whom to trust. static/js/lib/hosts.js has the same
rule for hosts; tests/js/links.json holds the two to each other.
"""

from __future__ import annotations

import unicodedata

JOINED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})  # written together, and with Latin
SCRIPTS = JOINED | frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "HEBREW", "ARABIC", "DEVANAGARI", "THAI", "GEORGIAN"}
)
# Letters, fillers and blanks that look like nothing, and are of no category that says so.
BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    "\U00013441\U00013442\U00016fe4\U0001d159"
)
ZWNJ, ZWJ = "\u200c\u200d"

# Letters of other scripts that look like a Latin one in most typefaces, with that one (UTS #39 has them all).
LOOKALIKES = dict(
    zip(
        "аӓеёорсухіїјѕһԁԛԝӏкмтвнгпьԍ" + "οανυικρτωγηεχσ" + "օոսհցզյձ",
        "aaeeopcyxiijshdqwlkmtbhrnbg" + "oavuikptwynexo" + "onuhgqjd",
        strict=True,
    )
)


def script_of(char: str) -> str | None:
    """Return the script of a letter, such as "LATIN"; "" for one not in SCRIPTS, None for no letter."""
    # Not Lm: the apostrophe of Hawaiian and the long mark of Japanese belong to no script alone.
    if unicodedata.category(char) not in ("Lu", "Ll", "Lt", "Lo"):
        return None
    name = unicodedata.name(char, "").partition(" ")[0]
    return name if name in SCRIPTS else ""


def mixes_scripts(text: str) -> bool:
    """Return whether letters of scripts stand together that nobody writes together, as in an imitation.

    Japanese, Chinese and Korean are written with Latin letters between them, so they do not count.
    """
    found = {script_of(char) for char in text} - {None}
    return len(found - JOINED) > 1 or bool(found & JOINED and found - JOINED - {"LATIN"})


def is_imitation(word: str) -> bool:
    """Return whether a word of another script has only letters that look Latin, as Cyrillic "сора"."""
    letters = [char for char in word.lower() if char.isalpha()]
    return any(not char.isascii() for char in letters) and all(char in LOOKALIKES for char in letters)


def skeleton(text: str) -> str:
    """Return the text as it looks: Latin letters for those that look like them, without marks, small."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(LOOKALIKES.get(c, c) for c in plain if not unicodedata.combining(c))


def has_invisible(text: str) -> bool:
    """Return whether a text has characters that cannot be seen; see `strip_invisible`."""
    return len(strip_invisible(text)) < len(text)


def strip_invisible(text: str) -> str:
    """Return the text without controls, format and direction characters, and letters that look like blanks.

    Joiners stay between letters of scripts that join, and inside an emoji: there they are seen.
    """
    return "".join(
        char
        for at, char in enumerate(text)
        if char not in BLANKS and (unicodedata.category(char) not in ("Cc", "Cf", "Cs") or joins(text, at))
    )


def is_blank(text: str) -> bool:
    """Return whether nothing of a text can be seen: blanks, controls, fillers, selectors without a letter."""
    return all(
        char.isspace()
        or char in BLANKS
        or unicodedata.category(char) in ("Cc", "Cf", "Cs")
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
        for char in text
    )


def joins(text: str, at: int) -> bool:
    """Return whether the character there is a joiner that is seen: by the letters or the emoji beside it."""
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char not in (ZWNJ, ZWJ) or not before or not after:
        return False
    if char == ZWJ and unicodedata.category(after) == "So":
        # Between the parts of one emoji (UTS #51); before it may stand a variation selector or a skin tone.
        return unicodedata.category(before) in ("So", "Sk", "Mn")
    # RFC 5892, A.1 and A.2, without the tables of joining types: scripts in which a joiner changes the shape.
    return all(unicodedata.bidirectional(c) == "AL" or _is_indic(c) for c in (before, after))


def _is_indic(char: str) -> bool:
    return "\u0900" <= char <= "\u0dff"
