"""Tables of threads, memberships, messages, and deliveries that are still pending."""

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

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.attachments.serializers import File, files_summary
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.graphemes import cut
from wellchat.subjects.models import Subject

PREVIEW = 140  # characters of a message that notifications and quotes show
MAX_SEQ = 2**31 - 1  # the largest number a message can have
MAX_EMOJI = 24  # characters of one emoji; the longest known one has fewer than half as many
CLOSED, BLOCKED, ENDED, HELD = ("closed", "blocked", "ended", "import")  # values of Membership.closed_as
EDIT_WITHIN = timedelta(minutes=5)
POLICY = "policy"  # a period of retention ended
HOST = "host"  # the platform removed it; or sent it, in a person's name
AUTOMATIC = "automatic"  # the installation sent it in its sender's name, as they had set it up
BELL, NONE = ("bell", "none")  # values of Message.told


class Thread(Base):
    """One conversation between the two people of a connection.

    `key` names the conversation (see `pair_key` and `subject_key`). It is unique, so that simultaneous
    attempts to open the same conversation end in one thread. `last_seq` numbers the messages. A writer locks
    the row before it takes a number and holds the lock until commit, so the numbers have no gaps and follow
    the order of commits.
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
    # Nobody writes. Repeats the column of the connection, so that a send checks the row that it locks anyway.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # lazy="raise": a query that forgets to join them fails at once, instead of one more statement per row.
    client: Mapped[User] = relationship(foreign_keys=[client_id], lazy="raise")
    professional: Mapped[User] = relationship(foreign_keys=[professional_id], lazy="raise")
    subject: Mapped[Subject | None] = relationship(lazy="raise")

    def other_id(self, user_id: str) -> str:
        """Return the id of the other person. `user_id` must be one of the two."""
        return self.professional_id if user_id == self.client_id else self.client_id


def pair_key(connection_id: str) -> str:
    """Return the key of the thread in which a pair talks about everything without a thread of its own."""
    return f"connection:{connection_id}"


def subject_key(subject: Subject, client_id: str) -> str:
    """Return the key of the thread about a subject: one per client, or one for all, by the scope of its kind.

    Kinds with the scope "connection" use `pair_key` instead.
    """
    if subject.declared.scope == "client":
        return f"client:{subject.id}:{client_id}"
    return f"subject:{subject.id}"


# The inbox and each of its filters sort by these columns.
_INBOX_ORDER = ("archived", "pinned", "updated_at", "thread_id")


def _partial_index(name: str, where: str, *columns: str) -> Index:
    """Return an index over only those memberships that a filter of the inbox can show."""
    return Index(f"ix_memberships_{name}", *columns, sqlite_where=text(where), postgresql_where=text(where))


# What waits for an answer of somebody's, longest first: the list that can be worked off.
WAITS = "waiting_since IS NOT NULL AND closed_as IS NULL AND snoozed_until IS NULL"


class Membership(Base):
    """The state of a thread for one of its two people. Watermarks only move forward.

    `last_seq` and `updated_at` repeat the columns of the thread, so that the inbox and the unread count each
    need one index only. When a snooze ends, `updated_at` is set to that moment, so that the thread is listed
    first again.
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
        _partial_index("waits", WAITS, "user_id", "waiting_since", "thread_id"),
        _partial_index("due", "snoozed_until IS NOT NULL", "snoozed_until"),
        # A watermark above the last message would count messages that are still to come as read.
        CheckConstraint("last_read_seq <= last_seq", name="read_what_is_there"),
    )

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    last_read_seq: Mapped[int] = mapped_column(Integer, default=0)
    # The user marked the thread as unread from this message on. The watermark above stays as it is.
    unread_from: Mapped[int | None] = mapped_column(Integer)
    delivered_seq: Mapped[int] = mapped_column(Integer, default=0)  # arrived at one of the user's devices
    mailed_seq: Mapped[int] = mapped_column(Integer, default=0)  # was in an email; no message is in two
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    pinned: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    # The kind of the thread's subject; in a pair's thread, of the subject that was mentioned last.
    kind: Mapped[str | None] = mapped_column(String(20))
    # When the other person sent the first message that this user has not replied to.
    waiting_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    muted_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Up to this message the user wants to send no answer.
    settled_seq: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The snooze ends sooner if the other person writes.
    until_answer: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    typing_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Set while the thread is closed: BLOCKED or ENDED by this person, HELD by an import, else CLOSED.
    closed_as: Mapped[str | None] = mapped_column(String(8))
    # The other person opened the thread: it is listed from its first message on.
    awaits_word: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    # What the other person was last shown of the two watermarks, while the thread is closed.
    shown_read_seq: Mapped[int | None] = mapped_column(Integer)
    shown_delivered_seq: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def is_listed(self) -> bool:
        """Return whether the user has the thread in their lists: see queries.is_listed."""
        return self.last_seq > 0 or not self.awaits_word

    def is_muted(self, now: datetime) -> bool:
        """Return whether the user has muted the thread at this moment."""
        return self.muted_until is not None and self.muted_until > now

    @property
    def read_up_to(self) -> int:
        """Return the seq up to which messages count as read: the watermark, or less after "mark unread"."""
        marked = self.unread_from is not None and self.unread_from <= self.last_read_seq
        return self.unread_from - 1 if marked and self.unread_from else self.last_read_seq


