"""Define the tables of the host API: its keys, its answers to repeat, and the times of its own changes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id


class HostKey(Base):
    """A key of the host's server. It belongs to the installation; only a digest of it is stored."""

    __tablename__ = "host_keys"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    networks: Mapped[list[str] | None] = mapped_column(JSON)  # None: from everywhere
    # the administrator; None: by command
    made_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # to the minute
    last_used_from: Mapped[str] = mapped_column(String(43), default="", server_default="")  # network
    rotated_to: Mapped[str | None] = mapped_column(String(13))  # the key that came after it
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warned_days: Mapped[int | None] = mapped_column(
        Integer
    )  # the last warning: this many days before the end


class HostAnswer(Base):
    """The answer to a POST, given again to the same POST. It is written with the act, or not at all."""

    __tablename__ = "host_answers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # digest of key, call and Idempotency-Key
    body_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)  # JSON
    # ids of whom it is about, separated by blanks: it goes when they are erased
    people: Mapped[str] = mapped_column(String(60), default="", server_default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class HostTime(Base):
    """When, by the host's own clock, it last changed a person or subject (`as_of`)."""

    __tablename__ = "host_times"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    ref_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(UTCDateTime)
