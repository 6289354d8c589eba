"""The responses of the JSON calls, for the OpenAPI document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wellchat.shapes import Cursor, Id, Moment, NextPage, like


class Actor(BaseModel):
    """Who caused a notification."""

    id: Id
    name: str = like("Rosa Delgado")
    avatar_url: str | None = like("/people/wmrc9qh0k19xf/avatar?v=1")
    role: Literal["client", "professional", "admin"]
    role_label: str = like("Stylist")
    staff: bool


class NotificationShape(BaseModel):
    """One entry of the bell. `count` things are in it, said in `count_words`; `url` is a path of a page."""

    id: Id
    kind: str = like("message")
    priority: Literal["low", "normal", "high"]
    thread_id: Id | None
    count: int = like(2)
    count_words: str = like("2 new messages")
    title: str = like("Rosa Delgado")
    preview: str = like("Yes, see you then!")
    actor: Actor | None
    read: bool
    created_at: Moment
    updated_at: Moment
    url: str = like("/threads/wmrc9qh0k19xf#3")


class NotificationPage(BaseModel):
    """`unread` counts all unread notifications. `cursor` was read before the list."""

    notifications: list[NotificationShape]
    next: NextPage | None
    unread: int
    cursor: Cursor


class UnreadAnswer(BaseModel):
    unread: int


class ChannelsShape(BaseModel):
    """Where one kind of notification goes."""

    bell: bool = like(True)
    push: bool = like(True)
    email: bool


class PreferencesShape(BaseModel):
    """How and when I am told. Hours are in `time_zone`; weekday 0 is Monday; `channels` is by kind."""

    cadence: Literal["soon", "hourly", "daily", "weekly", "off"]
    digest_hour: int = like(8)
    digest_weekday: int = like(0)
    quiet_from: str | None = like("22:00")
    quiet_to: str | None = like("07:00")
    time_zone: str = like("Europe/Paris")
    discreet_mails: bool
    channels: dict[str, ChannelsShape] = like({"message": {"bell": True, "push": True, "email": False}})


class PreferencesAnswer(BaseModel):
    preferences: PreferencesShape
