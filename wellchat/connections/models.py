"""Define the tables of connections and of what is counted about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id


class Connection(Base):
    """A client and a professional who may write to each other. One row per pair."""

    __tablename__ = "connections"
    __table_args__ = (
        UniqueConstraint("client_id", "professional_id"),
        CheckConstraint("client_id <> professional_id", name="two_people"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Nobody writes, for whatever reason. messaging.closing sets it, and the same column of the threads.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # may open it again
    # By the host platform, beside whatever the two do; only the host opens it again.
    host_ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    trade: Mapped[str | None] = mapped_column(String(40))  # as the host names it

    client: Mapped[User] = relationship(foreign_keys=[client_id], lazy="raise")
    professional: Mapped[User] = relationship(foreign_keys=[professional_id], lazy="raise")

    def other(self, user_id: str) -> User:
        """Return the other person. Both relationships must be loaded."""
        return self.professional if user_id == self.client_id else self.client


class PairFacts(Base):
    """What is counted about two people, so that a list of conversations counts nothing.

    It follows from messages and bookings, and can be counted again at any time: at `due_at` at the latest,
    because then a booking begins or ends. wellchat/clientele writes it. A pair without a row has no bookings.
    """

    __tablename__ = "pair_facts"
    __table_args__ = (
        Index(
            "ix_pair_facts_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    known_since: Mapped[datetime] = mapped_column(UTCDateTime)  # first message, booking, or the connection
    bookings: Mapped[int] = mapped_column(Integer, default=0)  # that took place
    last_booking_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the latest of them began
    next_booking_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
