"""Define the table of sessions, one row for each browser with somebody signed in, and how long they last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Boolean, ColumnElement, ForeignKey, String, or_
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.accounts.models import User, session_fingerprint, sha256_hex
from wellchat.config import setting
from wellchat.db import Base, UTCDateTime, new_id

# Here (by a password, a passkey, a link); the host, or a provider of OpenID Connect. The last two have asked
# for a second factor themselves.
WAYS = HERE, SSO, OIDC, SSO_MFA, OIDC_MFA = ("", "sso", "oidc", "sso-mfa", "oidc-mfa")
# What holds it: a browser with a cookie, or a frame in a page of the host with an access token in its memory.
KINDS = BROWSER, EMBED = ("", "embed")


class UserSession(Base):
    """One session. It is found by the hash of the session id in the cookie; the id itself is not stored.

    A proof gives it a new id (OWASP ASVS 7.2.4). The one before, `old_digest`, is among the used links, and
    taken until `old_until` all the same: requests and polls with it are on their way.

    A row stays as long as its cookie could still come, because a cookie without a row is taken for one from
    before there were rows.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    old_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    old_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)  # the last act or opened page, to some minutes
    network: Mapped[str] = mapped_column(String(43), default="")  # /24 of IPv4, /48 of IPv6, last seen
    device: Mapped[str] = mapped_column(String(80), default="")  # "Firefox on Windows"
    remembered: Mapped[bool] = mapped_column(Boolean, default=False)
    # one of WAYS: who said who it is
    way: Mapped[str] = mapped_column(String(8), default="", server_default="")
    proved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # see proof.py
    kind: Mapped[str] = mapped_column(String(8), default="", server_default="")  # one of KINDS
    origin: Mapped[str | None] = mapped_column(String(300))  # of EMBED: the site whose page has the frame
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # signed out, or ended from elsewhere


class KnownSession(NamedTuple):
    """The session of a request, read together with its user."""

    id: str
    seen_at: datetime
    proved_at: datetime | None
    ends_at: datetime
    way: str = HERE

    @property
    def had_second_factor(self) -> bool:
        """Return whether those who said who it is had asked for a second factor."""
        return self.way in (SSO_MFA, OIDC_MFA)


def idle_limit(user: User) -> timedelta:
    """Return how long a session of this person lasts without an act (OWASP ASVS 7.3.1)."""
    return timedelta(seconds=setting("IDLE_ADMIN" if user.is_admin else "IDLE"))


def lifetime(user: User) -> timedelta:
    """Return how long a session of this person lasts at most (OWASP ASVS 7.3.2)."""
    return timedelta(seconds=setting("SESSION_ADMIN" if user.is_admin else "SESSION"))


def end_of(user: User, session: KnownSession) -> datetime:
    """Return when this session ends if the person does nothing more."""
    return min(session.ends_at, session.seen_at + idle_limit(user))


def rowless_digest(user_id: str) -> str:
    """Return the key among the used links that ends all cookies of a person that have no row."""
    return sha256_hex(f"rowless:{user_id}")


def has_id(session_id: str) -> ColumnElement[bool]:
    """Return the condition that a row is that of this session id, be it the present one or the one before."""
    digest = digest_of(session_id)
    # Not a plain comparison: NULL would make its negation true of no row.
    return or_(UserSession.digest == digest, UserSession.old_digest.is_not_distinct_from(digest))


def digest_of(session_id: str) -> str:
    """Return the key of a session among the rows, and of an ended one among the used links."""
    return sha256_hex(session_fingerprint(session_id))
