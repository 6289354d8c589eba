"""Define the tables of private notes and tags. Only their author and owner ever sees them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

NOTE, PREFERENCE = ("note", "preference")
MAX_NOTE = 4_000  # characters
MAX_PREFERENCE = 200  # characters, on one line
MAX_NOTES = 200  # about one client, preferences included
MAX_TAG = 40  # characters
MAX_TAGS = 50  # of one person
MAX_TAGS_OF_CLIENT = 20


class ClientNote(Base):
    """What a professional wrote down about a client, for themselves alone.

    A preference is a short line that is always in sight. `version` grows with each change of the words. A
    deleted note can be brought back for a while; then its row goes.
    """

    __tablename__ = "client_notes"
    __table_args__ = (
        CheckConstraint("kind IN ('note', 'preference')", name="kind"),
        UniqueConstraint("author_id", "client_key"),
        Index("ix_client_notes_author_id_client_id", "author_id", "client_id"),
        Index(
            "ix_client_notes_deleted_at",
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default=NOTE)
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)
    client_key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ClientTag(Base):
    """A word of a professional's own, to sort clients by. `folded` is its name without case and accents."""

    __tablename__ = "client_tags"
    __table_args__ = (UniqueConstraint("owner_id", "folded"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(MAX_TAG))
    folded: Mapped[str] = mapped_column(String(2 * MAX_TAG))


class TaggedClient(Base):
    """A client who has a tag."""

    __tablename__ = "tagged_clients"

    tag_id: Mapped[str] = mapped_column(ForeignKey("client_tags.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
