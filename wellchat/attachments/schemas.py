"""Shapes of what the JSON calls answer about files."""

from __future__ import annotations

from pydantic import BaseModel


class AttachmentShape(BaseModel):
    """`width` and `height` are a picture's; its `thumbnail_url` is null until the worker has made one."""

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None


class OneAttachment(BaseModel):
    attachment: AttachmentShape


class SentAttachment(AttachmentShape):
    seq: int
    sender_id: str
    created_at: str


class AttachmentPage(BaseModel):
    attachments: list[SentAttachment]
    next: str | None
