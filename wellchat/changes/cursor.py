"""A user's place in their own change log, as clients carry it: opaque to them, self-describing to us.

It is not signed: it only ever selects rows of the asking user's own log, and every lie in it is caught by
`queries.check_cursor`.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from wellchat.errors import Invalid
from wellchat.i18n import gettext


class Cursor(NamedTuple):
    epoch: str
    user_id: str
    seq: int

    def __str__(self) -> str:
        return (
            base64.urlsafe_b64encode(f"{self.epoch}.{self.user_id}.{self.seq}".encode()).decode().rstrip("=")
        )


def parse_cursor(text: str) -> Cursor:
    """Raises Invalid where `text` never was a cursor."""
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        epoch, user_id, seq = raw.split(".")
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
            raise ValueError(seq)
        return Cursor(epoch, user_id, int(seq))
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid(
            {"since": gettext("This cursor is not valid. Start from the cursor of any list.")}
        ) from None
