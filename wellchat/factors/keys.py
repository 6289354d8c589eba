"""Seal the secrets of authenticator apps, and hash recovery codes, with keys of the SECRET_KEY."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wellchat.accounts.passwords import hash_raw
from wellchat.config import setting

NONCE_BYTES = 12


class Unreadable(Exception):
    """Sealed with another SECRET_KEY, for another person, or not by us."""


def seal(secret: str, *, user_id: str) -> bytes:
    """Return the secret encrypted (AES-256-GCM) for this person: in another's row it cannot be read."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key("totp", _secret_keys()[0])).encrypt(nonce, secret.encode(), user_id.encode())


def unseal(sealed: bytes, *, user_id: str) -> str:
    """Return what was sealed. Raises Unreadable."""
    nonce, encrypted = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    # Nothing says which key sealed it. With a wrong one the tag of GCM does not fit.
    for secret_key in _secret_keys():
        try:
            return AESGCM(_key("totp", secret_key)).decrypt(nonce, encrypted, user_id.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


def code_digests(code: str, *, user_id: str) -> list[str]:
    """Return the digests under which a recovery code may be stored; the first for new ones.

    50 bits are few, so they are hashed as slowly as a password (OWASP ASVS 6.5.2), and under a key that is
    not in the database. The id of their person, 65 random bits, is the salt.
    """
    keyed = (hmac.digest(_key("recovery", each), code.encode(), "sha256") for each in _secret_keys())
    return [hash_raw(secret, salt=user_id.encode()).hex() for secret in keyed]


def _secret_keys() -> list[str]:
    return [setting("SECRET_KEY"), *setting("OLD_SECRET_KEYS")]


def _key(use: str, secret_key: str) -> bytes:
    return hashlib.sha256(f"wellchat.factors.{use}:{secret_key}".encode()).digest()
