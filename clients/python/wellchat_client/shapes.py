"""The JSON of answers, as types. New fields may come; those that you do not know do no harm."""

from typing import Any, Literal, NotRequired, TypedDict


class SubjectRef(TypedDict):
    """A booking, coupon or lead, by its kind and the platform's own id."""

    kind: str
    external_id: str


class Person(TypedDict):
    """Somebody, as others see them."""

    id: str
    name: str
    avatar_url: str | None
    role: Literal["client", "professional", "admin"]
    role_label: str
    staff: bool


class Other(Person):
    """The other person of a thread."""

    presence: Literal["here", "away"]
    seen_at: str | None


class SubjectLabel(TypedDict):
    """What a thread or a message is about."""

    id: str
    kind: str
    kind_label: str
    external_id: str
    title: str
    status: str | None
    starts_at: str | None
    url: str | None


class Quote(TypedDict):
    """The message that is replied to."""

    seq: int
    sender_id: str
    body: str | None
    deleted: bool


class Attachment(TypedDict):
    """A file. `Client.download` gets its bytes."""

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None
    state: Literal["ready", "checking", "refused"]
    duration_ms: NotRequired[int | None]
    peaks: NotRequired[str | None]


class Reaction(TypedDict):
    """One emoji on a message."""

    emoji: str
    user_ids: list[str]


class Message(TypedDict):
    """A message. A deleted one has no body. Of two states, the one with the higher `revision` is newer."""

    thread_id: str
    seq: int
    sender_id: str
    body: str | None
    client_key: NotRequired[str | None]
    subject: SubjectLabel | None
    reply_to: int | None
    quote: Quote | None
    attachments: list[Attachment]
    reactions: list[Reaction]
    created_at: str
    edited_at: str | None
    deleted: bool
    removed_by: str | None
    pinned_at: str | None
    by_email: bool
    via: str | None
    system: bool
    revision: int
    masked: NotRequired[bool | None]
    card: NotRequired[dict[str, Any] | None]


class PairFacts(TypedDict):
    """How long two people know each other, and their bookings."""

    since: str
    bookings: int
    last_booking_at: str | None
    next_booking_at: str | None


class Reason(TypedDict):
    """Why a thread matters, and the points that it has for it."""

    words: str
    points: int


class Priority(TypedDict):
    """The sum of the points, and each of them."""

    score: int
    why: list[Reason]


class Thread(TypedDict):
    """A thread as I see it."""

    id: str
    key_scope: Literal["connection", "client", "subject"]
    title: str
    context: str | None
    client: Person
    professional: Person
    other: Other
    subject: SubjectLabel | None
    last_message: Message | None
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
    standing: NotRequired[Literal["new", "regular"] | None]
    facts: NotRequired[PairFacts | None]
    priority: NotRequired[Priority | None]


class Notification(TypedDict):
    """One entry of the bell."""

    id: str
    kind: str
    priority: Literal["low", "normal", "high"]
    thread_id: str | None
    count: int
    count_words: str
    title: str
    preview: str
    actor: Person | None
    read: bool
    created_at: str
    updated_at: str
    url: str


class Unread(TypedDict):
    """Numbers for badges."""

    messages: int
    notifications: int


class InboxCounts(TypedDict):
    """Unread messages in the archive and in snoozed threads, and threads that wait for my reply."""

    archived: int
    snoozed: int
    waiting: int


class Me(TypedDict):
    """Who I am."""

    user: Person
    cursor: str
    unread: Unread
    inbox: InboxCounts


class MessagePage(TypedDict):
    """Messages, ascending."""

    messages: list[Message]
    at: NotRequired[int | None]
    has_more: bool
    cursor: str


class Typist(TypedDict):
    """Somebody who is writing."""

    thread_id: str
    user_id: str


class Update(TypedDict):
    """The current state of everything that changed after a cursor."""

    cursor: str
    has_more: bool
    threads: list[Thread]
    messages: list[Message]
    notifications: list[Notification]
    unread: Unread
    inbox: InboxCounts
    typing: list[Typist]
