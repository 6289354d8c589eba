"""Fetch JSON from an address that the operator named, or that a provider named which the operator trusts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from wellchat import outbound
from wellchat.config import setting
from wellchat.db import release_connection

TIMEOUT = 5.0  # seconds: a person waits for it
MAX_ANSWER = 256 * 1024  # bytes


class Unreachable(Exception):
    """No usable answer. The message is for developers and operators."""


def get_json(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address. Raises Unreachable. Redirects are not followed."""
    return _ask("GET", url, None, headers or {})


def post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """Send a form and return the JSON object that comes back. Raises Unreachable."""
    typed = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return _ask("POST", url, urlencode(form).encode(), typed)


def _ask(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
    host = urlsplit(url).hostname or url
    # A slow host must not hold a database connection.
    release_connection()
    try:
        answer = outbound.call(
            method,
            url,
            reach=_reach(url),
            body=body,
            headers={"Accept": "application/json", **headers},
            timeout=TIMEOUT,
            most=MAX_ANSWER,
        )
    except (outbound.NotAllowed, outbound.Unreachable, outbound.NoAnswer) as error:
        raise Unreachable(f"{host}: {error}") from None
    if answer.status != 200:
        raise Unreachable(f"{host} answered {answer.status}{_error_word(answer.body)}.")
    found = _read(answer.body) if answer.is_whole else None
    if not isinstance(found, dict):
        raise Unreachable(f"{host} did not send a JSON object of at most {MAX_ANSWER:,} bytes.")
    return found


def _reach(url: str) -> outbound.Reach:
    try:
        port = urlsplit(url).port or 443
    except ValueError:
        port = 443
    # The operator names the address, or its issuer does: its port is meant. What it leads to must be public.
    return outbound.Reach(ports=(port,), anywhere=setting("SSO_ANYWHERE"))


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _error_word(content: bytes) -> str:
    """Return the `error` of an OAuth answer (RFC 6749, 5.2) in brackets: it says what to mend."""
    found = _read(content)
    word = found.get("error") if isinstance(found, dict) else None
    return f" ({word})" if isinstance(word, str) and word.isascii() and word.isidentifier() else ""
