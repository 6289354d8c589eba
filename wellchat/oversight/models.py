"""Define the record of searches for and accesses to other people's conversations."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id


class OversightSearch(Base):
    """An administrator searched for conversations: what for, and why. Never changed, never deleted."""

    __tablename__ = "oversight_searches"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    admin_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    term: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


ASKED_FOR = timedelta(days=7)  # how long somebody may agree; the reason is out of date then


class AccessGrant(Base):
    """An administrator opened a thread, or asks a second one to agree, and why. Never deleted."""

    __tablename__ = "looks"
    __table_args__ = (
        Index("ix_looks_thread_id_created_at", "thread_id", "created_at"),
        Index("ix_looks_notice_due_at", "notice_due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    admin_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # it opens from here on
    approved_by_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: nobody had to agree
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # by the administrator, before its time
    notice_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # None: none is due, or it was sent
    notice_sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    admin: Mapped[User] = relationship(lazy="raise", foreign_keys=[admin_id])
    approved_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[approved_by_id])
