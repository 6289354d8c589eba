"""Sign webhooks and verify them (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE = 300  # seconds that the time of a call may differ from the receiver's clock


class BadSignature(Exception):
    """The call does not come from who has the secret, or not lately."""


def new_secret() -> str:
    """Return a new secret: `whsec_` and 32 random bytes in standard base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the signature of one call, in base64. `timestamp` is in seconds since 1970."""
    # An integer, not a datetime: the same instant in another time zone must not change it.
    text = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), text, "sha256")).decode()


def headers(
    signing_secrets: Iterable[str], *, webhook_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the three headers of one call. During a rotation there are two secrets, and both sign."""
    signed = (
        signature(each, webhook_id=webhook_id, timestamp=timestamp, body=body) for each in signing_secrets
    )
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, at: int) -> str:
    """Return the id of a call whose headers (in small letters) are signed. Raises BadSignature.

    `at` is the receiver's time in seconds since 1970.
    """
    webhook_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (sent.isascii() and sent.isdecimal() and len(sent) < 12) or abs(int(sent) - at) > TOLERANCE:
        raise BadSignature("the time is missing, or differs by more than five minutes")
    wanted = signature(secret, webhook_id=webhook_id, timestamp=int(sent), body=body)
    found = headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(each.encode(), wanted.encode()) for each in found):
        raise BadSignature("no signature fits")
    return webhook_id


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not a secret: whsec_ and standard base64") from None
