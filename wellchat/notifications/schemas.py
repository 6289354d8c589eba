"""The responses of the JSON calls, for the OpenAPI document."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Actor(BaseModel):
    id: str
    name: str
    avatar_url: str | None
    role: Literal["client", "professional", "admin"]
    role_label: str
    staff: bool


class NotificationShape(BaseModel):
    id: str
    kind: str
    priority: Literal["low", "normal", "high"]
    thread_id: str | None
    count: int
    count_words: str
    title: str
    preview: str
    actor: Actor | None
    read: bool
    created_at: str
    updated_at: str
    url: str


class NotificationPage(BaseModel):
    notifications: list[NotificationShape]
    next: str | None
    unread: int
    cursor: str


class UnreadAnswer(BaseModel):
    unread: int


class ChannelsShape(BaseModel):
    bell: bool
    push: bool
    email: bool


class PreferencesShape(BaseModel):
    cadence: Literal["soon", "hourly", "daily", "weekly", "off"]
    digest_hour: int
    digest_weekday: int
    quiet_from: str | None
    quiet_to: str | None
    time_zone: str
    discreet_mails: bool
    channels: dict[str, ChannelsShape]


class PreferencesAnswer(BaseModel):
    preferences: PreferencesShape