class Message(Base):
    """One message, numbered 1, 2, 3 ... in its thread without gaps.

    A deleted one stays as a tombstone without text. `revision` grows with each change, so that a client can
    tell which of two states is newer. `reactions` repeats the table of that name; it is written as a whole,
    under the lock of the thread.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # Sends check the key themselves. If two get past that at once, this constraint stops the second one.
        UniqueConstraint("thread_id", "sender_id", "client_key"),
        # thread_id is part of it, so a reply can only refer to a message of its own thread.
        ForeignKeyConstraint(["thread_id", "reply_to"], ["messages.thread_id", "messages.seq"]),
        Index("ix_messages_created_at", "created_at"),  # a day's messages, for the figures
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
        # A send that names no booking does not touch it.
        Index(
            "ix_messages_about",
            *("thread_id", "subject_id", "seq"),
            sqlite_where=text("subject_id IS NOT NULL"),
            postgresql_where=text("subject_id IS NOT NULL"),
        ),
    )

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    sender_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str | None] = mapped_column(Text)  # None when deleted
    client_key: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    reply_to: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_by: Mapped[str | None] = mapped_column(String(10))  # POLICY, HOST; None: its sender deleted it
    revision: Mapped[int] = mapped_column(Integer, default=0)
    # none_as_null: None is stored as SQL NULL, not as the JSON value null.
    reactions: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    pinned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_email: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # a reply by email
    via: Mapped[str | None] = mapped_column(String(10))  # HOST or AUTOMATIC: no person has just sent it
    # Who is told of it: BELL: in the app alone; NONE: nobody. None: as of every message.
    told: Mapped[str | None] = mapped_column(String(4))

    # What a feature shows with the message: `kind` names the feature. None: nothing.
    card: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    # Copied from the attachments, so that lists of messages need no second query.
    files: Mapped[list[File] | None] = mapped_column(JSON(none_as_null=True))

    subject: Mapped[Subject | None] = relationship(lazy="joined")
    # Loaded by one more statement per list, and only when the list contains a reply.
    quoted: Mapped[Message | None] = relationship(
        remote_side=[thread_id, seq], lazy="selectin", join_depth=1, viewonly=True
    )

    @property
    def is_system(self) -> bool:
        """Return whether this installation itself wrote the message."""
        return self.sender_id == SYSTEM_ID

    def may_be_edited(self, now: datetime) -> bool:
        """Return whether the sender may still edit the message."""
        return self.deleted_at is None and self.card is None and now - self.created_at <= EDIT_WITHIN


def preview_of(body: str | None, files: list[File] | None) -> str | None:
    """Return the first PREVIEW characters on one line, or a summary of the files when there is no text.

    Return None for a deleted message (`body` is None).
    """
    if body is None:
        return None
    return cut(" ".join(body.split()) or files_summary(files or []), PREVIEW)


class Reaction(Base):
    """One emoji that one person put on one message. Deleted messages have none."""

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
    """The text of a message before it was edited or deleted.

    It is kept for audits and never shown in the thread.
    """

    __tablename__ = "message_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
        Index("ix_message_revisions_thread_id_seq", "thread_id", "seq"),
        Index("ix_message_revisions_replaced_at", "replaced_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(String(13))
    seq: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PendingDelivery(Base):
    """A message whose recipient was not notified yet.

    The row is written together with the message and deleted when `dispatch` has decided about the
    notification.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)  # for the sweep

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    recipient_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    # Moved into the future after a failure, and while the recipient is looking at the thread.
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
