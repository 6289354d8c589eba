"""The tables of messages that go out by themselves: what somebody set up, and what is due in which thread."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime


class AutomaticMessages(Base):
    """What one professional has set up. While there is a row, `users.answers_by_itself` is true.

    `hours` is seven lists, Monday first, of [from, until] as HH:MM, in the professional's own zone; `until`
    00:00 is the end of the day. `days_off` is a list of [first, last] as ISO dates. Without any hours there
    are none: nothing is outside of them.
    """

    __tablename__ = "automatic_messages"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    welcome: Mapped[str | None] = mapped_column(Text)  # of a first contact
    away: Mapped[str | None] = mapped_column(Text)  # outside hours
    hours: Mapped[list[Any]] = mapped_column(JSON, default=list)
    days_off: Mapped[list[Any]] = mapped_column(JSON, default=list)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CouponWelcome(Base):
    """The welcome with which a conversation about one coupon begins."""

    __tablename__ = "coupon_welcomes"

    subject_id: Mapped[str] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class AutomaticAnswer(Base):
    """What may be answered in a thread, and when that was done last. The row is the job of the worker."""

    __tablename__ = "automatic_answers"

    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)  # of the last message that came
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)  # None: nothing is to be done
    is_first: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    here: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # they were looking
    away_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the answer outside hours was sent
