"""What pages, calls and files of saved replies accept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from wellchat.forms import Filled, Form, QueryForm, Text
from wellchat.placeholders import NAMES, refuse_unknown
from wellchat.saved_replies.filling import BOOKINGS
from wellchat.saved_replies.models import MAX_REPLIES, MAX_REPLY, MAX_TITLE
from wellchat.shapes import sample

KNOWN = (*NAMES, *BOOKINGS)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _body(text: str) -> str:
    return refuse_unknown(text.replace("\r\n", "\n").replace("\r", "\n"), KNOWN)


class SavedReplyForm(
    Form,
    json_schema_extra=sample(
        {"title": "Thanks", "body": "Thank you, {first_name}. See you on {booking_time}."}
    ),
):
    """One reply: the title by which it is found, and its text."""

    title: Annotated[Filled, AfterValidator(_one_line), StringConstraints(max_length=MAX_TITLE)]
    body: Annotated[Filled, AfterValidator(_body), StringConstraints(max_length=MAX_REPLY)]


class Move(Form):
    """Where a reply goes in the own order."""

    to: Literal["up", "down", "first"]


Words = Annotated[Text, StringConstraints(max_length=100)]


class ListReplies(QueryForm):
    """Which replies are listed."""

    q: Words = Field("", description="Words in the title or the text.")
    limit: Annotated[int, Field(ge=1, le=2 * MAX_REPLIES, description="How many at most.")] = 100


class ReplyPage(QueryForm):
    """A page of the list in the settings. `by`: the own order, or what is used most."""

    q: Words = ""
    by: Literal["order", "use"] = "order"
    page: Annotated[int, Field(ge=1, le=100)] = 1
