"""Define the table of attachments: one row per file. The bytes are in storage.py's store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

STATES = SCANNING, FRESH, READY, WITHDRAWN, REFUSED, GONE = (
    *("scanning", "fresh", "ready"),
    *("withdrawn", "refused", "gone"),
)
SHOWN = (SCANNING, FRESH, READY)


class Attachment(Base):
    """A file that `owner` uploaded, also visible to `reader` once it was sent.

    States: `scanning`, the scanner has not answered, and nobody can open it; `fresh`, a picture whose
    thumbnail the worker has still to make; `ready`; `withdrawn`, its message was deleted or it was never
    sent, so nobody sees it and the worker will delete its bytes; `refused`, the scanner found something in
    it, and its bytes are deleted; `gone`, they are deleted, and the row stays as a record of a sent file.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
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
    reader_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: not sent
    thread_id: Mapped[str | None] = mapped_column(String(13))
    message_seq: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer, default=0)  # order within its message
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(100))  # detected from the content
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)  # pictures only
    height: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)  # recordings only
    peaks: Mapped[str | None] = mapped_column(String(64))  # how loud a recording is: see recordings.py
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the stored bytes
    state: Mapped[str] = mapped_column(String(10))
    # when the worker processes it; a claim moves it ahead
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def is_picture(self) -> bool:
        """Return whether the file is a picture."""
        return self.width is not None

    def is_for(self, user_id: str) -> bool:
        """Return whether this user may see the file."""
        return self.state in SHOWN and user_id in (self.owner_id, self.reader_id)
