"""Shapes of what the JSON calls answer, for the OpenAPI document; tests hold every answer to them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wellchat.attachments.answers import AttachmentShape


class Person(BaseModel):
    """A user as others see them; never an email address."""

    id: str
    name: str
    avatar_url: str | None
    role: Literal["client", "professional", "admin"]
    role_label: str


class Other(Person):
    presence: Literal["here", "away"]


class SubjectLabel(BaseModel):
    id: str
    kind: str
    kind_label: str
    external_id: str
    title: str
    status: str | None
    starts_at: str | None
    url: str | None


class MessageShape(BaseModel):
    """`client_key` goes to its sender only; a deleted message has no body."""

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    client_key: str | None = None
    subject: SubjectLabel | None
    reply_to: int | None
    attachments: list[AttachmentShape]
    reactions: list[str]
    created_at: str
    edited_at: str | None
    deleted: bool


class ThreadShape(BaseModel):
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
    other_read_seq: int
    other_delivered_seq: int
    archived: bool
    muted: bool
    muted_until: str | None
    snoozed_until: str | None
    created_at: str
    updated_at: str


class MembershipShape(BaseModel):
    thread_id: str
    last_read_seq: int
    unread: int
    archived: bool
    muted_until: str | None
    snoozed_until: str | None


class Unread(BaseModel):
    messages: int
    notifications: int


class OneThread(BaseModel):
    thread: ThreadShape


class ThreadPage(BaseModel):
    threads: list[ThreadShape]
    next: str | None
    cursor: str


class OneMessage(BaseModel):
    message: MessageShape


class MessagePage(BaseModel):
    messages: list[MessageShape]
    has_more: bool
    cursor: str


class ReadAnswer(BaseModel):
    membership: MembershipShape
    unread: Unread


class MembershipAnswer(BaseModel):
    membership: MembershipShape


class Me(BaseModel):
    user: Person
    cursor: str
    unread: Unread
