"""The shapes of the JSON of saved replies."""

from __future__ import annotations

from pydantic import BaseModel

from wellchat.shapes import Id, Moment, like


class SavedReplyShape(BaseModel):
    """A saved reply: mine, or one of the installation. `used` and `last_used_at` are about me alone."""

    id: Id
    title: str = like("Thanks")
    body: str = like("Thank you, {first_name}. See you on {booking_time}.")
    mine: bool
    used: int
    last_used_at: Moment | None
    changed_at: Moment


class SavedReplies(BaseModel):
    saved_replies: list[SavedReplyShape]


class OneSavedReply(BaseModel):
    saved_reply: SavedReplyShape


class MenuReply(BaseModel):
    """A reply as the menu of a conversation shows it. `missing`: placeholders without a value there."""

    id: Id
    title: str = like("Thanks")
    preview: str = like("Thank you, Cara. See you on Thursday 12 November 14:05.")
    missing: list[str]


class MenuReplies(BaseModel):
    saved_replies: list[MenuReply]


class FilledReply(BaseModel):
    """The text to put into a message. `missing`: placeholders without a value; each is "…" in the text."""

    text: str = like("Thank you, Cara. See you on Thursday 12 November 14:05.")
    missing: list[str]
