"""Check what owners enter about keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from wellchat.forms import Filled, Form, Text
from wellchat.i18n import gettext

DAYS = (30, 90, 180, 365)


def _days(text: object) -> int:
    if str(text) not in map(str, DAYS):
        raise ValueError(gettext("Choose one of these times."))
    return int(str(text))


class NewKey(Form):
    """Make a key on the page."""

    name: Annotated[Filled, StringConstraints(min_length=1, max_length=80)]
    scopes: list[Text] = []
    days: Annotated[int, BeforeValidator(_days)] = 365
    networks: Annotated[Text, StringConstraints(max_length=1000)] = ""  # separated by blanks or lines


class EndKey(Form):
    """End a key, for who has ticked that nothing calls with it any more."""

    sure: Annotated[Text, StringConstraints(min_length=1)]
