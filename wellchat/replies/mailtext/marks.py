"""Marks that html_text.py writes into its lines and stripping.py reads: what an element said of its text.

They are letters for private use, which `clean` takes out of what people write, so nobody can forge one.
"""

from __future__ import annotations

import re

PERHAPS_QUOTED = "\ue000"  # a blockquote that no program has signed: a quote only below an introduction
INTRODUCTION = "\ue001"  # who wrote the quote that follows, and when
REST_QUOTED = "\ue002"  # everything from here on is a quote
SIGNATURE = "\ue003"
PICTURE, DECORATION, PICTURE_END = "\ue004", "\ue005", "\ue006"  # around the Content-ID of a picture
SPACE = "\ue007"  # a space that counts, in preformatted text
UNREAD = "\ue008"  # the mail goes on, and is too long to be read

ALL = "\ue000-\ue008"
_ALL = re.compile(f"[{ALL}]")
_PICTURES = re.compile(f"[{PICTURE}{DECORATION}]([^{ALL}\n]{{1,250}}){PICTURE_END}")


def without_marks(text: str) -> str:
    """Return a text without marks, and without the names of pictures between them."""
    return _ALL.sub("", _PICTURES.sub("", text))


def pictures_in(text: str) -> list[str]:
    """Return the Content-IDs of the pictures that stand in a text."""
    return [found[1] for found in _PICTURES.finditer(text) if found[0].startswith(PICTURE)]
