"""JSON of questions and of pictures that may be shown, and its shapes for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from wellchat.attachments.schemas import AttachmentShape
from wellchat.attachments.serializers import as_file, file_json
from wellchat.clock import iso
from wellchat.portfolio.queries import OfAsk, Shown
from wellchat.shapes import Id, Moment, NextPage, like


class ShownPicture(AttachmentShape):
    """A picture that may be shown. `url` is for the two people alone; `public`: also on the public page."""

    label: Literal["reference", "result"] | None
    thread_id: Id
    consented_at: Moment
    public: bool


class Gallery(BaseModel):
    """Pictures of all clients that I may show; `next` is the token of the next page."""

    pictures: list[ShownPicture]
    next: NextPage | None


class AskedPicture(BaseModel):
    """A picture of a question. `there` is false once its message was deleted."""

    id: Id
    there: bool
    revoked_at: Moment | None


class AskShape(BaseModel):
    """A question whether pictures may be shown, and its answer.

    `state`: `asked`, `yes`, `no`, `revoked` (the client took the yes back), `ended` (their connection ended).
    """

    id: Id
    thread_id: Id
    seq: int
    client_id: Id
    professional_id: Id
    purpose: Literal["clients", "public"]
    state: Literal["asked", "yes", "no", "revoked", "ended"]
    pictures: list[AskedPicture]
    asked_at: Moment
    answered_at: Moment | None
    over_at: Moment | None


class OneAsk(BaseModel):
    ask: AskShape


class Asks(BaseModel):
    """My questions, or those to me, the latest first."""

    asks: list[AskShape]


class LabelShape(BaseModel):
    """The label of a picture. Only the professional sees it."""

    attachment_id: Id
    label: Literal["reference", "result"] | None = like("result")


def shown_json(shown: Shown) -> dict[str, Any]:
    """Return a picture that may be shown (ShownPicture)."""
    return file_json(as_file(shown.file)) | {
        "label": shown.label,
        "thread_id": shown.file.thread_id,
        "consented_at": iso(shown.since),
        "public": shown.is_public,
    }


def ask_json(of: OfAsk) -> dict[str, Any]:
    """Return a question (AskShape)."""
    ask = of.ask
    return {
        "id": ask.id,
        "thread_id": ask.thread_id,
        "seq": ask.message_seq,
        "client_id": ask.client_id,
        "professional_id": ask.professional_id,
        "purpose": ask.purpose,
        "state": ask.state,
        "pictures": [
            {"id": file.id, "there": file.is_for(ask.client_id), "revoked_at": iso(picture.revoked_at)}
            for picture, file in of.pictures
        ],
        "asked_at": iso(ask.asked_at),
        "answered_at": iso(ask.answered_at),
        "over_at": iso(ask.over_at),
    }
