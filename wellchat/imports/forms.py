"""The bodies and queries of the calls about imports."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from wellchat.forms import Form, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.shapes import sample


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError(gettext("An id has only characters that can be printed."))
    return text


Name = Annotated[Text, StringConstraints(min_length=1, max_length=80), AfterValidator(_one_line)]


class MakeImport(Form, json_schema_extra=sample({"name": "old chat", "zone": "Europe/Berlin"})):
    """An import. `zone`: the time zone of times without an offset; without it they are refused."""

    name: Name
    zone: Annotated[Text, StringConstraints(max_length=64)] | None = None
    waiting: bool = False
    append: bool = False


class Nothing(Form):
    """A body without fields."""


class LinesQuery(QueryForm):
    """The number of the first line of a chunk, from 1."""

    start: Annotated[int, Field(ge=1, alias="from")]


class ReportQuery(QueryForm):
    """From where on: the `id` of the last line that you have."""

    after: Annotated[int, Field(ge=0, lt=2**63)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 500
