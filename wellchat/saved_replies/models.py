"""The tables of saved replies: texts to put into a message, and who used which how often."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

EVERYBODY = "everybody"  # the shelf of the installation; no id has nine letters
MAX_REPLIES = 500  # of one shelf
MAX_TITLE = 80  # characters
MAX_REPLY = 4_000  # characters, before the values are filled in


class SavedReply(Base):
    """One text with a title. `shelf` is the id of its owner, or EVERYBODY; no two there have one title."""

    __tablename__ = "saved_replies"
    __table_args__ = (UniqueConstraint("shelf", "title"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    # None: the installation's, for all professionals
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    shelf: Mapped[str] = mapped_column(String(13))
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    body: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)  # the own order, smallest first; gaps mean nothing
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SavedReplyUse(Base):
    """How often one person has put a reply into a message, and when last."""

    __tablename__ = "saved_reply_uses"

    reply_id: Mapped[str] = mapped_column(
        ForeignKey("saved_replies.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
