"""Forms of safety: what its pages and JSON calls accept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wellchat.forms import Form, QueryForm, Text
from wellchat.messaging.forms import MessageSeq
from wellchat.safety.reports import MAX_WORDS
from wellchat.shapes import sample

Kind = Literal["harassment", "unsafe", "spam", "money", "other"]
PageToken = Annotated[Text, StringConstraints(max_length=200)]


class MakeReport(
    Form, json_schema_extra=sample({"kind": "spam", "words": "The third advertisement today.", "seq": 3})
):
    """A report. `seq` names a message; without it, the person is reported."""

    kind: Kind
    words: Annotated[Text, StringConstraints(max_length=MAX_WORDS)] = ""
    seq: MessageSeq | None = None
    show: bool = False  # the last messages to moderators


class ReportPage(QueryForm):
    """The message that the page of a report is about."""

    seq: MessageSeq | None = None


class ListReports(QueryForm):
    """A page of the queue of reports."""

    settled: bool = False
    before: PageToken | None = None


class Settle(Form):
    """The decision of a moderator."""

    outcome: Annotated[Text, StringConstraints(max_length=10)] = ""
    reason: Annotated[Text, StringConstraints(max_length=600)] = ""
    days: Annotated[int, Field(ge=1, le=30)] | None = None


class Act(Form):
    """Something that an administrator does about a person. `checked` by the action."""

    act: Literal["disable", "enable", "sign_out", "role"]
    reason: Annotated[Text, StringConstraints(max_length=600)] = ""
    role: Literal["client", "professional", "admin"] | None = None


class SearchPeople(Form):
    """A search of people. The search itself checks both fields."""

    q: Annotated[Text, StringConstraints(max_length=254)] = ""
    case: Annotated[Text, StringConstraints(max_length=200)] = ""
    before: PageToken | None = None
