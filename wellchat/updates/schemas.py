"""The schema of an update, for the OpenAPI document. Tests check every response against it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from wellchat.feature import plural, registry
from wellchat.messaging.schemas import MessageShape, ThreadShape, Unread
from wellchat.notifications.schemas import NotificationShape


class Typist(BaseModel):
    thread_id: str
    user_id: str


class Update(BaseModel):
    """The current state of everything that changed after a cursor. Lists are empty where nothing changed."""

    cursor: str
    has_more: bool
    threads: list[ThreadShape]
    messages: list[MessageShape]
    notifications: list[NotificationShape]
    unread: Unread
    typing: list[Typist]


def describe_declared(spec: dict[str, Any]) -> None:
    """Add the keys of the declared kinds of change to the update of an OpenAPI document."""
    properties = spec["components"]["schemas"]["Update"]["properties"]
    for kind in registry().changes:
        description = f"What the kind of change `{kind}` brings, by `id`; absent where nothing of it changed."
        properties[plural(kind)] = {"type": "array", "items": {"type": "object"}, "description": description}
