"""Schemas of the JSON responses, for the OpenAPI document. Tests check every response against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from wellchat.attachments.schemas import AttachmentShape
from wellchat.shapes import Cursor, Id, Moment, NextPage, like

ROSA = {
    "id": "wmrc9qh0k19xf",
    "name": "Rosa Delgado",
    "avatar_url": "/people/wmrc9qh0k19xf/avatar?v=1",
    "role": "professional",
    "role_label": "Stylist",
    "staff": False,
}
HANNAH = ROSA | {"id": "wmrc9qh0k23ab", "name": "Hannah Whitcombe", "avatar_url": None}
HANNAH |= {"role": "client", "role_label": "Client"}


class Person(BaseModel, json_schema_extra={"examples": [ROSA]}):
    """A user as others see them. It never contains an email address."""

    id: Id
    name: str = like("Rosa Delgado")
    avatar_url: str | None = like("/people/wmrc9qh0k19xf/avatar?v=1")
    role: Literal["client", "professional", "admin"]
    role_label: str = like("Stylist")
    staff: bool


class Other(
    Person,
    json_schema_extra={"examples": [ROSA | {"presence": "away", "seen_at": "2026-01-31T12:05:00.000Z"}]},
):
    """`seen_at` is rounded down to five minutes, and null if it is more than seven days ago."""

    presence: Literal["here", "away"]
    seen_at: Moment | None


class SubjectLabel(BaseModel):
    """A booking, session, coupon or lead, as threads and messages show it.

    `url` is the host platform's page.
    """

    id: Id
    kind: str = like("booking")
    kind_label: str = like("Booking")
    external_id: str = like("B-1041")
    title: str = like("Balayage refresh")
    status: str | None = like("confirmed")
    starts_at: Moment | None
    url: str | None = like("https://salon.example/b/1041")


class Quote(BaseModel):
    """The beginning of the message that is replied to, in its present state."""

    seq: int
    sender_id: Id
    body: str | None = like("Is Friday at three free?")
    deleted: bool


class ReactionShape(BaseModel):
    """One emoji on a message, and the people who put it there."""

    emoji: str = like("👍")
    user_ids: list[Id]


class CardShape(BaseModel):
    """A question in a message. `kind` names the feature, and `id` the question there.

    `portfolio`: may pictures of the thread (`attachments`) be shown? See the calls of Portfolio.
    """

    kind: str = like("portfolio")
    id: Id
    state: str = like("asked")
    purpose: str = like("public")
    attachments: list[Id]


class MessageShape(BaseModel):
    """A message. Only its sender gets `client_key`; a deleted message has no body.

    `removed_by` is "policy" if it was deleted because a period of retention ended, "host" if the platform
    removed it. `system`: this site itself wrote it, and no person. `via` is "host" if the platform sent it in
    its sender's name. Of two states of a message, the one with the higher `revision` is newer. `masked` is
    there where contact data is hidden until a booking: whether the other person sees ••• in place of a part.
    `card` is there where the message asks something; it cannot be edited.
    """

    thread_id: Id
    seq: int
    sender_id: Id
    body: str | None = like("Yes, see you then!")
    client_key: str | None = like("0190163d8694739bb4a2", default=None)
    subject: SubjectLabel | None
    reply_to: int | None
    quote: Quote | None
    attachments: list[AttachmentShape]
    reactions: list[ReactionShape]
    created_at: Moment
    edited_at: Moment | None = like(None)
    deleted: bool
    removed_by: str | None = like(None)
    pinned_at: Moment | None = like(None)
    by_email: bool
    via: str | None = like(None)
    system: bool = like(False)
    revision: int
    masked: bool | None = like(False, default=None)
    card: CardShape | None = None


class PairFactsShape(BaseModel):
    """How long two people know each other, and their bookings: those that took place, and the next one."""

    since: Moment
    bookings: int = like(12)
    last_booking_at: Moment | None
    next_booking_at: Moment | None


class ThreadShape(BaseModel):
    """A thread as I see it. `last_message` is null in an empty one.

    The inbox sorts by `pinned` and `listed_at`. `unread_from` is set while I have marked the thread as
    unread. `waiting_since` is the time of the first message that I have not replied to. The other person has
    received messages up to `other_delivered_seq` and read them up to `other_read_seq`. Where I cannot write,
    `closed` is the sentence that says so; `closed_by_me` is set if I can open it again. `facts` and
    `standing` are there where the site counts bookings; `standing` says what a client is to me: "new" without
    a booking that took place, "regular" with two and more.
    """

    id: Id
    key_scope: Literal["connection", "client", "subject"]
    title: str = like("Rosa Delgado")
    context: str | None = like("Balayage refresh")
    client: Person = like(HANNAH)
    professional: Person
    other: Other
    subject: SubjectLabel | None
    last_message: MessageShape | None
    last_seq: int
    unread: int
    last_read_seq: int
    unread_from: int | None = like(None)
    other_read_seq: int
    other_delivered_seq: int
    can_write: bool = like(True)
    closed: str | None = like(None)
    closed_by_me: Literal["blocked", "ended"] | None = like(None)
    archived: bool
    pinned: bool
    kind: str | None = like("booking")
    waiting_since: Moment | None
    muted: bool
    muted_until: Moment | None = like(None)
    snoozed_until: Moment | None = like(None)
    listed_at: Moment
    created_at: Moment
    updated_at: Moment
    standing: Literal["new", "regular"] | None = like("regular", default=None)
    facts: PairFactsShape | None = None


class MembershipShape(BaseModel):
    """My own state of a thread."""

    thread_id: Id
    last_read_seq: int
    unread_from: int | None = like(None)
    unread: int
    archived: bool
    pinned: bool
    muted_until: Moment | None = like(None)
    snoozed_until: Moment | None = like(None)


class Unread(BaseModel):
    """Numbers for badges."""

    messages: int
    notifications: int


class InboxCounts(BaseModel):
    """Unread messages in the archive and in snoozed threads, and threads that wait for my reply."""

    archived: int
    snoozed: int
    waiting: int


class OneThread(BaseModel):
    thread: ThreadShape


class ClaimAnswer(BaseModel):
    """The lead as it is now, and its thread; null where its client has no account yet."""

    subject: SubjectLabel
    thread: ThreadShape | None


class ThreadPage(BaseModel):
    """`next` is the `before` of the next page, null on the last one. `cursor` was read before the threads."""

    threads: list[ThreadShape]
    next: NextPage | None
    cursor: Cursor


class OneMessage(BaseModel):
    message: MessageShape


class Pins(BaseModel):
    messages: list[MessageShape]


class MessagePage(BaseModel):
    """Messages, ascending. `at` is the message that `around` or `date` asked for."""

    messages: list[MessageShape]
    at: int | None = None
    has_more: bool
    cursor: Cursor


class ReadAnswer(BaseModel):
    membership: MembershipShape
    unread: Unread


class MembershipAnswer(BaseModel):
    membership: MembershipShape


RestoredField = Literal[
    "archived", "pinned", "muted_until", "snoozed_until", "until_answer", "unread_from", "settled_seq"
]


class ThreadState(BaseModel):
    """My own state of a thread before a change. Give it back in `restore` to undo the change."""

    thread_id: Id
    archived: bool
    pinned: bool
    muted_until: Moment | None = like(None)
    snoozed_until: Moment | None = like(None)
    until_answer: bool
    unread_from: int | None = like(None)
    settled_seq: int
    last_read_seq: int
    last_seq: int


class ThreadsAnswer(BaseModel):
    """`before` is the state of each thread before it, `fields` what changed; both are empty after an undo."""

    before: list[ThreadState]
    fields: list[RestoredField]
    unread: Unread
    inbox: InboxCounts


class Me(BaseModel):
    """`cursor` is the position in my change log, read before the numbers."""

    user: Person
    cursor: Cursor
    unread: Unread
    inbox: InboxCounts


def describe_tags(spec: dict[str, Any]) -> None:
    """Add to an OpenAPI document what the tag of threads is about."""
    spec["tags"].append({"name": "Threads", "description": "Conversations, and how I stand in them."})
