"""Define the table of changed email addresses. An address that was left is kept back for some days."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, db, new_id

UNDO_WITHIN = timedelta(days=7)


class AddressChange(Base):
    """One change of an email address: asked for, proven by a link, and perhaps undone."""

    __tablename__ = "address_changes"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str | None] = mapped_column(String(254), index=True)  # None: there was none
    new_email: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


def is_kept_back(email: str, *, now: datetime, but_for: str | None = None) -> bool:
    """Return whether somebody, other than `but_for`, had this address until lately and may take it back."""
    query = select(
        exists().where(
            AddressChange.old_email == email,
            AddressChange.confirmed_at > now - UNDO_WITHIN,
            AddressChange.undone_at.is_(None),
            AddressChange.user_id != (but_for or ""),
        )
    )
    return bool(db.session.execute(query).scalar_one())
