"""Describe the JSON of files for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from wellchat.shapes import Id, Moment, NextPage, like


class AttachmentShape(BaseModel):
    """A file. Fetch `url` for its bytes, with the same token. `width` and `height` are for pictures.

    `thumbnail_url` is null until the thumbnail is made. `state`: `ready`; `checking`, it cannot be opened
    yet; `refused`, the scanner found something in it.
    """

    id: Id
    name: str = like("before.jpg")
    media_type: str = like("image/jpeg")
    size: int = like(183_204, description="In bytes.")
    width: int | None = like(1200)
    height: int | None = like(900)
    url: str = like("/attachments/wmrc9qh0k19xf/before.jpg")
    thumbnail_url: str | None = like("/attachments/wmrc9qh0k19xf/thumbnail")
    state: Literal["ready", "checking", "refused"]
    duration_ms: int | None = like(7_200, default=None, description="Of a recording; null if unknown.")
    peaks: str | None = like("0389fkm9", default=None, description="How loud its parts are, from 0 to v.")


class OneAttachment(BaseModel):
    """The file that was uploaded."""

    attachment: AttachmentShape


class SentAttachment(AttachmentShape):
    """A file in its message."""

    seq: int
    sender_id: Id
    created_at: Moment


class AttachmentPage(BaseModel):
    """A page of files; `next` is the token of the next page."""

    attachments: list[SentAttachment]
    next: NextPage | None


def describe_upload(spec: dict[str, Any]) -> None:
    """Add to an OpenAPI document the body of an upload, which no form declares."""
    # Generators know a file by its old format, newer ones by the type of its content.
    file = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    loud = "Of a recording: how loud each of 8 to 64 parts is, a digit from 0 to v for each."
    peaks = {"type": "string", "pattern": "^[0-9a-v]{8,64}$", "description": loud}
    shape = {"type": "object", "required": ["file"], "properties": {"file": file, "peaks": peaks}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": shape}}}
    spec["paths"]["/api/attachments"]["post"]["requestBody"] = body
