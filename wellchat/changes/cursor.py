"""A client's place in its user's change log. Clients treat it as opaque.

It is not signed. It only selects rows of the asking user's own log, and `queries.check_cursor` refuses any
that does not fit that log. Its mark is the one of its last change: a log that was put back, or that a
failover has cut short, gives the same number to another change with another mark.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from wellchat.errors import Invalid
from wellchat.i18n import gettext


class Cursor(NamedTuple):
    """Says that the client has this user's changes up to `seq`. `str(cursor)` is what clients get.

    `mark`: Change.mark of that change, where it has one.
    """

    epoch: str
    user_id: str
    seq: int
    mark: int | None = None

    def __str__(self) -> str:
        place = f"{self.epoch}.{self.user_id}.{self.seq}"
        if self.mark is None:
            return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
        # Processes of an older version end reading at the padding, so there must be some.
        if len(place) % 3 == 0:
            place = f"{self.epoch}.{self.user_id}.0{self.seq}"
        return f"{base64.urlsafe_b64encode(place.encode()).decode()}{self.mark}"


def parse_cursor(text: str) -> Cursor:
    """Return the cursor. Raises Invalid, with a text for `since`, if `text` was never a cursor."""
    try:
        place, padding, mark = text.partition("=")
        mark = mark.removeprefix("=")
        if mark and not (padding and mark.isascii() and mark.isdigit() and len(mark) <= 10):
            raise ValueError(mark)
        # `str(cursor)` strips the padding; base64 needs it again.
        raw = base64.urlsafe_b64decode(place.encode() + b"=" * (-len(place) % 4)).decode()
        epoch, user_id, seq = raw.split(".")
        # At most 18 digits fit into the database's BIGINT.
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
            raise ValueError(seq)
        return Cursor(epoch, user_id, int(seq), int(mark) if mark else None)
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid(
            {"since": gettext("This cursor is not valid. Start from the cursor of any list.")}
        ) from None
