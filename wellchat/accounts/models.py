"""People: who they are, how they sign in, and whether they are there."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from wellchat import clock
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.i18n import N_, gettext

CLIENT, PROFESSIONAL, ADMIN = ROLES = ("client", "professional", "admin")

ROLE_LABELS = {CLIENT: N_("Client"), PROFESSIONAL: N_("Professional"), ADMIN: N_("Administrator")}


def label_of(role: str, own: str | None) -> str:
    """The word people see for a role, in the language of who reads it; `own` is the trade's."""
    return own or gettext(ROLE_LABELS[role])


SESSION_LASTS = timedelta(days=90)  # a remembered browser too; longer than any cookie or link of ours
DAY_ONE = datetime(1970, 1, 1, tzinfo=UTC)


class User(Base):
    """A person with an account."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('client', 'professional', 'admin')", name="role"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    # lower case, as accounts.forms normalises it
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(12))
    # the trade's word for the role: Coach, Stylist
    role_label: Mapped[str | None] = mapped_column(String(40))
    bio: Mapped[str | None] = mapped_column(String(280))
    password_hash: Mapped[str | None] = mapped_column(String(200))  # none: cannot sign in with a password
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    # told, or chosen
    zone_known: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    locale: Mapped[str | None] = mapped_column(String(12))  # chosen; none: what the browser asks for
    browser_locale: Mapped[str | None] = mapped_column(String(12))  # what it asked for last; for mails
    open_to_clients: Mapped[bool] = mapped_column(Boolean, default=True)  # a new client may write first
    avatar_version: Mapped[str | None] = mapped_column(String(13))  # none: initials
    session_epoch: Mapped[int] = mapped_column(Integer, default=1)  # raised to end every session at once
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_authenticated: ClassVar[bool] = True
    session_id = ""  # of the session that loaded this object; not a column
    locale_before = (
        ""  # when it was loaded: a refusal is told in it where a rollback has taken the rest; not a column
    )
    access_seq = -1  # of the user's log as it stood when they proved who they are; not a column

    @property
    def is_professional(self) -> bool:
        return self.role == PROFESSIONAL

    @property
    def is_client(self) -> bool:
        return self.role == CLIENT

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    @property
    def label(self) -> str:
        return label_of(self.role, self.role_label)

    @property
    def language(self) -> str | None:
        """What mails to this person are written in."""
        return self.locale or self.browser_locale

    @property
    def avatar_url(self) -> str | None:
        return f"/people/{self.id}/avatar?v={self.avatar_version}" if self.avatar_version else None

    def get_id(self) -> str:
        """What the session cookies hold (Flask-Login): worthless once the epoch has moved on, or this one has ended."""
        self.session_id = self.session_id or new_session_id(clock.now())
        return f"{self.id}.{self.session_epoch}.{self.session_id}"


class Avatar(Base):
    """A person's picture, re-encoded by us: small, square, stripped of everything but pixels."""

    __tablename__ = "avatars"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    picture: Mapped[bytes] = mapped_column(LargeBinary)  # WebP


class Token(Base):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class UsedLink(Base):
    """A signed link that has done its work, or a session that was signed out: neither works again."""

    __tablename__ = "used_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Presence(Base):
    """When a person last did something here, and which thread they had before their eyes. Never from polling alone."""

    __tablename__ = "presences"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    thread_id: Mapped[str | None] = mapped_column(String(13))


def sha256_hex(secret: str) -> str:
    """What is kept of a token, a used link or an ended session: enough to know it again."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_fingerprint(session_id: str) -> str:
    """A session's entry among the used links, once it has ended."""
    return f"session:{session_id}"


def new_session_id(now: datetime) -> str:
    """It says on which day it began: sessions end by themselves, so that the list of those that were ended can."""
    return f"{(now - DAY_ONE).days}~{secrets.token_urlsafe(12)}"


def is_over(session_id: str, now: datetime) -> bool:
    day = session_id.partition("~")[0]
    if not (day.isascii() and day.isdecimal() and len(day) < 7):
        return True
    return now >= DAY_ONE + timedelta(days=int(day)) + SESSION_LASTS
