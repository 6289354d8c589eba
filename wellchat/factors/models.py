"""Define the tables of factors: authenticator apps, recovery codes, passkeys, and what is under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id


class Totp(Base):
    """A person's authenticator app (RFC 6238). It is here once its first code was right."""

    __tablename__ = "totp"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)  # see keys.seal
    confirmed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # number of the 30 s step of the last code that was taken: only a later one is good
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Base):
    """One of ten codes for the day when the phone is lost; only its HMAC is stored, and each works once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Passkey(Base):
    """A public key of a device or a password manager (WebAuthn)."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    # what the device counted, up to 2^32; most count nothing and say 0
    sign_count: Mapped[int] = mapped_column(BigInteger)
    backed_up: Mapped[bool] = mapped_column(Boolean)
    transports: Mapped[str] = mapped_column(String(80))  # usb, internal ... separated by blanks
    rp_id: Mapped[str] = mapped_column(String(253))  # the host name it was made for: it works nowhere else
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # when its count went backwards, as that of a copied key does
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FactorChallenge(Base):
    """A random value that a passkey signs: good once, for a short time, in the browser that asked for it."""

    __tablename__ = "factor_challenges"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(String(10))
    # None: whoever signs in by passkey alone
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class HalfSignIn(Base):
    """A person whose password was right and whose second step is to come. They are not signed in."""

    __tablename__ = "half_sign_ins"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # of the secret in the browser's cookie
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    # a password changed meanwhile ends it
    session_epoch: Mapped[int] = mapped_column(Integer)
    remember: Mapped[bool] = mapped_column(Boolean)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class FactorTry(Base):
    """One try at a second factor, right or wrong, at whatever door."""

    __tablename__ = "factor_tries"

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class FactorReset(Base):
    """A reset of a person's factors that waits, so that its owner can stop it."""

    __tablename__ = "factor_resets"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # when the owner is told once more
    reminder_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
