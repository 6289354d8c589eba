"""Seal secrets that are stored, with a key of the SECRET_KEY (AES-256-GCM)."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wellchat.config import setting

NONCE_BYTES = 12


class Unreadable(Exception):
    """Sealed with another SECRET_KEY, for another use or owner, or not by us."""


def seal(secret: str, *, use: str, owner: str) -> bytes:
    """Return the secret encrypted for one use and one owner: in another's row it cannot be read."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(use, setting("SECRET_KEY"))).encrypt(nonce, secret.encode(), owner.encode())


def unseal(sealed: bytes, *, use: str, owner: str) -> str:
    """Return what was sealed. Raises Unreadable."""
    nonce, encrypted = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    # Nothing says which key sealed it. With a wrong one the tag of GCM does not fit.
    for secret_key in (setting("SECRET_KEY"), *setting("OLD_SECRET_KEYS")):
        try:
            return AESGCM(_key(use, secret_key)).decrypt(nonce, encrypted, owner.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


def _key(use: str, secret_key: str) -> bytes:
    return hashlib.sha256(f"wellchat.{use}:{secret_key}".encode()).digest()
