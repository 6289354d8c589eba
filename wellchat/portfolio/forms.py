"""Forms of the portfolio: what its pages and JSON calls accept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wellchat.forms import Form, QueryForm, Text
from wellchat.portfolio.models import MAX_PICTURES
from wellchat.shapes import sample

Label = Literal["reference", "result"]
Purpose = Literal["clients", "public"]
FileId = Annotated[Text, StringConstraints(min_length=1, max_length=40)]
PageToken = Annotated[Text, StringConstraints(max_length=200)]


class SetLabel(Form, json_schema_extra=sample({"label": "result"})):
    """A label; null takes it away."""

    label: Label | None


class AskForConsent(Form, json_schema_extra=sample({"attachments": ["wmrc9qh0k19xf"], "purpose": "public"})):
    """Pictures of a thread, and for what they may be shown. `public` includes other clients."""

    attachments: Annotated[list[FileId], Field(max_length=MAX_PICTURES * 2)]
    purpose: Purpose = "clients"


class AnswerAsk(Form, json_schema_extra=sample({"answer": "yes"})):
    """The answer of the client. `no` after `yes` takes the yes back."""

    answer: Literal["yes", "no"]


class ListGallery(QueryForm):
    """A page of the gallery."""

    label: Label | None = Field(None, description="Only pictures with this label.")
    before: PageToken | None = Field(None, description="`next` of the page before.")


class ListThreadPictures(QueryForm):
    """A page of the pictures of a thread."""

    before: PageToken | None = None


class SwitchPage(Form):
    """The switch of the public page: there when it is on, as a checkbox is."""

    is_on: bool = False


class TakeBack(Form):
    """One picture of a question; without it, all of them."""

    attachment: FileId | None = None
