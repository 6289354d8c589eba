"""The mail ledger: every send and every skip, with its reason. It is also the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

QUEUED, SENDING, SENT, SKIPPED, FAILED, UNKNOWN = STATES = (
    "queued",
    "sending",
    "sent",
    "skipped",
    "failed",
    "unknown",
)


class Mail(Base):
    """One email, sent or not, and why.

    queued -> sending -> sent | failed | queued again after a temporary refusal. A row left in `sending` by a crash is
    `unknown`: it may have gone out, so nothing but an operator sends it again. Skips are written down as `skipped`.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'skipped', 'failed', 'unknown')", name="state"
        ),
        Index("ix_mails_state_due_at", "state", "due_at"),
        Index("ix_mails_user_id_created_at", "user_id", "created_at"),
        Index("ix_mails_created_at_id", "created_at", "id"),
        Index("ix_mails_state_created_at_id", "state", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    address: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(
        String(40)
    )  # the folder under templates/emails: welcome, verification, digest
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    reason: Mapped[str] = mapped_column(Text, default="")  # in a sentence a person can read
    context: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # what the template needs, ids not texts
    covers: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list
    )  # [{thread_id, first_seq, last_seq}]
    message_id: Mapped[str | None] = mapped_column(
        String(200), unique=True
    )  # RFC 5322, stable across retries
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # next try; while sending: when it counts as unknown
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RefusedAddress(Base):
    """An address whose mail server refuses mail for good. Nothing goes there until its owner says: try again."""

    __tablename__ = "refused_addresses"

    # Not `address`: where SQLite returns what an UPDATE did, it cannot tell that from the column of `mails`.
    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)  # what the mail server said
    refused_at: Mapped[datetime] = mapped_column(UTCDateTime)
