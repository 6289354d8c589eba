"""Define the tables of accounts: users, avatars, tokens, used links, presences; and the session ids."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Integer, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from wellchat import clock
from wellchat.accounts import duties
from wellchat.branding import role_word
from wellchat.config import setting
from wellchat.db import Base, UTCDateTime, new_id
from wellchat.i18n import N_, gettext
from wellchat.personal_data import GONE_EMAIL

if TYPE_CHECKING:
    from wellchat.accounts.session_models import KnownSession

CLIENT, PROFESSIONAL, ADMIN = ROLES = ("client", "professional", "admin")

SYSTEM = "system"  # of the one row in whose name this installation itself writes; see SYSTEM_ID
SYSTEM_ID = "system-person"  # no other id has a hyphen

ROLE_LABELS = {
    CLIENT: N_("Client"),
    PROFESSIONAL: N_("Professional"),
    ADMIN: N_("Administrator"),
    SYSTEM: N_("System"),
}


def label_of(role: str, own: str | None, trade: str | None = None) -> str:
    """Return what somebody is called: `own`, the label that the person chose; or the word of a trade.

    Else it is the label of the role. All but the first are in the reader's language.
    """
    return own or role_word(trade, role) or gettext(ROLE_LABELS[role])


# Who made a token: its person in a browser, somebody with their password, or the operator.
PAGE, BY_PASSWORD, OPERATOR = ("page", "password", "operator")
TOKEN_LASTS_MOST = timedelta(days=365)
SESSION_LASTS = timedelta(days=90)  # for a remembered browser too; longer than any cookie or link of ours
DAY_ONE = datetime(1970, 1, 1, tzinfo=UTC)


class User(Base):
    """A person with an account."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('client', 'professional', 'admin', 'system')", name="role"),)

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    # lower case; accounts.forms normalises it. None: the host gave no address, and no mail goes out
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(12))
    # the person's own label for the role: Coach, Stylist
    role_label: Mapped[str | None] = mapped_column(String(40))
    bio: Mapped[str | None] = mapped_column(String(280))
    password_hash: Mapped[str | None] = mapped_column(String(200))  # None: cannot sign in with a password
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    # the browser sent it, or the person chose it
    zone_known: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    locale: Mapped[str | None] = mapped_column(String(12))  # chosen by the person; None: the browser's
    browser_locale: Mapped[str | None] = mapped_column(String(12))  # the last Accept-Language; used for mails
    open_to_clients: Mapped[bool] = mapped_column(Boolean, default=True)  # new clients may write first
    avatar_version: Mapped[str | None] = mapped_column(String(13))  # None: initials are shown
    session_epoch: Mapped[int] = mapped_column(Integer, default=1)  # incremented to end every session at once
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # None: see `waits`
    # names of duties.ADMIN_ROLES, separated by blanks; empty unless the role is admin
    admin_roles: Mapped[str] = mapped_column(String(40), default="", server_default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # cannot sign in, is mailed nothing
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)  # may read, and send nothing
    # Both belong to the feature `factors`; they are here because every request reads this row.
    # since when there is a second factor; None: there is none
    factor_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    factor_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when the grace for a first one ends
    # Belongs to the feature `automatic_messages`: has set up hours or a welcome. It is here because whoever
    # writes to a person has read this row, and pays for no statement where nothing is set up.
    answers_by_itself: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    is_anonymous: ClassVar[bool] = False
    is_authenticated: ClassVar[bool] = True
    session_id = ""  # id of the session that loaded this object; not a column
    # its row; None by bearer token, and until a cookie from before there were rows acts; not a column
    session = cast("KnownSession | None", None)
    has_old_id = False  # whether a proof has replaced `session_id` since the cookie was sent; not a column
    token = cast("KnownToken | None", None)  # the bearer token of this request; not a column
    access_ends_at = cast("datetime | None", None)  # when its session or token ends by time; not a column
    locale_before = (
        ""  # `locale` at loading, for the error page after a rollback expired the rest; not a column
    )
    access_seq = -1  # access_seq of the change log when the user was authenticated; not a column

    @property
    def is_active(self) -> bool:
        """Return whether the person may sign in and act (Flask-Login asks)."""
        return self.disabled_at is None and self.role != SYSTEM

    @property
    def is_system(self) -> bool:
        """Return whether this is the row in whose name the installation writes. Nobody is that person."""
        return self.role == SYSTEM

    @property
    def is_gone(self) -> bool:
        """Return whether the person was erased."""
        return self.disabled_at is not None and self.email == GONE_EMAIL.format(id=self.id)

    @property
    def shown_name(self) -> str:
        """Return the name that others see: of a disabled person, that the account is closed."""
        return self.name if self.is_active or self.is_gone or self.is_system else gettext("Account closed")

    def is_paused(self, now: datetime) -> bool:
        """Return whether the person may send nothing at this moment."""
        return self.paused_until is not None and self.paused_until > now

    @property
    def is_professional(self) -> bool:
        """Return whether the person is a professional."""
        return self.role == PROFESSIONAL

    @property
    def waits(self) -> bool:
        """Return whether a professional is not confirmed yet: nobody finds them, and they do not write."""
        return self.is_professional and self.confirmed_at is None and bool(setting("CONFIRM_PROFESSIONALS"))

    @property
    def is_client(self) -> bool:
        """Return whether the person is a client."""
        return self.role == CLIENT

    @property
    def is_admin(self) -> bool:
        """Return whether the person is an administrator."""
        return self.role == ADMIN

    def may(self, duty: str) -> bool:
        """Return whether the person is an administrator with this duty; see duties.DUTIES."""
        return self.is_admin and duties.may(self.admin_roles, duty)

    @property
    def label(self) -> str:
        """Return the label of the role, in the reader's language."""
        return label_of(self.role, self.role_label)

    @property
    def language(self) -> str | None:
        """Return the language of mails to this person; None if unknown."""
        return self.locale or self.browser_locale

    @property
    def avatar_url(self) -> str | None:
        """Return the path of the picture, with its version; None without a picture."""
        shown = self.avatar_version if self.is_active else None
        return f"/people/{self.id}/avatar?v={shown}" if shown else None

    def get_id(self) -> str:
        """Return the value of the session cookies (Flask-Login): "user id.epoch.session id".

        It is worthless when the epoch has moved on or this session was ended.
        """
        self.session_id = self.session_id or new_session_id(clock.now())
        return f"{self.id}.{self.session_epoch}.{self.session_id}"


