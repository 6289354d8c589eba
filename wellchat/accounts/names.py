"""Refuse names and labels that pose: as somebody else, or as the people who run the site."""

from __future__ import annotations

import re
import unicodedata

from wellchat.accounts.password_rules import LEET
from wellchat.config import setting
from wellchat.i18n import gettext
from wellchat.scripts import has_invisible, mixes_scripts, skeleton

# Words by which people know the staff of a site, in English, German and French; without marks, small.
_STAFF = """
admin administrator moderator mod staff support helpdesk webmaster sysadmin official superuser wellchat
administratorin moderatorin kundendienst kundenservice kundensupport offiziell betreiber
administrateur administratrice moderateur moderatrice assistance officiel officielle
"""
STAFF = frozenset(_STAFF.split())
STAFF_PHRASES = ("customer service", "customer care", "help desk", "service client", "service clients")
_LOOKS_LIKE_A_LINK = re.compile(r"[<>]|://|\bwww\.", re.IGNORECASE)


def one_line(text: str) -> str:
    """Return the words with single spaces.

    Raises ValueError for control characters, which could end a mail header, and for what cannot be seen.
    """
    text = " ".join(text.split())
    if has_invisible(text):
        raise ValueError(gettext("This contains characters that cannot be shown."))
    return text


def plain_name(text: str) -> str:
    """Return the name. Raises ValueError if it looks like a link, is invisible, or mixes alphabets in a word.

    Names appear in mails: with a link in it, a name would carry an advertisement to strangers.
    """
    if _LOOKS_LIKE_A_LINK.search(text):
        raise ValueError(gettext("This looks like a web address, not like a name."))
    # At least one letter, number or symbol: a name of spaces and marks is invisible.
    if not any(unicodedata.category(c)[0] in "LNS" for c in text):
        raise ValueError(gettext("Enter a name with letters or digits."))
    return one_alphabet(text)


def one_alphabet(text: str) -> str:
    """Return the text. Raises ValueError if one word has letters of two alphabets, as an imitation has."""
    for word in re.split(r"[\s.,'\u2019-]+", text):
        if mixes_scripts(word):
            raise ValueError(
                gettext("“%(word)s” mixes letters of two alphabets. Write each word in one.", word=word)
            )
    return text


def unposed(text: str) -> str:
    """Return the name or label of somebody who is not of the staff. Raises ValueError if it says so.

    Look-alike letters and digits count as what they look like.
    """
    words = _words(text)
    line = f" {' '.join(words)} "
    site = " ".join(_words(setting("NAME")))
    taken = [word for word in words if word in STAFF]
    taken += [phrase for phrase in (*STAFF_PHRASES, site) if phrase and f" {phrase} " in line]
    # Also with blanks or dots between the letters.
    taken += [word for word in ("".join(words),) if word in STAFF]
    if taken:
        raise ValueError(
            gettext(
                "“%(word)s” is kept for the team of %(site)s. Choose other words.",
                word=taken[0],
                site=setting("NAME"),
            )
        )
    return text


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", skeleton(text).translate(LEET))
