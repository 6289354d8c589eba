"""Describe the JSON of files for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel


class AttachmentShape(BaseModel):
    """A file. `width` and `height` are for pictures; `thumbnail_url` is null until the thumbnail is made.

    `state`: `ready`; `checking`, it cannot be opened yet; `refused`, the scanner found something in it.
    """

    id: str
    name: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None
    state: str


class OneAttachment(BaseModel):
    """The file that was uploaded."""

    attachment: AttachmentShape


class SentAttachment(AttachmentShape):
    """A file in its message."""

    seq: int
    sender_id: str
    created_at: str


class AttachmentPage(BaseModel):
    """A page of files; `next` is the token of the next page."""

    attachments: list[SentAttachment]
    next: str | None