class Avatar(Base):
    """A person's picture, re-encoded by us: small, square, only pixels."""

    __tablename__ = "avatars"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    picture: Mapped[bytes] = mapped_column(LargeBinary)  # WebP


class Token(Base):
    """A bearer token; only its SHA-256 is stored."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # None: made by a version without ends, and ends TOKEN_LASTS_MOST after it was made
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # names of scopes.SCOPES, separated by blanks
    scopes: Mapped[str] = mapped_column(String(40), default="read send", server_default="read send")
    made_by: Mapped[str] = mapped_column(String(8), default=OPERATOR, server_default="")
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # to the hour
    network: Mapped[str] = mapped_column(String(43), default="", server_default="")  # last used from

    @property
    def last_moment(self) -> datetime:
        """Return when the token ends."""
        return self.ends_at or self.created_at + TOKEN_LASTS_MOST


class KnownToken(NamedTuple):
    """The token of a request."""

    id: str
    scopes: str
    used_at: datetime | None
    ends_at: datetime


class UsedLink(Base):
    """The hash of a used link or of a signed-out session: neither works again."""

    __tablename__ = "used_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Presence(Base):
    """The moment when a person last acted, and the thread that was open. Polling alone does not count."""

    __tablename__ = "presences"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    thread_id: Mapped[str | None] = mapped_column(String(13))


def sha256_hex(secret: str) -> str:
    """Return the SHA-256 in hex: what is stored of a token, a used link or an ended session."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_fingerprint(session_id: str) -> str:
    """Return the key under which an ended session is stored among the used links."""
    return f"session:{session_id}"


def new_session_id(now: datetime) -> str:
    """Return a new session id: "day~random".

    It contains its start day (days since 1970-01-01), so that ended sessions need to be remembered only for
    SESSION_LASTS.
    """
    return f"{(now - DAY_ONE).days}~{secrets.token_urlsafe(16)}"


def next_session_id(session_id: str) -> str:
    """Return another id for a session. Its first day stays: a new id makes no session last longer."""
    return f"{session_id.partition('~')[0]}~{secrets.token_urlsafe(16)}"


def is_over(session_id: str, now: datetime) -> bool:
    """Return whether a session is older than SESSION_LASTS, or its id is malformed."""
    day = session_id.partition("~")[0]
    if not (day.isascii() and day.isdecimal() and len(day) < 7):
        return True
    return now >= DAY_ONE + timedelta(days=int(day)) + SESSION_LASTS
