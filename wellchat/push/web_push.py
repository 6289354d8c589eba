"""Speak to push services (RFC 8030, 8188, 8291, 8292).

An endpoint is an address that a stranger chose, because a browser sends it: see wellchat/outbound.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid.utils import b64urldecode

from wellchat import outbound
from wellchat.config import setting

TIMEOUT = 10.0  # seconds for one push, whatever the other side does
MAX_RETRY_AFTER = 3600  # seconds that a service may ask us to wait
MAX_ANSWER = 4096  # bytes of an answer that are read; nothing is made of them


class Temporary(Exception):
    """Refused for now, or not reached. Try again, after `after` seconds if the service says so."""

    def __init__(self, reason: str, after: int | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Permanent(Exception):
    """Refused for good."""


class Gone(Exception):
    """The subscription or the service does not exist. Never send there again."""


class OutcomeUnknown(Exception):
    """The push was handed over, and no answer came."""


def _reach() -> outbound.Reach:
    return outbound.Reach(anywhere=setting("PUSH_ALLOW_PRIVATE"))


def check_endpoint(endpoint: str) -> SplitResult:
    """Return the parts of an endpoint that may be pushed to, as far as can be told without DNS.

    Raises ValueError.
    """
    parts = outbound.check_address(endpoint, _reach())
    host, hosts = str(parts.hostname), setting("PUSH_HOSTS")
    if hosts and not any(f".{host}".endswith(f".{each.lower()}") for each in hosts):
        raise ValueError("This installation does not push there.")
    return parts


def encrypt(text: bytes, *, p256dh: str, auth: str) -> bytes:
    """Return the text encrypted for one subscription (RFC 8291)."""
    sealed: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=b64urldecode(p256dh.encode()),
        auth_secret=b64urldecode(auth.encode()),
        version="aes128gcm",
    )
    return sealed


def post(endpoint: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Hand over one push. Raises Temporary, Permanent, Gone or OutcomeUnknown."""
    try:
        check_endpoint(endpoint)
        answer = outbound.call(
            "POST",
            endpoint,
            reach=_reach(),
            body=body,
            headers=headers,
            timeout=TIMEOUT,
            most=MAX_ANSWER,
        )
    except outbound.Unreachable as error:
        raise Temporary(str(error)) from None
    except outbound.NoAnswer as error:
        raise OutcomeUnknown(f"The push service took it. {error}") from None
    except ValueError as error:
        raise Gone(str(error)) from None
    _raise_for_status(answer)


def _raise_for_status(answer: outbound.Answer) -> None:
    reason = f"The push service answered {answer.status}."
    if 200 <= answer.status < 300:
        return
    if answer.status in (404, 410):
        raise Gone(reason)
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Temporary(reason, answer.retry_after(MAX_RETRY_AFTER))
    raise Permanent(reason)
