"""Define the tables of the security log.

A row names people by pseudonyms. What leads from a pseudonym to a person, and full addresses, are in tables
beside it, so that erasing a person leaves every row as it was.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.config import secret_keys, setting
from wellchat.db import Base, UTCDateTime, new_id

ACTOR_KINDS = PERSON, STRANGER, OPERATOR, SYSTEM, HOST = ("person", "stranger", "operator", "system", "host")
OUTCOMES = DONE, REFUSED, FAILED = ("done", "refused", "failed")


class AuditEvent(Base):
    """One act. `seq`, `previous`, `hash` and `key_id` are set once, by the sealing; all else stays."""

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint(
            "actor_kind IN ('person', 'stranger', 'operator', 'system', 'host')", name="actor_kind"
        ),
        CheckConstraint("outcome IN ('done', 'refused', 'failed')", name="outcome"),
        CheckConstraint("severity IN ('info', 'notice', 'high')", name="severity"),
        UniqueConstraint("seq", name="uq_audit_seq"),
        Index("ix_audit_actor_at", "actor", "at"),
        Index("ix_audit_person_at", "person", "at"),
        Index("ix_audit_kind_at", "kind", "at"),
        Index("ix_audit_at", "at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    kind: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(8))
    outcome: Mapped[str] = mapped_column(String(8))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str | None] = mapped_column(String(26))  # pseudonym of who did it
    person: Mapped[str | None] = mapped_column(String(26))  # pseudonym of whom it was done to
    about_kind: Mapped[str | None] = mapped_column(String(20))  # thread, file, token ...
    about: Mapped[str | None] = mapped_column(String(40))  # its id
    network: Mapped[str | None] = mapped_column(String(43))  # /24 of IPv4, /48 of IPv6
    device: Mapped[str | None] = mapped_column(String(80))  # "Firefox on Windows"
    request_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, str | int | bool | None]] = mapped_column(JSON, default=dict)
    seq: Mapped[int | None] = mapped_column(Integer)
    previous: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(16))


class AuditPerson(Base):
    """Leads from a pseudonym to the person. Erasing the person deletes it."""

    __tablename__ = "audit_people"

    pseudonym: Mapped[str] = mapped_column(String(26), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(13), index=True)


class AuditAddress(Base):
    """The full address of an act, kept for a short time only."""

    __tablename__ = "audit_addresses"

    audit_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    address: Mapped[str] = mapped_column(String(45))
    kept_until: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


def pseudonym(user_id: str) -> str:
    """Return the name under which a person stands in the log: the same for ever, and not to be guessed."""
    # The oldest secret: names must not change when the secret does.
    secret = setting("PSEUDONYM_KEY") or secret_keys()[0]
    key = hashlib.sha256(b"wellchat.audit.pseudonym:" + secret.encode()).digest()
    return hmac.new(key, user_id.encode(), "sha256").hexdigest()[:26]
