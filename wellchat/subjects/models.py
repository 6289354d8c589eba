"""The table of subjects: things of the host platform that threads and messages are about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.subjects.kinds import SubjectKind, kind_of

OPEN, CLAIMED = "open", "claimed"


def is_cancelled(status: str | None) -> bool:
    """Return whether a status means that a booking or session was cancelled, in either spelling."""
    return (status or "").lower() in ("cancelled", "canceled")


# What a host may call a coupon that nobody is to ask about any more.
OVER = frozenset(("ended", "expired", "closed", "over", "finished", "cancelled", "canceled", "withdrawn"))


class Subject(Base):
    """A booking, session, coupon or lead. The host platform names it by kind and external id."""

    __tablename__ = "subjects"
    __table_args__ = (
        UniqueConstraint("kind", "external_id"),
        Index("ix_subjects_professional_id_starts_at", "professional_id", "starts_at"),
        Index("ix_subjects_starts_at", "starts_at"),  # a day's bookings, for the figures
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    # None: open to every client, or a lead whose client has no account yet.
    client_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str | None] = mapped_column(String(40))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # as the host says; `status` decides
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)  # in the smallest unit of `currency`
    currency: Mapped[str | None] = mapped_column(String(3))  # ISO 4217
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # deleted by the host: in no list
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)

    professional: Mapped[User] = relationship(foreign_keys=[professional_id], lazy="raise")
    client: Mapped[User | None] = relationship(foreign_keys=[client_id], lazy="raise")

    @property
    def declared(self) -> SubjectKind:
        """Return the kind of the subject."""
        return kind_of(self.kind)

    @property
    def named(self) -> dict[str, str]:
        """Return what the host platform calls it: {kind, external_id}."""
        return {"kind": self.kind, "external_id": self.external_id}

    @property
    def is_cancelled(self) -> bool:
        return is_cancelled(self.status)

    @property
    def is_over(self) -> bool:
        """Return whether this is a coupon that has ended: no new conversation begins about it."""
        return self.declared.scope == "client" and (self.status or "").lower() in OVER

    @property
    def is_unclaimed(self) -> bool:
        """Return whether this is a lead on offer. It has no thread until somebody claims it."""
        return self.declared.scope == "subject" and self.status == OPEN


class OwnSubjectKind(Base):
    """A kind of subject that the host platform has added. Its columns are those of kinds.SubjectKind."""

    __tablename__ = "subject_kinds"
    __table_args__ = (CheckConstraint("scope IN ('connection', 'client', 'subject')", name="scope"),)

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    scope: Mapped[str] = mapped_column(String(12))
    visit: Mapped[str] = mapped_column(String(60))
    contact: Mapped[str] = mapped_column(String(60))
    retention_days: Mapped[int | None] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
