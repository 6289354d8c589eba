"""Define the table of the demo's people."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wellchat.accounts.models import User
from wellchat.db import Base


class DemoPerson(Base):
    """A user of the demo. Nobody else can be entered by the switcher or is touched by a reset."""

    __tablename__ = "demo_people"
    __table_args__ = (UniqueConstraint("story", "person"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    story: Mapped[str] = mapped_column(String(20))  # key of a Story
    person: Mapped[str] = mapped_column(String(20))  # key of a Person in it

    user: Mapped[User] = relationship(lazy="raise")
