"""The table of calendar feeds: the secret address of each person's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime


class CalendarFeed(Base):
    """The address of one person's feed. Only its hash is kept, so it is shown once."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    busy_only: Mapped[bool] = mapped_column(default=False)  # times without names
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
