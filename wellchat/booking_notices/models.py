"""Notices about bookings that are still to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

BOOKED, MOVED, CANCELLED = "booked", "moved", "cancelled"
DAY_BEFORE, HOUR_BEFORE = "day", "hour"  # reminders


class Announcement(Base):
    """One notice to one person. The row is the job: the worker deletes it when it decides on it."""

    __tablename__ = "announcements"
    __table_args__ = (
        CheckConstraint("what IN ('booked', 'moved', 'cancelled', 'day', 'hour')", name="what"),
        Index("ix_announcements_due_at", "due_at"),
    )

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Of what was moved: when it would have begun. Who is not told by then waits there.
    before_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
