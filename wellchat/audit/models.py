"""Define the tables of the security log.

A row names people by pseudonyms. What leads from a pseudonym to a person, and full addresses, are in tables
beside it, so that erasing a person leaves every row as it was.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.config import secret_keys, setting
from wellchat.db import Base, UTCDateTime, new_id

ACTOR_KINDS = PERSON, STRANGER, OPERATOR, SYSTEM, HOST = ("person", "stranger", "operator", "system", "host")
OUTCOMES = DONE, REFUSED, FAILED = ("done", "refused", "failed")
UNSEALED = "seq IS NULL"


class AuditEvent(Base):
    """One act. `seq`, `previous`, `hash` and `key_id` are set once, by the sealing; all else stays.

    Triggers of the database refuse every other change, and every deletion outside of an AuditGap.
    """

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
        # What waits for its number; nearly always nothing.
        Index("ix_audit_unsealed", "at", "id", sqlite_where=text(UNSEALED), postgresql_where=text(UNSEALED)),
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


class AuditState(Base):
    """One row: where the chain ends, and how far the worker is. Who seals holds its lock."""

    __tablename__ = "audit_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, default=0)  # of the last sealed row
    hash: Mapped[str] = mapped_column(String(64), default="")
    key_id: Mapped[str] = mapped_column(String(16), default="")
    shipped: Mapped[int] = mapped_column(Integer, default=0)  # the last row that went out
    ship_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # not before: a lease, or a pause
    judged: Mapped[int] = mapped_column(Integer, default=0)  # the last row that the rules of suspicion saw
    checked: Mapped[int] = mapped_column(Integer, default=0)  # the last row of the worker's own verifying
    trimmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AuditHead(Base):
    """The end of the chain at some hour. Never changed: it shows that a tail was cut off."""

    __tablename__ = "audit_heads"

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class AuditGap(Base):
    """Rows `first` to `last` that were trimmed, and the hash of the last. Never changed."""

    __tablename__ = "audit_gaps"

    first: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
    hash: Mapped[str] = mapped_column(String(64))
    trim_id: Mapped[str] = mapped_column(String(13))  # of the row audit.trimmed that says so


class AuditCount(Base):
    """Refusals of one minute that become one row of the log when the minute is over."""

    __tablename__ = "audit_counts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # hash of who, what and the minute
    kind: Mapped[str] = mapped_column(String(40))
    minute: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    times: Mapped[int] = mapped_column(Integer)
    actor_id: Mapped[str | None] = mapped_column(String(13))
    address: Mapped[str] = mapped_column(String(45))
    network: Mapped[str] = mapped_column(String(43))
    device: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, str | int | bool | None]] = mapped_column(JSON)


class AuditSuspicion(Base):
    """A cause for suspicion that was told, so that it is told once."""

    __tablename__ = "audit_suspicions"

    cause: Mapped[str] = mapped_column(String(80), primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


def pseudonym(user_id: str) -> str:
    """Return the name under which a person stands in the log: the same for ever, and not to be guessed."""
    # The oldest secret: names must not change when the secret does.
    secret = setting("PSEUDONYM_KEY") or secret_keys()[0]
    key = hashlib.sha256(b"wellchat.audit.pseudonym:" + secret.encode()).digest()
    return hmac.new(key, user_id.encode(), "sha256").hexdigest()[:26]
