"""Files that people send each other: one row for each, whose bytes lie in storage.py's store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

FRESH, READY, WITHDRAWN, GONE = ("fresh", "ready", "withdrawn", "gone")
SHOWN = (FRESH, READY)


class Attachment(Base):
    """A file of `owner`'s, for `reader` too once it was sent: the two people of its thread, who alone may see it.

    `fresh`: a picture whose thumbnail the worker has still to make. `withdrawn`: its message was deleted, or it was
    never sent; nobody sees it any more, and the worker takes its bytes away. `gone`: they are; the row stays, as the
    record of what it was.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("state IN ('fresh', 'ready', 'withdrawn', 'gone')", name="state"),
        Index("ix_attachments_thread_id_message_seq", "thread_id", "message_seq"),
        Index(
            "ix_attachments_unsent",
            "owner_id",
            sqlite_where=text("thread_id IS NULL"),
            postgresql_where=text("thread_id IS NULL"),
        ),
        Index("ix_attachments_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    reader_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # none: not sent
    thread_id: Mapped[str | None] = mapped_column(String(13))
    message_seq: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer, default=0)  # within its message
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))  # decided by us, from what is in it
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)  # of a picture only
    height: Mapped[int | None] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of what we keep
    state: Mapped[str] = mapped_column(String(10))
    # when the worker looks; pushed ahead by a claim
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def is_picture(self) -> bool:
        return self.width is not None

    def is_for(self, user_id: str) -> bool:
        return self.state in SHOWN and user_id in (self.owner_id, self.reader_id)
