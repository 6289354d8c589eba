"""Define the table of messages that are sent later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.claims import QUEUED, SENT
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.subjects.models import Subject

REFUSED = "refused"  # it may not be sent any more; its words are kept for its author
SEND_LATER = "send_later"  # the flag
MINE, THEIRS = ("mine", "theirs")  # in whose time zone its author chose the time


class ScheduledMessage(Base):
    """A message that is written now and sent at `send_at`. The row is the job, see claims.py.

    `due_at` is when the worker looks at it next, None for never. Once it was sent, it holds no words any
    more: they are in the message with the number `message_seq`.
    """

    __tablename__ = "scheduled_messages"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'refused')", name="state"),
        # A retry of the call that made it finds it.
        UniqueConstraint("author_id", "thread_id", "client_key"),
        Index("ix_scheduled_messages_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    client_key: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id", ondelete="SET NULL"))
    reply_to: Mapped[int | None] = mapped_column(Integer)
    send_at: Mapped[datetime] = mapped_column(UTCDateTime)
    zone_of: Mapped[str] = mapped_column(String(6), default=MINE)
    state: Mapped[str] = mapped_column(String(8), default=QUEUED)
    reason: Mapped[str | None] = mapped_column(Text)  # why it was refused, in its author's language
    message_seq: Mapped[int | None] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    subject: Mapped[Subject | None] = relationship(lazy="raise")

    @property
    def is_queued(self) -> bool:
        """Return whether it is still to be sent."""
        return self.state == QUEUED

    @property
    def is_sent(self) -> bool:
        """Return whether it was sent."""
        return self.state == SENT
