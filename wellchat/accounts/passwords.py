"""Hash passwords with Argon2id (RFC 9106), a few at a time."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import hash_secret_raw

# OWASP's parameters. A stored hash contains its own; an outdated one is renewed at the next sign-in.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Each hash takes 19 MB: many guesses at once must not use up the memory.
_slots = threading.BoundedSemaphore(8)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password. Waits while eight others are being made."""
    with _slots:
        return hasher.hash(password)


def hash_raw(secret: bytes, *, salt: bytes) -> bytes:
    """Return 32 bytes of Argon2id, by which a secret with a known salt can be looked up."""
    with _slots:
        return hash_secret_raw(
            secret,
            salt,
            time_cost=hasher.time_cost,
            memory_cost=hasher.memory_cost,
            parallelism=hasher.parallelism,
            hash_len=32,
            type=Type.ID,
        )


def matches(password: str, stored: str | None) -> bool:
    """Return whether the password matches the stored hash.

    Without a hash it takes as long: the time must not tell whether the account has a password, or exists.
    """
    if stored is None:
        # The hash is thrown away: it only takes as long as a comparison.
        hash_password(password)
        return False
    with _slots:
        try:
            return hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Return whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(stored)
