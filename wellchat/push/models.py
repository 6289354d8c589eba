"""Devices that are pushed to, and the pushes on their way to each."""

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

from wellchat.claims import QUEUED
from wellchat.db import Base, UTCDateTime, new_id


class Device(Base):
    """One browser of one person. It goes with the login session or the token that registered it."""

    __tablename__ = "push_devices"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # id of the session's row, which tells nothing to a browser; NULL if a token registered the device
    session: Mapped[str | None] = mapped_column(String(80))
    token_id: Mapped[str | None] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(Text)
    # SHA-256, because endpoints are too long for an index
    endpoint_digest: Mapped[str] = mapped_column(String(64), unique=True)
    # the browser's public key; only its private key decrypts what is sent
    p256dh: Mapped[str] = mapped_column(String(88))
    auth: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(60))  # "Firefox on Android"
    # whether its lock screen shows sender and text
    shows_words: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Push(Base):
    """One notification on one device: queued -> sending -> sent, as a mail; queued again when it counts up.

    A row that a crash left in `sending` becomes `unknown`. It is sent again only when there is more news.
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
    claim: Mapped[str | None] = mapped_column(String(13))  # a new id for every claim
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when its notification last counted up
    # the next attempt; while sending: when it counts as unknown
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # when the device was told that the notification has been read
    cleared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
