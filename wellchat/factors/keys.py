"""Seal the secrets of authenticator apps, and hash recovery codes, with keys of the SECRET_KEY."""

from __future__ import annotations

import hmac

from wellchat import sealing
from wellchat.accounts.passwords import hash_raw
from wellchat.sealing import Unreadable, key_of, secret_keys

__all__ = ["Unreadable", "code_digests", "seal", "unseal"]


def seal(secret: str, *, user_id: str) -> bytes:
    """Return the secret encrypted for this person: in another's row it cannot be read."""
    return sealing.seal(secret, use="factors.totp", owner=user_id)


def unseal(sealed: bytes, *, user_id: str) -> str:
    """Return what was sealed. Raises Unreadable."""
    return sealing.unseal(sealed, use="factors.totp", owner=user_id)


def code_digests(code: str, *, user_id: str) -> list[str]:
    """Return the digests under which a recovery code may be stored; the first for new ones.

    50 bits are few, so they are hashed as slowly as a password (OWASP ASVS 6.5.2), and under a key that is
    not in the database. The id of their person, 65 random bits, is the salt.
    """
    keyed = (hmac.digest(key_of("factors.recovery", each), code.encode(), "sha256") for each in secret_keys())
    return [hash_raw(secret, salt=user_id.encode()).hex() for secret in keyed]
