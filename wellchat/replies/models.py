"""Mails that came in, and what became of each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

TAKEN, DROPPED, REFUSED, BOUNCE = ("taken", "dropped", "refused", "bounce")


class ReceivedMail(Base):
    """One mail to one of our addresses. The digest is unique, so that a repeated delivery is recognised.

    Outcomes: taken (it became a message), dropped (no person wrote it), refused (its sender was told why),
    bounce (a mail of ours came back). Mails of strangers are not written down.
    """

    __tablename__ = "received_mails"
    __table_args__ = (
        CheckConstraint("outcome IN ('taken', 'dropped', 'refused', 'bounce')", name="outcome"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # of the mail and of the address it came to
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    thread_id: Mapped[str | None] = mapped_column(String(13))
    seq: Mapped[int | None] = mapped_column(Integer)  # of the message it became
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class LeftOutText(Base):
    """What a mail said beside the words of its message: quotes, the signature, lines of programs."""

    __tablename__ = "left_out_texts"
    __table_args__ = (
        UniqueConstraint("thread_id", "seq"),
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(String(13))
    seq: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
