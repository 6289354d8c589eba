"""Define the tables of labels, of consents, and of the public pages of professionals."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id
from wellchat.i18n import N_

LABELS = REFERENCE, RESULT = ("reference", "result")
LABEL_WORDS = {REFERENCE: N_("Reference"), RESULT: N_("Result")}
PURPOSES = CLIENTS, PUBLIC = ("clients", "public")
PURPOSE_WORDS = {CLIENTS: N_("Shown to other clients"), PUBLIC: N_("Shown on the public page")}
STATES = ASKED, YES, NO, REVOKED, ENDED = ("asked", "yes", "no", "revoked", "ended")
ASK_AGAIN_AFTER = timedelta(days=30)  # since the client was asked, or answered
MAX_PICTURES = 20  # of one question


class PortfolioLabel(Base):
    """What a professional takes a picture of a thread for. Only the professional sees it."""

    __tablename__ = "portfolio_labels"
    __table_args__ = (CheckConstraint(f"label IN {LABELS}", name="label"),)

    attachment_id: Mapped[str] = mapped_column(
        ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True
    )
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    label: Mapped[str] = mapped_column(String(10))
    labelled_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PortfolioAsk(Base):
    """A question to a client, whether pictures may be shown for a purpose, and the answer on record.

    States: `asked`; `yes`; `no`; `revoked`, the client took a yes back; `ended`, the two ended their
    connection. What is over stays on record, and nothing brings it back. The question is message
    `message_seq` of its thread.
    """

    __tablename__ = "portfolio_asks"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint(f"state IN {STATES}", name="state"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    message_seq: Mapped[int] = mapped_column(Integer)
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default=ASKED)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # revoked or ended


class PortfolioPicture(Base):
    """One picture of a question. `digest` is of the bytes that the client saw.

    `public_id` is its address on the public page. It is made with a yes, so an address dies with its consent.
    """

    __tablename__ = "portfolio_pictures"

    ask_id: Mapped[str] = mapped_column(ForeignKey("portfolio_asks.id", ondelete="CASCADE"), primary_key=True)
    attachment_id: Mapped[str] = mapped_column(
        ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[str] = mapped_column(String(64))
    public_id: Mapped[str | None] = mapped_column(String(22), unique=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # this one alone


class PortfolioPage(Base):
    """The public page of a professional, on or off. Without a row it was never on."""

    __tablename__ = "portfolio_pages"

    professional_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(22), unique=True)
    is_on: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
