"""Define the tables of blocks, reports, and what was done about people."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.i18n import N_

REPORT_KINDS = {
    "harassment": N_("Harassment"),
    "unsafe": N_("Somebody is in danger"),
    "spam": N_("Spam or advertising"),
    "money": N_("Asks for money outside"),
    "other": N_("Something else"),
}
UNSAFE = "unsafe"
CONTACT = "contact"  # nobody chooses it: a person passed contact data on, again and again, before a booking
ALL_REPORT_KINDS = REPORT_KINDS | {CONTACT: N_("Contact data before a booking")}
STATES = OPEN, TAKEN, SETTLED = ("open", "taken", "done")
OUTCOMES = NOTHING, WARN, REMOVE, PAUSE, END, DISABLE = (
    "nothing",
    "warn",
    "remove",
    "pause",
    "end",
    "disable",
)
ENABLE, SIGN_OUT, ROLE = ("enable", "sign_out", "role")  # measures that follow no report
ACT_WITHIN = timedelta(hours=24)
SHOWN_MESSAGES = 20  # that the reporter may show to moderators


class Block(Base):
    """A person wants to hear nothing from another one. It works both ways, and the other one is not told."""

    __tablename__ = "blocks"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Report(Base):
    """A report about a message or about the other person of a thread, and what became of it.

    Moderators see the messages `shown_from` to `shown_to`, which the reporter showed them, and no others. Of
    a report that nobody made (`by_id` None) it is the one message that it is about.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("kind IN ('harassment', 'unsafe', 'spam', 'money', 'other', 'contact')", name="kind"),
        CheckConstraint("state IN ('open', 'taken', 'done')", name="state"),
        Index("ix_reports_state_due_at", "state", "due_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"), index=True)
    seq: Mapped[int | None] = mapped_column(Integer)  # of the message; None: the person is reported
    by_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)  # None: nobody, a rule did
    about_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(Text)
    shown_from: Mapped[int | None] = mapped_column(Integer)
    shown_to: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8), default=OPEN)
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the first look at it
    outcome: Mapped[str | None] = mapped_column(String(10))
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User | None] = relationship(foreign_keys=[by_id], lazy="raise")
    about: Mapped[User] = relationship(foreign_keys=[about_id], lazy="raise")
    taker: Mapped[User | None] = relationship(foreign_keys=[taken_by], lazy="raise")

    @property
    def shows(self) -> bool:
        """Return whether the reporter shows messages to moderators."""
        return self.shown_to is not None


class Measure(Base):
    """An act of an administrator, a moderator or the operator about a person, and its reason."""

    __tablename__ = "measures"
    __table_args__ = (Index("ix_measures_user_id_created_at", "user_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))  # None: the operator, by a command
    report_id: Mapped[str | None] = mapped_column(ForeignKey("reports.id"), index=True)
    until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    by: Mapped[User | None] = relationship(foreign_keys=[by_id], lazy="raise")
