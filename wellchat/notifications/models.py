"""Notifications, and each person's preferences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id


class Notification(Base):
    """One notification. There is at most one unread per person and group: more news counts it up."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(
            "uq_notifications_unread",
            "user_id",
            "group_key",
            unique=True,
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notifications_user_id_updated_at", "user_id", "updated_at", "id"),
        Index("ix_notifications_user_id_thread_id", "user_id", "thread_id"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    group_key: Mapped[str] = mapped_column(String(80))  # such as "message:THREAD_ID"
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    thread_id: Mapped[str | None] = mapped_column(String(13))
    count: Mapped[int] = mapped_column(Integer, default=1)
    # It covers the messages first_seq..last_seq of the thread.
    first_seq: Mapped[int | None] = mapped_column(Integer)
    last_seq: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(240))
    preview: Mapped[str] = mapped_column(String(200), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    in_bell: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())  # false: by push only
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")


class Preferences(Base):
    """How a person wants to be notified. No row: all defaults."""

    __tablename__ = "preferences"
    __table_args__ = (
        CheckConstraint("cadence IN ('soon', 'hourly', 'daily', 'weekly', 'off')", name="cadence"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
        CheckConstraint("digest_weekday BETWEEN 0 AND 6", name="digest_weekday"),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    cadence: Mapped[str] = mapped_column(String(10), default="soon")
    digest_hour: Mapped[int] = mapped_column(Integer, default=8)
    digest_weekday: Mapped[int] = mapped_column(Integer, default=0)  # Monday 0
    quiet_from: Mapped[str | None] = mapped_column(String(5))  # "22:00", in the person's own zone
    quiet_to: Mapped[str | None] = mapped_column(String(5))
    # {kind: {"bell": bool, "push": bool, "email": bool}}, only what the person chose
    channels: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # no names and no words in emails; None: WELLCHAT_DISCREET_MAILS
    discreet_mails: Mapped[bool | None] = mapped_column(Boolean)


class OwnNotificationKind(Base):
    """A kind of notification that the host platform has added.

    `mail` and `push` say whether a channel carries it: "on" unless a person switches it off, "off" until they
    switch it on, or "never".
    """

    __tablename__ = "own_notification_kinds"
    __table_args__ = (
        CheckConstraint("mail IN ('on', 'off', 'never')", name="mail"),
        CheckConstraint("push IN ('on', 'off', 'never')", name="push"),
    )

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    mail: Mapped[str] = mapped_column(String(5))
    push: Mapped[str] = mapped_column(String(5))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
