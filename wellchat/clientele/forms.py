"""Forms of notes and tags: what pages and JSON calls accept. The actions check lengths, which differ."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wellchat.clientele.models import MAX_NOTE
from wellchat.forms import Form, QueryForm, Text
from wellchat.messaging.forms import PAGE, ClientKey, Id
from wellchat.shapes import sample

# Of a page's form, in which a line end takes two characters. The actions count what is stored.
Words = Annotated[Text, StringConstraints(max_length=2 * MAX_NOTE)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
TagName = Annotated[Text, StringConstraints(max_length=200)]


class AddNote(
    Form, json_schema_extra=sample({"body": "Hates the smell of coconut.", "client_key": "0190163d8694"})
):
    """A note about a client. A `preference` is one short line.

    The same `client_key` again is the same note.
    """

    body: Words
    kind: Literal["note", "preference"] = "note"
    client_key: ClientKey


class SaveNote(Form, json_schema_extra=sample({"body": "Hates the smell of coconut.", "version": 1})):
    """New words of a note, and the version of it that was changed."""

    body: Words
    version: Version


class NameTag(Form, json_schema_extra=sample({"name": "sensitive scalp"})):
    """The name of a tag."""

    name: TagName


class MergeTag(Form, json_schema_extra=sample({"into": "wmrc9qh0k19xf"})):
    """The tag that stays."""

    into: Id


class NotesPage(QueryForm):
    """The page of notes; `undo` is a note that was just deleted, `kept` one that was kept beside another."""

    undo: Id | None = None
    kept: Id | None = None


class JourneyPage(QueryForm):
    """A page of a journey."""

    before: Annotated[Text, StringConstraints(max_length=200)] | None = Field(None, description=PAGE)
