"""Define the tables of sign-on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime

ALGORITHMS = HS256, EDDSA, ES256, RS256 = ("HS256", "EdDSA", "ES256", "RS256")


class SsoKey(Base):
    """A key that signs the tokens of the host: a secret of ours, or the host's public key, or set of keys.

    Exactly one of `secret_sealed`, `jwk` and `jwks_url` is there.
    """

    __tablename__ = "sso_keys"
    __table_args__ = (
        CheckConstraint("alg IN ('HS256', 'EdDSA', 'ES256', 'RS256')", name="alg"),
        CheckConstraint(
            "(secret_sealed IS NOT NULL AND jwk IS NULL AND jwks_url IS NULL)"
            " OR (secret_sealed IS NULL AND jwk IS NOT NULL AND jwks_url IS NULL)"
            " OR (secret_sealed IS NULL AND jwk IS NULL AND jwks_url IS NOT NULL)",
            name="one_source",
        ),
    )

    kid: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    alg: Mapped[str] = mapped_column(String(8))
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # NULL of SQL where there is none, not the JSON text `null`
    jwk: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    jwks_url: Mapped[str | None] = mapped_column(String(500))
    # may its tokens join a standing account by a verified address?
    joins_by_email: Mapped[bool] = mapped_column(Boolean, default=False)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def is_over(self, now: datetime) -> bool:
        """Return whether no token that this key signed is taken any more."""
        return self.ended_at is not None or (self.ends_at is not None and self.ends_at <= now)


class OidcSession(Base):
    """What a session that a provider began needs at its end: `sid` (OpenID Connect) and the ID token."""

    __tablename__ = "oidc_sessions"

    # id of its row in `sessions`; before it has begun, a hash of its arrival
    session_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(40))
    sid: Mapped[str | None] = mapped_column(String(255))
    id_token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
