"""Compute the chain of the security log: each row's hash covers the row and the hash before it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wellchat.audit.models import AuditEvent
from wellchat.config import secret_keys, setting
from wellchat.db import table

SEAL = ("previous", "hash")  # columns that the hash does not cover by themselves
COLUMNS = tuple(column.name for column in table(AuditEvent).columns if column.name not in SEAL)


@dataclass(frozen=True)
class Key:
    """A key of the chain. Its `id` names it in the rows and tells nothing about it."""

    secret: bytes

    @property
    def id(self) -> str:
        """Return 16 hexadecimal digits."""
        return hmac.new(self.secret, b"wellchat.audit.key", "sha256").hexdigest()[:16]

    def seal(self, previous: str, row: Mapping[Any, Any]) -> str:
        """Return the hash of a row, HMAC-SHA256 in hex. `previous` is the hash before it, "" at the start."""
        # `previous` is empty or has 64 digits, and JSON begins with a brace: no two pairs give one text.
        return hmac.new(self.secret, (previous + canonical(row)).encode(), "sha256").hexdigest()


def all_keys() -> list[Key]:
    """Return the keys: the first seals, all verify. Those made from our secrets are always among them."""
    # The key of pseudonyms is where a secret goes that has been replaced.
    # secret_keys() has the newest last, and the newest must seal.
    secrets = (*reversed(secret_keys()), *filter(None, [setting("PSEUDONYM_KEY")]))
    derived = [hashlib.sha256(b"wellchat.audit.seal:" + secret.encode()).digest() for secret in secrets]
    return [Key(secret) for secret in (*(each.encode() for each in setting("AUDIT_KEY")), *derived)]


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with its times as text: ISO 8601 in UTC with microseconds, the same on both databases."""
    return {
        name: value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }


def canonical(row: Mapping[Any, Any]) -> str:
    """Return all columns but `previous` and `hash` as JSON: sorted keys, no blanks, only ASCII."""
    return as_json(plain({name: row[name] for name in COLUMNS}))


def line(row: Mapping[Any, Any]) -> str:
    """Return a row as one line of JSON, as it is shipped and exported. It holds all that verifying needs."""
    return as_json(plain(row))


def as_json(value: Any) -> str:
    """Return JSON with sorted keys, without blanks, in ASCII: no line break stands in it unescaped."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
