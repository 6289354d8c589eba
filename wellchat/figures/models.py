"""Define the tables of figures: who is measured, what each day gave, and how each pair stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

NOBODY = text("professional_id IS NULL")


class FigureSeries(Base):
    """Figures of one professional in their time zone; or of everybody, in a zone of administrators.

    Days are measured in order, each once: `next_day` is the first that is not measured. The row is the job:
    `claimed` names the claim that works on it, and `due_at` is the end of that day, or of the lease.
    """

    __tablename__ = "figure_series"
    __table_args__ = (
        Index(
            "uq_figure_series_everybody",
            "zone",
            unique=True,
            sqlite_where=NOBODY,
            postgresql_where=NOBODY,
        ),
        Index("ix_figure_series_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str | None] = mapped_column(
        ForeignKey("users.id"), unique=True
    )  # None: everybody
    zone: Mapped[str] = mapped_column(String(64))
    first_day: Mapped[date] = mapped_column(Date)
    next_day: Mapped[date] = mapped_column(Date)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed: Mapped[str | None] = mapped_column(String(13))
    # Sums over all pairs as of the last day: {talked, span, booked, ...}; see counting.Standing.
    standing: Mapped[dict[str, int]] = mapped_column(JSON)
    # Of everybody alone: what waits until five people are behind it. See withheld.py.
    waiting: Mapped[dict[str, Any]] = mapped_column(JSON)


class FigureDay(Base):
    """What one day gave: {name: number, or the classes of a histogram}.

    All names of a day are one row, so that a page reads as many rows as it shows days.
    """

    __tablename__ = "figures"

    series_id: Mapped[str] = mapped_column(
        ForeignKey("figure_series.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)


class FigurePair(Base):
    """How the two of a connection stand at the end of the last day that was measured."""

    __tablename__ = "figure_pairs"
    __table_args__ = (Index("ix_figure_pairs_seen", "series_id", "seen_at"),)

    series_id: Mapped[str] = mapped_column(
        ForeignKey("figure_series.id", ondelete="CASCADE"), primary_key=True
    )
    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    first_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # of their messages
    last_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)  # their last message or booking
    client_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the client's last message
    professional_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    booked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last booking that took place
    # Who wrote last, and the first message since the other one wrote: that is what an answer answers.
    asked_by: Mapped[str | None] = mapped_column(String(12))
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    bookings: Mapped[int] = mapped_column(Integer, default=0)
    # Of a professional's own pairs: {months, answers_client, answers_professional}; see pair.py.
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
