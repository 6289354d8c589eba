"""The forms and queries of requests about one's own data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from wellchat.forms import Form, QueryForm
from wellchat.i18n import gettext


class EraseForm(Form):
    """The request to be erased. `sure` is a box to tick."""

    sure: bool = Field(default=False, validate_default=True)

    @field_validator("sure")
    @classmethod
    def _ticked(cls, value: bool) -> bool:
        if not value:
            raise ValueError(gettext("Tick the box to go on."))
        return value


class DownloadQuery(QueryForm):
    """In which form a conversation is downloaded."""

    format: Literal["html", "text", "json"] = "html"
