"""Check what owners enter about a flag."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from wellchat.forms import Form, Text
from wellchat.i18n import gettext

MAX_PEOPLE = 200


def _percent(value: Any) -> Any:
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 100):
        raise ValueError(gettext("Enter a whole number from 0 to 100."))
    return int(text)


class FlagForm(Form):
    """For whom a flag is on: `percent` of all, and the people with these addresses, one in a line."""

    percent: Annotated[int, BeforeValidator(_percent)] = 100
    people: Text = Field(default="", max_length=60_000)
