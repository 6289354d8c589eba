"""Define the table of what is hidden in messages until the two people have booked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

BOOKED, DISPUTED = ("booked", "disputed")  # why a part is shown
_STILL_HIDDEN = text("shown_at IS NULL")


class MessageMask(Base):
    """A part of a message's text that only its sender sees, from `start` up to `end`, until `shown_at`.

    Offsets count the characters of the text. Once shown, it stays so. A new text has new rows.
    """

    __tablename__ = "message_masks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('phone', 'email', 'link', 'handle')", name="kind"),
        CheckConstraint('0 <= start AND start < "end"', name="range"),
        Index(
            "ix_message_masks_hidden",
            "thread_id",
            "seq",
            sqlite_where=_STILL_HIDDEN,
            postgresql_where=_STILL_HIDDEN,
        ),
        Index("ix_message_masks_made_at", "made_at"),
    )

    thread_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    start: Mapped[int] = mapped_column(Integer, primary_key=True)
    end: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    shown_because: Mapped[str | None] = mapped_column(String(8))  # BOOKED or DISPUTED
