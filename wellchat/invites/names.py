"""Make and check readable names: small letters a to z, digits, and single hyphens between them."""

from __future__ import annotations

import re
import unicodedata

from wellchat.accounts.names import unposed
from wellchat.i18n import gettext
from wellchat.invites.models import MAX_NAME

MIN_NAME = 3
# Letters that do not come apart into one of a to z and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_SHAPE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slug(text: str) -> str:
    """Return a readable name made from a person's name, such as rosa-delgado; "" where nothing is left."""
    letters = text.casefold().translate(_LETTERS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    return "-".join(re.findall(r"[a-z0-9]+", bare))[:MAX_NAME].strip("-")


def checked(text: str) -> str:
    """Return a readable name as typed, in small letters. Raises ValueError with what is wrong."""
    name = text.strip().lower()
    if not MIN_NAME <= len(name) <= MAX_NAME or not _SHAPE.fullmatch(name):
        raise ValueError(
            gettext(
                "Use %(least)s to %(most)s letters from a to z, digits, and hyphens between them, "
                "such as rosa-delgado.",
                least=MIN_NAME,
                most=MAX_NAME,
            )
        )
    unposed(name.replace("-", " "))
    return name
