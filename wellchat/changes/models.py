"""The change log's two tables, and the installation's epoch."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base

CORE_KINDS = frozenset(("thread", "message", "notification", "typing"))


class ChangeLog(Base):
    """The counter of one user's log. Its row is locked until the commit, so numbers are in commit order."""

    __tablename__ = "change_logs"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    # Rows up to here were trimmed.
    floor_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    # A poll has acknowledged everything up to here.
    acked_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    # Raised when a session or token of theirs ends.
    access_seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Change(Base):
    """A thing on the user's screen that changed. Never how it changed: an update carries current state."""

    __tablename__ = "changes"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    # One of CORE_KINDS, or of those that features declare.
    kind: Mapped[str] = mapped_column(String(20))
    thread_id: Mapped[str | None] = mapped_column(String(13))
    message_seq: Mapped[int | None] = mapped_column(Integer)
    notification_id: Mapped[str | None] = mapped_column(String(13))
    # The id of the thing that changed, if a feature declares the kind.
    ref_id: Mapped[str | None] = mapped_column(String(13))
    # A random number. It tells the change from another one that gets its seq after a restore.
    mark: Mapped[int | None] = mapped_column(Integer)


class Epoch(Base):
    """One life of the database; the row with the highest id is the current one.

    A restored backup starts a new epoch, so that cursors of the time after the backup are refused.
    """

    __tablename__ = "epochs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(13))
