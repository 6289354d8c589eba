"""Carry along where somebody was going, through all pages and mails on the way in.

The value is only ever followed through `wellchat.web.safe_next`.
"""

from __future__ import annotations

from urllib.parse import urlencode

MAX_NEXT = 500  # characters; it is kept in a mail's row and in its link


def with_next(path: str, going_to: str | None) -> str:
    """Return the path with `going_to` as its `next`; unchanged for the inbox, which needs no saying."""
    if not going_to or going_to == "/":
        return path
    return f"{path}?{urlencode({'next': going_to}, safe='/')}"
