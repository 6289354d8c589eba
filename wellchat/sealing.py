"""Seal secrets that must be read again, with keys of the SECRET_KEY."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wellchat import config

NONCE_BYTES = 12


class Unreadable(Exception):
    """Sealed with another SECRET_KEY, for another row, or not by us."""


def seal(secret: str, *, use: str, owner: str) -> bytes:
    """Return the secret encrypted (AES-256-GCM) for this use and row: in another's row it cannot be read."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key_of(use, secret_keys()[0])).encrypt(nonce, secret.encode(), owner.encode())


def unseal(sealed: bytes, *, use: str, owner: str) -> str:
    """Return what was sealed. Raises Unreadable."""
    nonce, encrypted = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    # Nothing says which key sealed it. With a wrong one the tag of GCM does not fit.
    for secret_key in secret_keys():
        try:
            return AESGCM(key_of(use, secret_key)).decrypt(nonce, encrypted, owner.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


def secret_keys() -> list[str]:
    """Return the secret keys, the present one first."""
    return [*reversed(config.secret_keys())]


def key_of(use: str, secret_key: str) -> bytes:
    """Return 32 bytes of a secret key for one use."""
    return hashlib.sha256(f"wellchat.{use}:{secret_key}".encode()).digest()
