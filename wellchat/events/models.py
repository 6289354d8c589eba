"""Define the log of events, how far it is numbered, and the webhooks that are sent it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.claims import QUEUED
from wellchat.db import Base, UTCDateTime, new_id

UNNUMBERED = "seq IS NULL"
PING = "ping"


def new_event_id() -> str:
    """Return "evt_" and 26 characters. It has no dot: receivers sign `id.timestamp.body`."""
    return f"evt_{new_id()}{new_id()}"


class HostEvent(Base):
    """Something that the host platform may hear of. `seq` is set once, after the commit, by the numbering."""

    __tablename__ = "host_events"
    __table_args__ = (
        UniqueConstraint("seq", name="uq_host_events_seq"),
        # What waits for its number; nearly always little.
        Index(
            "ix_host_events_unnumbered",
            "id",
            sqlite_where=text(UNNUMBERED),
            postgresql_where=text(UNNUMBERED),
        ),
    )

    id: Mapped[str] = mapped_column(String(30), primary_key=True, default=new_event_id)
    type: Mapped[str] = mapped_column(String(40))
    # NULL until it is numbered, where the act did not know
    at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    thread_id: Mapped[str | None] = mapped_column(String(13))
    thread_seq: Mapped[int | None] = mapped_column(Integer)
    cause: Mapped[str | None] = mapped_column(String(13))  # the key of the host whose call it was
    seq: Mapped[int | None] = mapped_column(BigInteger)


class HostEventState(Base):
    """How far the log is numbered, and trimmed. One row, which is locked while events are numbered.

    `epoch` names one life of the log: a restored backup begins another one.
    """

    __tablename__ = "host_event_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    epoch: Mapped[str] = mapped_column(String(13), default=new_id)
    floor_seq: Mapped[int] = mapped_column(BigInteger, default=0)  # events up to here were deleted


class Webhook(Base):
    """An address of the host platform that is sent events. `seq`: events up to here were put down for it.

    It is disabled while `disabled_at` is set: `disabled_because` is one of GONE, FAILING, BY_HAND.
    """

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(Text)
    # NULL: every type. none_as_null: None is SQL NULL, not the JSON value null.
    types: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    description: Mapped[str] = mapped_column(String(200), default="")
    include_body: Mapped[bool] = mapped_column(Boolean, default=False)  # the words of messages, too
    skip_own: Mapped[bool] = mapped_column(Boolean, default=False)  # not what `made_by_key` caused
    made_by_key: Mapped[str | None] = mapped_column(String(13))  # NULL: a person or the operator made it
    secret: Mapped[bytes] = mapped_column(LargeBinary)  # sealed
    # During a rotation both sign.
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_because: Mapped[str | None] = mapped_column(String(10))
    # Since the first failure after the last success. Until the next success, one event at a time is tried.
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)  # in a row
    told: Mapped[int] = mapped_column(Integer, default=0)  # mails to owners about this failing
    probe_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    succeeded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # One run sends at a time; one that does not say so again until then has crashed.
    busy_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    run: Mapped[str | None] = mapped_column(String(13))  # a new id for every run


GONE, FAILING, BY_HAND = ("gone", "failing", "by_hand")


class WebhookDelivery(Base):
    """One event on its way to one webhook. It may arrive twice: the receiver tells by its id."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_deliveries_webhook_id_seq", "webhook_id", "seq"),
        Index(
            "ix_webhook_deliveries_queued",
            "webhook_id",
            "seq",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(ForeignKey("host_events.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int] = mapped_column(BigInteger)  # of the event
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class WebhookAttempt(Base):
    """One try of a delivery, and what came back. `status` is NULL where nothing did; `error` says why."""

    __tablename__ = "webhook_attempts"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    delivery_id: Mapped[str] = mapped_column(
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(200), default="")
    answer: Mapped[str] = mapped_column(Text, default="")  # its first 1,000 characters
