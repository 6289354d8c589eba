"""Clean file names: for people, for the store and for HTTP headers."""

from __future__ import annotations

import re
import unicodedata

from wellchat.graphemes import cut
from wellchat.scripts import ZWJ, ZWNJ, joins

MAX_LENGTH = 100  # characters, with the extension

_NOT_IN_NAMES = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]'
)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")


def clean_name(name: str) -> str:
    """Return the last part of a path on one line, without hidden characters and direction marks; NFC.

    Joiners stay where they are seen: between letters of scripts that join, and inside an emoji.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(
        " " if char in (ZWNJ, ZWJ) and not joins(name, at) else char for at, char in enumerate(name)
    )
    name = " ".join(_NOT_IN_NAMES.sub(" ", seen).split()).strip(". ")
    extension = _EXTENSION.search(name)
    tail = extension[0] if extension else ""
    return cut(name, MAX_LENGTH - len(tail)).rstrip(". ") + tail if len(name) > MAX_LENGTH else name


def extension_of(name: str) -> str:
    """Return the extension in lower case without its dot; "" if there is none."""
    found = _EXTENSION.search(name)
    return found[1].lower() if found else ""


def with_extension(name: str, extension: str, *, instead: bool) -> str:
    """Return `name` with this extension appended, or, with `instead`, in place of its own."""
    stem = _EXTENSION.sub("", name) if instead else name
    return clean_name(f"{stem or 'file'}.{extension}")
