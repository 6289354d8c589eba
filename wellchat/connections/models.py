"""Define the table of connections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
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
