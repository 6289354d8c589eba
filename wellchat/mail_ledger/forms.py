"""Queries of the ledger's pages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wellchat.forms import QueryForm, Text

Some = Annotated[Text, StringConstraints(max_length=200, strip_whitespace=True)]
State = Literal["", "queued", "sending", "sent", "skipped", "failed", "unknown"]


class ListMails(QueryForm):
    """The filters of a list of mails. Empty ones let everything pass."""

    before: Some | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30
    state: State = ""
    name: Annotated[Text, StringConstraints(max_length=40)] = ""
    reason: Some = ""
    person: Some = ""
