"""The schedules: when each person's next digest or weekly summary is decided on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime


class DigestSchedule(Base):
    """When to decide on a person's next digest. No row: nothing is unread that was not mailed."""

    __tablename__ = "digest_schedules"
    __table_args__ = (Index("ix_digest_schedules_due_at", "due_at"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)  # pushed ahead by a claim: that is its lease
    asked: Mapped[int] = mapped_column(
        Integer, default=0, server_default="0"
    )  # raised whenever a look is asked for


class WeekSchedule(Base):
    """When to decide on a person's next weekly summary. No row: nothing has happened since the last one."""

    __tablename__ = "week_schedules"
    __table_args__ = (Index("ix_week_schedules_due_at", "due_at"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
