"""Define the record of accesses to other people's conversations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id


class AccessGrant(Base):
    """An administrator opened a thread, and why. Never changed, never deleted."""

    __tablename__ = "looks"
    __table_args__ = (Index("ix_looks_thread_id_created_at", "thread_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    admin_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    admin: Mapped[User] = relationship(lazy="raise")
