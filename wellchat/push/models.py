"""Devices that want to be pushed to, and what is on its way to each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

QUEUED, SENDING, SENT, SKIPPED, FAILED, UNKNOWN = (
    "queued",
    "sending",
    "sent",
    "skipped",
    "failed",
    "unknown",
)


class Device(Base):
    """One browser of one person. It goes with the session or token it was registered by."""

    __tablename__ = "push_devices"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    session: Mapped[str | None] = mapped_column(
        String(80)
    )  # what its cookie holds; none where a token registered it
    token_id: Mapped[str | None] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(Text)
    endpoint_digest: Mapped[str] = mapped_column(
        String(64), unique=True
    )  # endpoints are too long for an index
    p256dh: Mapped[str] = mapped_column(
        String(88)
    )  # its public key: what is sent, only its private one opens
    auth: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(60))  # "Firefox on Android"
    shows_words: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=false()
    )  # sender and text
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Push(Base):
    """One record of the bell on one device: queued -> sending -> sent, as a mail is; queued again when it counts up.

    A row left in `sending` by a crash becomes `unknown`, and is not sent again unless there is more to tell.
    """

    __tablename__ = "pushes"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'skipped', 'failed', 'unknown')", name="state"
        ),
        UniqueConstraint("device_id", "notification_id"),
        Index("ix_pushes_state_due_at", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    device_id: Mapped[str] = mapped_column(ForeignKey("push_devices.id", ondelete="CASCADE"))
    notification_id: Mapped[str] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    reason: Mapped[str] = mapped_column(Text, default="")
    claim: Mapped[str | None] = mapped_column(String(13))  # whose attempt it is
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when the latest of what it tells was recorded
    due_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # next try; while sending: when it counts as unknown
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # the device was told that it has been read
