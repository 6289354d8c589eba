"""Define the table of identities, and the error of an id that has moved."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime
from wellchat.errors import WellchatError
from wellchat.i18n import N_

HOST = "host"  # the source of the platform's own ids; any other source is an OIDC issuer
KEPT_FOR = timedelta(days=90)  # how long an id that was given up still says who has which id now


class Identity(Base):
    """The id of a person in another system. `moved_at` is set where the person has another id there now."""

    __tablename__ = "identities"
    __table_args__ = (
        # A person has one id in each system.
        Index(
            "uq_identities_user_id_source",
            "user_id",
            "source",
            unique=True,
            sqlite_where=text("moved_at IS NULL"),
            postgresql_where=text("moved_at IS NULL"),
        ),
        Index("ix_identities_moved_at", "moved_at"),
    )

    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    # OpenID Connect Core 2: a `sub` has at most 255 characters.
    external_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    moved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Moved(WellchatError):
    """The id was given up for another one. `user_id` says whose it was, `external_id` is the new one."""

    status = 410
    heading = N_("This id has changed")

    def __init__(self, detail: str, *, user_id: str, external_id: str | None) -> None:
        super().__init__(detail)
        self.user_id = user_id
        self.external_id = external_id
