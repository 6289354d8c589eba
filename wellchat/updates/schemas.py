"""The schema of an update, for the OpenAPI document. Tests check every response against it."""

from __future__ import annotations

from pydantic import BaseModel

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
