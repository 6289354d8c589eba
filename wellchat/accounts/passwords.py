"""Passwords: Argon2id, a few at a time."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# OWASP's parameters. A stored hash names its own; one made with others is renewed at the next sign-in.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Each hash takes 19 MB: a crowd of guesses must not take all the memory there is.
_slots = threading.BoundedSemaphore(8)


def hash_password(password: str) -> str:
    with _slots:
        return hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether it is the right one. Takes as long where there is none to compare with: time must not tell which."""
    if stored is None:
        hash_password(password)
        return False
    with _slots:
        try:
            return hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return hasher.check_needs_rehash(stored)
