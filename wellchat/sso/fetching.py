"""Fetch JSON from an address that the operator named, or that a provider named which the operator trusts."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT = 5.0  # seconds for each step of one request
MAX_ANSWER = 256 * 1024  # bytes


class Unreachable(Exception):
    """No usable answer. The message is for developers and operators."""


def get_json(url: str) -> dict[str, Any]:
    """Return the JSON object at an address. Raises Unreachable. Redirects are not followed."""
    return _ask("GET", url, None, {})


def post_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """Send a form and return the JSON object that comes back. Raises Unreachable."""
    return _ask(
        "POST", url, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded", **headers}
    )


def _ask(method: str, url: str, body: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unreachable(f"{url} is no http(s) address.")
    connection = (
        HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    )
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request(method, target, body, {"Accept": "application/json", **headers})
        answer = connection.getresponse()
        content = answer.read(MAX_ANSWER + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{parts.hostname} did not answer ({type(error).__name__}).") from None
    finally:
        connection.close()
    return _object_in(parts.hostname, answer.status, content)


def _object_in(host: str, status: int, content: bytes) -> dict[str, Any]:
    if len(content) > MAX_ANSWER:
        raise Unreachable(f"{host} sent more than {MAX_ANSWER:,} bytes.")
    if status != 200:
        raise Unreachable(f"{host} answered {status}{_error_word(content)}.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreachable(f"{host} did not send JSON.") from None
    if not isinstance(found, dict):
        raise Unreachable(f"{host} did not send a JSON object.")
    return found


def _error_word(content: bytes) -> str:
    """Return the `error` of an OAuth answer (RFC 6749, 5.2) in brackets: it says what to mend."""
    try:
        word = str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f" ({word})" if word.isascii() and word.replace("_", "").isalpha() else ""
