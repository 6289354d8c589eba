"""The index of messages, and what has still to be put into it.

A trigger of the database writes the queue with the message, in the same statement, and takes a message whose text
changes out of the index in the same transaction (see the migration): whoever writes messages, nothing is forgotten, and
sending asks the database for nothing more. SQLite keeps its own full-text index of `tokens` beside the table, by
triggers too; PostgreSQL a GIN index on it.
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
    """Numbers: an array where there are arrays, else words of a text, as its full-text index wants them."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(ARRAY(Integer) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[int] | None, dialect: Any) -> Any:
        return value if value is None or dialect.name == "postgresql" else " ".join(map(spelt, value))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value


def spelt(token: int) -> str:
    """A token as a word of the full-text index."""
    return f"{token + 2**31:x}"


class SearchEntry(Base):
    """One message as it can be asked for. Who asks, and what it says, is looked up at the message itself."""

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
    at: Mapped[datetime] = mapped_column(UTCDateTime)  # when it was said
    tokens: Mapped[list[int]] = mapped_column(Tokens)


class SearchQueueEntry(Base):
    """A message that is to be put into the index. What is old waits behind what is new."""

    __tablename__ = "search_queue"
    __table_args__ = (
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    old: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=False, server_default=false())
    thread_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
