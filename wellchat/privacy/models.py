"""Define the tables of people's own data: copies they asked for, erasures, and legal holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

QUEUED, READY, ENDED, FAILED = EXPORT_STATES = ("queued", "ready", "ended", "failed")
ASKED, ERASING, TOLD, DONE = ERASURE_STATES = ("asked", "erasing", "told", "done")


class Export(Base):
    """A copy of a person's data. The row is the job; `part_key` names the pieces of its zip in the store.

    queued -> ready -> ended, when its pieces are deleted; or failed, after too many attempts.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'ready', 'ended', 'failed')", name="state"),
        Index("ix_exports_user_id_asked_at", "user_id", "asked_at"),
        Index("ix_exports_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    # when the worker makes it, or deletes it; a claim moves it ahead
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done: Mapped[int] = mapped_column(Integer, default=0)  # messages and files that are in it so far
    total: Mapped[int] = mapped_column(Integer, default=0)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Erasure(Base):
    """The erasure of one person. Done ones stay: they are applied again to a restored backup.

    asked -> erasing -> told, while the last mail is on its way -> done. A cancelled one is deleted.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'erasing', 'told', 'done')", name="state"),
        Index("ix_erasures_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(10), default=ASKED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # only until the last mail: the address and language are gone from the account before
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str | None] = mapped_column(String(12))
    steps: Mapped[list[str]] = mapped_column(JSON, default=list)  # names of the features that are done
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Hold(Base):
    """A legal hold on a person or a conversation: nothing of it is removed while it lasts."""

    __tablename__ = "holds"
    __table_args__ = (CheckConstraint("(user_id IS NULL) <> (thread_id IS NULL)", name="one_thing"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    thread_id: Mapped[str | None] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(80))  # name of the operator
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
