"""The mail ledger: every send and every skip, with its reason. It is also the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.claims import QUEUED
from wellchat.db import Base, UTCDateTime, new_id


class Mail(Base):
    """One email, sent or not, and why.

    queued -> sending -> sent | failed | queued again after a temporary refusal. A row that a crash left in
    `sending` becomes `unknown`: it may have gone out, so only an operator sends it again. Skips are
    `skipped`.
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
    # the folder under templates/emails, such as "welcome" or "digest"
    name: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    reason: Mapped[str] = mapped_column(Text, default="")  # a sentence for people
    # what the template needs: ids, not texts
    context: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # [{"thread_id": ..., "first_seq": ..., "last_seq": ...}]
    covers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # RFC 5322; the same for all attempts
    message_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    # the next attempt; while sending: when it counts as unknown
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class RefusedAddress(Base):
    """An address whose mail server refuses mail for good, until its owner says to try again."""

    __tablename__ = "refused_addresses"

    # Not `address`: the claim of a mail reads it in RETURNING, where SQLite would take mails.address instead.
    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)  # what the mail server said
    refused_at: Mapped[datetime] = mapped_column(UTCDateTime)
