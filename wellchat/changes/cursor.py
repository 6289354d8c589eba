"""A client's place in its user's change log. Clients treat it as opaque.

It is not signed. It only selects rows of the asking user's own log, and `queries.check_cursor` refuses any
that does not fit that log.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from wellchat.errors import Invalid
from wellchat.i18n import gettext


class Cursor(NamedTuple):
    """Says that the client has this user's changes up to `seq`. `str(cursor)` is what clients get."""

    epoch: str
    user_id: str
    seq: int

    def __str__(self) -> str:
        return (
            base64.urlsafe_b64encode(f"{self.epoch}.{self.user_id}.{self.seq}".encode()).decode().rstrip("=")
        )


def parse_cursor(text: str) -> Cursor:
    """Return the cursor. Raises Invalid, with a text for `since`, if `text` was never a cursor."""
    try:
        # `str(cursor)` strips the padding; base64 needs it again.
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        epoch, user_id, seq = raw.split(".")
        # At most 18 digits fit into the database's BIGINT.
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
            raise ValueError(seq)
        return Cursor(epoch, user_id, int(seq))
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid(
            {"since": gettext("This cursor is not valid. Start from the cursor of any list.")}
        ) from None
