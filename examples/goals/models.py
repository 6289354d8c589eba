"""The table of goals. A goal hangs off the connection of its two people."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id


class Goal(Base):
    __tablename__ = "goals"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date | None]
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    announced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    notify_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)  # when people hear of it next
