"""Check what administrators enter. The actions check reasons, so that no other caller can leave them out."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from wellchat.forms import Form, QueryForm, Text


class Search(Form):
    """Search for conversations of a person or about a subject."""

    term: Annotated[Text, StringConstraints(max_length=200)] = ""
    reason: Text = ""


class AccessReason(Form):
    """The reason for an access. `search` is the id of the search that found the conversation, if one did."""

    reason: Text = ""
    search: Annotated[Text, StringConstraints(max_length=13)] = ""


class ListPage(QueryForm):
    """The beginning of a page of results."""

    before: Annotated[Text, StringConstraints(max_length=200)] | None = None
