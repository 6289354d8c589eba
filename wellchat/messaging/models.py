"""Threads, memberships, messages, and the outbox of messages still to be told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.attachments.serializers import File, files_summary
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.subjects.models import Subject

PREVIEW = 140  # characters of a message that a notification or a quote shows
MAX_SEQ = 2**31 - 1  # the largest number a message can have
MAX_EMOJI = 24  # characters of one emoji; the longest there are take less than half
EDIT_WITHIN = timedelta(minutes=5)


class Thread(Base):
    """One conversation between the two people of a connection.

    `key` decides what "the same conversation" means (`pair_key`, `subject_key`); its uniqueness is what makes opening
    safe under any number of simultaneous tries. `last_seq` numbers the messages: its row lock is held to commit.
    """

    __tablename__ = "threads"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    key_scope: Mapped[str] = mapped_column(String(12))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"), index=True)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)  # of the last message, or the opening

    client: Mapped[User] = relationship(foreign_keys=[client_id], lazy="raise")
    professional: Mapped[User] = relationship(foreign_keys=[professional_id], lazy="raise")
    subject: Mapped[Subject | None] = relationship(lazy="raise")

    def other_id(self, user_id: str) -> str:
        return self.professional_id if user_id == self.client_id else self.client_id


def pair_key(connection_id: str) -> str:
    return f"connection:{connection_id}"


def subject_key(subject: Subject, client_id: str) -> str:
    """What counts as the same conversation about `subject`, where its kind does not just use the pair's own."""
    if subject.declared.scope == "client":
        return f"client:{subject.id}:{client_id}"
    return f"subject:{subject.id}"


_INBOX_ORDER = ("archived", "pinned", "updated_at", "thread_id")  # in the inbox and in each part of it


def _partial_index(name: str, where: str, *columns: str) -> Index:
    """An index over those memberships of which a filter of the inbox speaks."""
    return Index(f"ix_memberships_{name}", *columns, sqlite_where=text(where), postgresql_where=text(where))


class Membership(Base):
    """A user's own state in a thread. Watermarks only move forward.

    `last_seq` and `updated_at` repeat the thread's, so that one index answers the inbox and one the unread count; a
    thread that comes back from a snooze stands where a new one would, so its `updated_at` is then the later.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        Index("ix_memberships_inbox", "user_id", *_INBOX_ORDER),
        _partial_index(
            "unread", "last_seq > last_read_seq OR unread_from IS NOT NULL", "user_id", *_INBOX_ORDER
        ),
        _partial_index("waiting", "waiting_since IS NOT NULL", "user_id", *_INBOX_ORDER),
        _partial_index("kind", "kind IS NOT NULL", "user_id", "kind", *_INBOX_ORDER),
        _partial_index("snoozed", "snoozed_until IS NOT NULL", "user_id", *_INBOX_ORDER),
        _partial_index("due", "snoozed_until IS NOT NULL", "snoozed_until"),
        CheckConstraint("last_read_seq <= last_seq", name="read_what_is_there"),
    )

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    last_read_seq: Mapped[int] = mapped_column(Integer, default=0)
    unread_from: Mapped[int | None] = mapped_column(
        Integer
    )  # was read, and is to count as unread from there on
    delivered_seq: Mapped[int] = mapped_column(Integer, default=0)  # arrived at one of the user's devices
    mailed_seq: Mapped[int] = mapped_column(Integer, default=0)  # in an email: no message is in two
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    pinned: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    kind: Mapped[str | None] = mapped_column(
        String(20)
    )  # of the subject, or in the pair's thread of the latest one
    waiting_since: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # the other's first word that I left unanswered
    muted_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    typing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    def is_muted(self, now: datetime) -> bool:
        return self.muted_until is not None and self.muted_until > now

    @property
    def read_up_to(self) -> int:
        """Below what counts as unread: the watermark, or what was marked unread again."""
        marked = self.unread_from is not None and self.unread_from <= self.last_read_seq
        return self.unread_from - 1 if marked and self.unread_from else self.last_read_seq


class Message(Base):
    """Numbered 1, 2, 3 ... within its thread, without gaps. A deleted one stays as a tombstone without its text.

    `revision` counts its changes, so that of two states of it one knows the newer. `reactions` repeats what the table
    of that name says: it is written whole, under the thread's lock.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("thread_id", "sender_id", "client_key"),
        ForeignKeyConstraint(["thread_id", "reply_to"], ["messages.thread_id", "messages.seq"]),
        Index(
            "ix_messages_pinned",
            "thread_id",
            sqlite_where=text("pinned_at IS NOT NULL"),
            postgresql_where=text("pinned_at IS NOT NULL"),
        ),
        Index(
            "ix_messages_answers",
            "thread_id",
            "reply_to",
            sqlite_where=text("reply_to IS NOT NULL"),
            postgresql_where=text("reply_to IS NOT NULL"),
        ),
    )

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    sender_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str | None] = mapped_column(Text)  # none: deleted
    client_key: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    reply_to: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    reactions: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    pinned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # What hangs on it, as it is shown: repeated from its attachments, so that no list has to ask for them.
    files: Mapped[list[File] | None] = mapped_column(JSON(none_as_null=True))

    subject: Mapped[Subject | None] = relationship(lazy="joined")
    # One statement more for a list, and only where something in it is an answer.
    quoted: Mapped[Message | None] = relationship(
        remote_side=[thread_id, seq], lazy="selectin", join_depth=1, viewonly=True
    )

    @property
    def preview(self) -> str | None:
        return preview_of(self.body, self.files)

    def may_be_edited(self, now: datetime) -> bool:
        return self.deleted_at is None and now - self.created_at <= EDIT_WITHIN


def preview_of(body: str | None, files: list[File] | None) -> str | None:
    """The first words of a message on one line, or what hangs on it where it has none; none of a deleted one."""
    return (" ".join(body.split()) or files_summary(files or []))[:PREVIEW] if body is not None else None


class Reaction(Base):
    """One emoji of one person on one message. A deleted message has none."""

    __tablename__ = "reactions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
        CheckConstraint(f"length(emoji) BETWEEN 1 AND {MAX_EMOJI}", name="emoji"),
    )

    thread_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    emoji: Mapped[str] = mapped_column(String(MAX_EMOJI), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MessageRevision(Base):
    """What a message said before it was edited or deleted; for the audit trail, never shown in a thread."""

    __tablename__ = "message_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index("ix_message_revisions_thread_id_seq", "thread_id", "seq"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(String(13))
    seq: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PendingDelivery(Base):
    """A message its recipient has still to be told of. Written with the message, gone when the worker has decided."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    recipient_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)  # pushed ahead by a claim: that is its lease
    attempts: Mapped[int] = mapped_column(Integer, default=0)
