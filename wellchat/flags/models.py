"""The tables of feature flags. A flag without a row is on for everybody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

MAX_NAME = 40  # characters


class Flag(Base):
    """For how many people a declared flag is on."""

    __tablename__ = "flags"
    __table_args__ = (CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),)

    name: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)
    stopped: Mapped[bool] = mapped_column(Boolean)  # off for everybody, whatever else it says
    percent: Mapped[int] = mapped_column(Integer)  # of the people, chosen by a hash of their id
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FlagPerson(Base):
    """A person for whom a flag is on, whatever its percent."""

    __tablename__ = "flag_people"

    flag: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)  # the name of a Flag
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
