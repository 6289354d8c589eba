"""Encode where a page of a list ends (keyset pagination): the moment and id of its last row."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from wellchat import clock
from wellchat.errors import Invalid
from wellchat.i18n import gettext


def encode_page_token(at: datetime, row_id: str) -> str:
    """Return the token of the last row of a page, in a list ordered by both, latest first."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode()


def decode_page_token(text: str) -> tuple[datetime, str]:
    """Return (moment, id) of a token. Raises Invalid if `text` is not a token."""
    try:
        moment, row_id = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        if not row_id.isprintable():
            raise ValueError(text)
        return clock.moment(moment), row_id
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid(
            {"before": gettext("There is no such page of this list. Start from the beginning.")}
        ) from None
