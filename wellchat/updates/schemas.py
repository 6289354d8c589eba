"""The schema of an update, for the OpenAPI document. Tests check every response against it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from wellchat.feature import plural, registry
from wellchat.messaging.schemas import InboxCounts, MessageShape, ThreadShape, Unread
from wellchat.notifications.schemas import NotificationShape
from wellchat.openapi_answers import PROBLEM, Problem, headers
from wellchat.openapi_shapes import REF, shape_of
from wellchat.shapes import Cursor, Id, like


class Typist(BaseModel):
    """Somebody who is writing in a thread."""

    thread_id: Id
    user_id: Id


class Update(BaseModel):
    """The current state of everything that changed after a cursor. Lists are empty where nothing changed."""

    cursor: Cursor
    has_more: bool
    threads: list[ThreadShape]
    messages: list[MessageShape]
    notifications: list[NotificationShape]
    unread: Unread
    inbox: InboxCounts
    typing: list[Typist]


class Resync(Problem):
    """This cursor leads nowhere: reload your state, then go on from `cursor`."""

    status: int = like(410)
    title: str = like("Gone")
    detail: str = like("This cursor is older than what we keep.")
    reason: Literal["expired", "foreign", "restored", "ahead"]
    cursor: Cursor


def describe(spec: dict[str, Any]) -> None:
    """Add to an OpenAPI document what only a poll has: 410 with a cursor, the pace, declared kinds."""
    answers = spec["paths"]["/api/updates"]["get"]["responses"]
    spec["components"]["schemas"]["Resync"] = shape_of(Resync)
    answers["410"]["content"] = {PROBLEM: {"schema": {"$ref": f"{REF}Resync"}}}
    for status in ("200", "204", "401", "403", "410", "422", "429", "503"):
        answers.setdefault(status, {})["headers"] = headers("X-Poll-Interval")
    _describe_declared(spec)


def _describe_declared(spec: dict[str, Any]) -> None:
    """Add the keys of the declared kinds of change to the update of an OpenAPI document."""
    properties = spec["components"]["schemas"]["Update"]["properties"]
    for kind in registry().changes:
        description = f"What the kind of change `{kind}` brings, by `id`; absent where nothing of it changed."
        properties[plural(kind)] = {"type": "array", "items": {"type": "object"}, "description": description}
