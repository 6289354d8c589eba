"""Define the tables of readable names and public pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

MAX_NAME = 40


class PublicName(Base):
    """A readable name, such as rosa-delgado. Its owner keeps it after taking another: old links lead on."""

    __tablename__ = "public_names"

    name: Mapped[str] = mapped_column(String(MAX_NAME), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PublicPage(Base):
    """A professional's page for people without an account: its present name, and whether it is shown."""

    __tablename__ = "public_pages"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("public_names.name"), index=True)
    is_shown: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
