"""The tables of bookings: one row for its whole life, and what was changed in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id

HELD, REQUESTED, BOOKED = "held", "requested", "booked"
LAPSED = "lapsed"  # a hold that nobody confirmed in time; deleted after a day
DONE, MISSED, CANCELLED = "done", "missed", "cancelled"
TAKES_TIME = (HELD, REQUESTED, BOOKED)  # of what stands here, nothing overlaps


class Booking(Base):
    """A time of a professional that a client holds, asks for or has. Its id and its row are for life.

    No two that take time overlap in one calendar, buffers included: the database refuses it, by an exclusion
    constraint on PostgreSQL and by two triggers on SQLite (the migration of this table makes them). The time
    is what the clock of `zone` shows; `starts_at` follows from it, and is reckoned again when a zone's rules
    change.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint(
            "state IN ('held', 'lapsed', 'requested', 'booked', 'done', 'missed', 'cancelled')", name="state"
        ),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held_until"),
        CheckConstraint("starts_at < ends_at", name="times"),
        UniqueConstraint("client_id", "client_key"),
        Index("ix_bookings_professional_id_starts_at", "professional_id", "starts_at"),
        Index("ix_bookings_client_id_starts_at", "client_id", "starts_at"),
        Index("ix_bookings_state_ends_at", "state", "ends_at"),
        Index(
            "ix_bookings_one_hold",
            "client_id",
            unique=True,
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id"), index=True)
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    service_id: Mapped[str] = mapped_column(ForeignKey("services.id"))
    state: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))  # this and the next: as they were when it was booked
    place: Mapped[str] = mapped_column(Text, default="")
    asks: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    starts_local: Mapped[str] = mapped_column(String(16))  # 2026-12-15T12:00, by the clock of `zone`
    fold: Mapped[int] = mapped_column(Integer, default=0)  # 1: the second time that the clock shows it
    zone: Mapped[str] = mapped_column(String(64))
    zone_data: Mapped[str] = mapped_column(String(10))  # the version of the rules of zones, such as 2026f
    blocks_from: Mapped[datetime] = mapped_column(UTCDateTime)  # with the buffers
    blocks_until: Mapped[datetime] = mapped_column(UTCDateTime)
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    price_minor: Mapped[int | None] = mapped_column(Integer)
    currency: Mapped[str | None] = mapped_column(String(3))
    window_minutes: Mapped[int] = mapped_column(Integer)
    late_share: Mapped[int] = mapped_column(Integer)  # hundredths of a per cent
    free_until: Mapped[datetime] = mapped_column(UTCDateTime)  # cancelling costs nothing up to here
    agenda: Mapped[str] = mapped_column(Text, default="")  # the client's words
    sequence: Mapped[int] = mapped_column(Integer, default=0)  # of its calendar entry (RFC 5545)
    client_key: Mapped[str | None] = mapped_column(String(64))
    booked_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    cancelled_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    late: Mapped[bool] = mapped_column(default=False)  # cancelled by the client after `free_until`
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    professional: Mapped[User] = relationship(foreign_keys=[professional_id], lazy="raise")
    client: Mapped[User] = relationship(foreign_keys=[client_id], lazy="raise")

    def other(self, user_id: str) -> User:
        """Return the other person. Both relationships must be loaded."""
        return self.professional if user_id == self.client_id else self.client


class BookingChange(Base):
    """One change of a booking, in the order of `seq`."""

    __tablename__ = "booking_changes"

    booking_id: Mapped[str] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    what: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: by itself
    from_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    to_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
