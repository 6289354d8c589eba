"""Define the search index of messages, and the queue of messages to index.

A database trigger writes the queue in the statement that writes the message, and removes the entry of a
message whose text changes in the same transaction (see the migration). So no writer can forget it, and
sending needs no statement more. On SQLite triggers keep an FTS5 index of `tokens` beside the table; on
PostgreSQL it is a GIN index.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime


class Tokens(TypeDecorator[list[int]]):
    """Store a list of numbers: an array on PostgreSQL, words for the full-text index on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Return the column type of the database."""
        return dialect.type_descriptor(ARRAY(Integer) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[int] | None, dialect: Any) -> Any:
        """Return the value as the database stores it."""
        return value if value is None or dialect.name == "postgresql" else " ".join(map(spelt, value))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return the value as it was stored."""
        return value


def spelt(token: int) -> str:
    """Return a token as a word of SQLite's full-text index: hexadecimal, never negative."""
    return f"{token + 2**31:x}"


class SearchEntry(Base):
    """The tokens of one message. Access and text are checked at the message itself."""

    __tablename__ = "search_entries"
    __table_args__ = (
        UniqueConstraint("thread_id", "seq"),
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    thread_id: Mapped[str] = mapped_column(String(13))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime)  # when the message was sent
    tokens: Mapped[list[int]] = mapped_column(Tokens)


class SearchVersion(Base):
    """How far the worker has come with indexing every message again, for one version of the tokens."""

    __tablename__ = "search_versions"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # The next entries have lower ids: the newest come first. None: all are done.
    before_id: Mapped[int | None] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))


class SearchQueueEntry(Base):
    """A message that waits for the index. Old messages wait behind new ones."""

    __tablename__ = "search_queue"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    old: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=False, server_default=false())
    thread_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
