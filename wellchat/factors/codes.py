"""Read and make codes: those of authenticator apps (RFC 6238) and recovery codes. Nothing is stored here."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime

import pyotp

STEP = 30  # seconds for which an app shows one code
DIGITS = 6
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECOVERY_LENGTH = 10  # 50 bits
RECOVERY_CODES = 10
MAX_TYPED = 64


def new_secret() -> str:
    """Return a new secret for an app: 160 bits in base32."""
    return pyotp.random_base32()


def setup_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the address that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def in_groups(text: str, size: int = 4) -> str:
    """Return the text in groups that are easy to type: "ABCD EFGH"."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))


def fold(typed: str) -> str:
    """Return what was meant by a typed code: without blanks and dashes, digits of any script as 0 to 9."""
    kept = []
    # NFKC turns full-width letters and digits into plain ones.
    for character in unicodedata.normalize("NFKC", typed[:MAX_TYPED]):
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(character) not in ("Zs", "Cc", "Cf", "Pd"):
            kept.append(character.upper())
    return "".join(kept)


def is_app_code(folded: str) -> bool:
    """Return whether it has the form of an app's code."""
    return len(folded) == DIGITS and folded.isascii() and folded.isdigit()


def step_of(now: datetime) -> int:
    """Return the number of the step of this time."""
    return int(now.timestamp()) // STEP


def matching_step(secret: str, folded: str, now: datetime, *, drift: int = 1) -> int | None:
    """Return the latest step that has this code, or None: the present one, or up to `drift` from it.

    RFC 6238 (5.2) allows one: clocks differ, and typing takes time.
    """
    totp = pyotp.TOTP(secret)
    present = step_of(now)
    # Every step is compared, in constant time: how long it takes says nothing.
    found = [
        step
        for step in range(present - drift, present + drift + 1)
        if pyotp.utils.strings_equal(folded, totp.generate_otp(step))
    ]
    # Two steps may have the same code. The later one counts, or the code would be good again in it.
    return found[-1] if found else None


def new_recovery_codes() -> list[str]:
    """Return ten new codes of ten characters that cannot be mistaken for each other (Crockford's base32)."""
    return ["".join(secrets.choice(CROCKFORD) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]


def as_recovery_code(folded: str) -> str | None:
    """Return the recovery code that was meant, I and L read as 1 and O as 0; None if it has not the form."""
    meant = folded.translate(str.maketrans("ILO", "110"))
    if len(meant) != RECOVERY_LENGTH or not set(meant) <= set(CROCKFORD):
        return None
    return meant
