"""The JSON of the answers of the host API, for its OpenAPI document. Tests hold the answers against them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class HostUser(BaseModel):
    """A person. `seen_at` and `factors` are there when people are read."""

    id: str | None
    external_id: str | None
    name: str
    role: str
    email: str | None
    email_verified: bool
    role_label: str | None
    locale: str | None
    time_zone: str
    open_to_clients: bool
    picture: str | None
    disabled: bool
    created_at: str
    seen_at: str | None = None
    factors: int | None = None


class Written(BaseModel):
    """The answer of a write. `changed`: the names of the fields that changed."""

    changed: list[str]
    stale: bool = False
    dry_run: bool = False


class PutUser(Written):
    """The answer to a PUT of a person."""

    user: HostUser


class OneUser(BaseModel):
    """One person."""

    user: HostUser


class MergedUser(OneUser):
    """The person that is left; `threads`: how many conversations went over."""

    threads: int
    dry_run: bool = False


class Users(BaseModel):
    """A page of people."""

    users: list[HostUser]
    next: str | None


class ErasureState(BaseModel):
    """How far an erasure is: asked, erasing, told, done."""

    state: str
    due_at: str | None


class ErasureAnswer(BaseModel):
    """The answer to asking for an erasure."""

    erasure: ErasureState


class Link(BaseModel):
    """A link that signs somebody in."""

    url: str
    expires_at: str


class Counts(BaseModel):
    """The unread counts of a person."""

    messages: int
    notifications: int


class HostConnection(BaseModel):
    """Two people who may write to each other if it is `open`. `ended` says that the host has ended it."""

    id: str | None
    client: str
    professional: str
    trade: str | None
    open: bool
    ended: bool
    created_at: str


class PutConnectionAnswer(Written):
    """The answer to a PUT of a connection."""

    connection: HostConnection


class HostSubject(BaseModel):
    """A booking or another thing of the host."""

    id: str | None
    kind: str
    external_id: str
    title: str
    professional: str
    client: str | None
    url: str | None
    status: str | None
    starts_at: str | None
    ends_at: str | None
    cancelled_at: str | None
    amount_minor: int | None
    currency: str | None


class PutSubjectAnswer(Written):
    """The answer to a PUT of a subject; `thread` is the id of the conversation that is about it, if any."""

    subject: HostSubject
    thread: str | None


class Limits(BaseModel):
    """How often a key may call."""

    per_minute: int
    per_second: int
    batch: int


class Me(BaseModel):
    """The key of the call, and the server."""

    name: str
    scopes: list[str]
    ends_at: str
    time: str
    version: str
    limits: Limits


class BatchResult(BaseModel):
    """The answer to one operation."""

    status: int
    body: dict[str, Any] | None


class BatchAnswer(BaseModel):
    """The answers, in order."""

    results: list[BatchResult]


class HostProblem(BaseModel):
    """A refusal (RFC 9457) with a stable `code`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: dict[str, str] = {}
    request_id: str | None = None
