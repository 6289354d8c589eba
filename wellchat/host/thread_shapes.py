"""Bodies, queries and answers of the calls about conversations and messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from wellchat.forms import Form, QueryForm
from wellchat.host.answer_shapes import Written
from wellchat.host.calls import MAX_LISTED
from wellchat.host.forms import Why
from wellchat.host.refs import PersonRef
from wellchat.messaging.forms import ClientKey, HasBody, Seq, SubjectRef
from wellchat.shapes import sample


class ListThreads(QueryForm):
    """Which conversations, and from where on.

    `between` is two of your ids with a comma between them; where an id has a comma, send `user` and `with`.
    `subject` is `KIND/ID`.
    """

    user: PersonRef | None = None
    with_: PersonRef | None = Field(default=None, alias="with")
    between: Annotated[str, StringConstraints(max_length=241)] | None = None
    subject: Annotated[str, StringConstraints(max_length=141)] | None = None
    after: Annotated[str, StringConstraints(max_length=13)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100


class PutThread(Form, json_schema_extra=sample({"between": ["c-1", "p-1"]})):
    """The two people, or the subject, that a conversation is of.

    `client` is needed for a subject that is open to every client.
    """

    between: Annotated[list[PersonRef], Field(min_length=2, max_length=2)] | None = None
    subject: SubjectRef | None = None
    client: PersonRef | None = None


class ListMessages(QueryForm):
    """From which message on."""

    after: Seq = 0
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100


class PostMessage(
    HasBody,
    json_schema_extra=sample(
        {
            "from": "system",
            "body": "Your appointment was moved to Friday at 14:00.",
            "client_key": "moved-1041",
        }
    ),
):
    """A message. `from` is `system`, or the id of a person in whose name you send it.

    Whoever has the id `system` at your side is `id:` and ours here. `notify`: `usual`, in every way that
    people have chosen; `bell`, in the app alone; `none`, nobody.
    """

    from_: PersonRef = Field(alias="from")
    client_key: ClientKey
    subject: SubjectRef | None = None
    notify: Literal["none", "bell", "usual"] = "usual"


class RemoveMessage(Why, json_schema_extra=sample({"reason": "A phone number of somebody else"})):
    """Why a message is removed. It is kept on record."""


class SubjectName(BaseModel):
    """A subject, as you call it."""

    kind: str
    external_id: str


class UnreadOf(BaseModel):
    """The unread messages of each of the two."""

    client: int
    professional: int


class HostThread(BaseModel):
    """A conversation, without its words. `messages` is the number of its last one; removed ones count.

    `open`: whether both may write.
    """

    id: str | None
    client: str
    professional: str
    subject: SubjectName | None
    scope: Literal["connection", "client", "subject"]
    open: bool
    messages: int
    unread: UnreadOf
    created_at: str
    updated_at: str


class HostThreads(BaseModel):
    """A page of conversations."""

    threads: list[HostThread]
    next: str | None


class PutThreadAnswer(Written):
    """The answer to a PUT of a conversation."""

    thread: HostThread


class HostFile(BaseModel):
    """A file of a message, without its bytes."""

    id: str
    name: str
    media_type: str
    size: int


class HostMessage(BaseModel):
    """A message. `from` is `system` for one of the site itself; a removed one has no `body`.

    `via` is `host` for one that you sent in a person's name, `automatic` for one that its sender set up
    beforehand, such as a welcome. `removed_by`: `host`, `policy` (its period
    ended), or null: its sender deleted it, or a moderator removed it.
    """

    model_config = ConfigDict(populate_by_name=True)

    thread: str
    seq: int | None
    from_: str = Field(alias="from")
    body: str | None
    client_key: str
    subject: SubjectName | None
    reply_to: int | None
    files: list[HostFile]
    via: str | None
    created_at: str
    edited_at: str | None
    deleted: bool
    removed_by: str | None
    revision: int


class HostMessages(BaseModel):
    """A page of messages, ascending. Go on with `after` = `next` until it is null."""

    messages: list[HostMessage]
    next: int | None


class SentMessage(BaseModel):
    """The message as it is now."""

    message: HostMessage
    dry_run: bool = False
