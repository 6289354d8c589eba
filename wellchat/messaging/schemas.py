"""Schemas of the JSON responses, for the OpenAPI document. Tests check every response against them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wellchat.attachments.schemas import AttachmentShape


class Person(BaseModel):
    """A user as others see them. It never contains an email address."""

    id: str
    name: str
    avatar_url: str | None
    role: Literal["client", "professional", "admin"]
    role_label: str
    staff: bool


class Other(Person):
    """`seen_at` is rounded down to five minutes, and null if it is more than seven days ago."""

    presence: Literal["here", "away"]
    seen_at: str | None


class SubjectLabel(BaseModel):
    """A booking, session, coupon or lead, as threads and messages show it.

    `url` is the host platform's page.
    """

    id: str
    kind: str
    kind_label: str
    external_id: str
    title: str
    status: str | None
    starts_at: str | None
    url: str | None


class Quote(BaseModel):
    """The beginning of the message that is replied to, in its present state."""

    seq: int
    sender_id: str
    body: str | None
    deleted: bool


class ReactionShape(BaseModel):
    """One emoji on a message, and the people who put it there."""

    emoji: str
    user_ids: list[str]


class MessageShape(BaseModel):
    """A message. Only its sender gets `client_key`; a deleted message has no body.

    `removed_by` is "policy" if it was deleted because a period of retention ended. Of two states of a
    message, the one with the higher `revision` is newer.
    """

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    client_key: str | None = None
    subject: SubjectLabel | None
    reply_to: int | None
    quote: Quote | None
    attachments: list[AttachmentShape]
    reactions: list[ReactionShape]
    created_at: str
    edited_at: str | None
    deleted: bool
    removed_by: str | None
    pinned_at: str | None
    by_email: bool
    revision: int


class ThreadShape(BaseModel):
    """A thread as I see it. `last_message` is null in an empty one.

    The inbox sorts by `pinned` and `listed_at`. `unread_from` is set while I have marked the thread as
    unread. `waiting_since` is the time of the first message that I have not replied to. The other person has
    received messages up to `other_delivered_seq` and read them up to `other_read_seq`. Where I cannot write,
    `closed` is the sentence that says so; `closed_by_me` is set if I can open it again.
    """

    id: str
    key_scope: Literal["connection", "client", "subject"]
    title: str
    context: str | None
    client: Person
    professional: Person
    other: Other
    subject: SubjectLabel | None
    last_message: MessageShape | None
    last_seq: int
    unread: int
    last_read_seq: int
    unread_from: int | None
    other_read_seq: int
    other_delivered_seq: int
    can_write: bool
    closed: str | None
    closed_by_me: Literal["blocked", "ended"] | None
    archived: bool
    pinned: bool
    kind: str | None
    waiting_since: str | None
    muted: bool
    muted_until: str | None
    snoozed_until: str | None
    listed_at: str
    created_at: str
    updated_at: str


class MembershipShape(BaseModel):
    """My own state of a thread."""

    thread_id: str
    last_read_seq: int
    unread_from: int | None
    unread: int
    archived: bool
    pinned: bool
    muted_until: str | None
    snoozed_until: str | None


class Unread(BaseModel):
    """Numbers for badges."""

    messages: int
    notifications: int


class OneThread(BaseModel):
    thread: ThreadShape


class ThreadPage(BaseModel):
    """`next` is the `before` of the next page, null on the last one. `cursor` was read before the threads."""

    threads: list[ThreadShape]
    next: str | None
    cursor: str


class OneMessage(BaseModel):
    message: MessageShape


class Pins(BaseModel):
    messages: list[MessageShape]


class MessagePage(BaseModel):
    """Messages, ascending. `at` is the message that `around` or `date` asked for."""

    messages: list[MessageShape]
    at: int | None = None
    has_more: bool
    cursor: str


class ReadAnswer(BaseModel):
    membership: MembershipShape
    unread: Unread


class MembershipAnswer(BaseModel):
    membership: MembershipShape


class Me(BaseModel):
    """`cursor` is the position in my change log, read before the numbers."""

    user: Person
    cursor: str
    unread: Unread
