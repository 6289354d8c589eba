"""Define the table of reminders to oneself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

WAITING, TOLD, DONE = STATES = ("waiting", "told", "done")


class FollowUp(Base):
    """A person wants to be reminded of a conversation. The other person never hears of it.

    The row is the job, see claims.py: `due_at` is when the worker looks at it next, None for never.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'told', 'done')", name="state"),
        Index("ix_follow_ups_due_at", "due_at"),
        Index("ix_follow_ups_user_id_state", "user_id", "state", "remind_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    note: Mapped[str] = mapped_column(Text)
    remind_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
