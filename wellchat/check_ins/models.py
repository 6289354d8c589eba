"""Define the tables of check-ins: rules, what they sent or left out, birthdays, and who wants none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.db import Base, UTCDateTime, new_id
from wellchat.i18n import N_

LAST_BOOKING, VISIT, BIRTHDAY = ("last_booking", "visit", "birthday")
OCCASIONS = {
    LAST_BOOKING: N_("After the last booking, if no other is planned"),
    VISIT: N_("After every visit"),
    BIRTHDAY: N_("On their birthday"),
}
QUEUED, SENT, SKIPPED = ("queued", "sent", "skipped")
MAX_PER_MONTH = 2  # to one person, of all rules of a professional together, unless they choose otherwise


class CheckInRule(Base):
    """A professional's rule: which message goes to a client after what."""

    __tablename__ = "check_in_rules"
    __table_args__ = (
        CheckConstraint("occasion IN ('last_booking', 'visit', 'birthday')", name="occasion"),
        CheckConstraint("days BETWEEN 0 AND 730", name="days"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        Index("ix_check_in_rules_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    occasion: Mapped[str] = mapped_column(String(12))
    days: Mapped[int] = mapped_column(Integer)  # after the occasion; 0 for a birthday
    hour: Mapped[int] = mapped_column(Integer)  # on the client's clock
    body: Mapped[str] = mapped_column(Text)
    # Nothing from before is due: a new rule sends nothing about last year's bookings.
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the worker looks at it next
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CheckIn(Base):
    """One check-in that a rule sends, has sent, or leaves out. One per rule, pair and occasion, for good."""

    __tablename__ = "check_ins"
    __table_args__ = (
        UniqueConstraint("rule_id", "connection_id", "occasion_key"),
        CheckConstraint("state IN ('queued', 'sent', 'skipped')", name="state"),
        Index("ix_check_ins_due_at", "due_at"),
        Index("ix_check_ins_connection_id_settled_at", "connection_id", "settled_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    rule_id: Mapped[str] = mapped_column(ForeignKey("check_in_rules.id", ondelete="CASCADE"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connections.id", ondelete="CASCADE"))
    occasion_key: Mapped[str] = mapped_column(String(40))  # "subject:<id>" or "birthday:<year>"
    state: Mapped[str] = mapped_column(String(8), default=QUEUED)
    reason: Mapped[str | None] = mapped_column(String(20))  # of a skip: a name of reasons.py
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    planned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    rule: Mapped[CheckInRule] = relationship(lazy="raise")


class CheckInLimit(Base):
    """How many check-ins a professional sends one person in a month, at the most."""

    __tablename__ = "check_in_limits"

    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    per_month: Mapped[int] = mapped_column(Integer)


class CheckInRefusal(Base):
    """A client wants no check-ins of one professional, until they say otherwise."""

    __tablename__ = "check_in_refusals"

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    refused_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Birthday(Base):
    """The day of a client's birthday, without the year, between the two people of a connection.

    Either of them may write it down, and both see it.
    """

    __tablename__ = "birthdays"
    __table_args__ = (
        CheckConstraint("month BETWEEN 1 AND 12", name="month"),
        CheckConstraint("day BETWEEN 1 AND 31", name="day"),
    )

    connection_id: Mapped[str] = mapped_column(
        ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)  # whose birthday it is
    month: Mapped[int] = mapped_column(Integer)
    day: Mapped[int] = mapped_column(Integer)
