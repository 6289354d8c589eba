"""One call over HTTP, and when to try it again."""

from __future__ import annotations

import http.client
import json
import random
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from wellchat_client.errors import NoAnswer, refusal

LONGEST_PAUSE = 30.0  # seconds
# Not of wellchat: a proxy says that it did not get through.
GATEWAY = (502, 504)


@dataclass(frozen=True)
class Answer:
    """An answer below 400."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes

    @property
    def json(self) -> Any:
        """The value of the JSON body; None where there is none (204)."""
        return json.loads(self.body) if self.body else None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def call(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout: float
) -> Answer:
    """Make one call. Raises Refused for an answer of 300 and above, NoAnswer where none came."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return Answer(answer.status, _lower(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code in GATEWAY:
                raise NoAnswer(f"a proxy answered {error.code}") from None
            raise refusal(error.code, _problem(error), _lower(error.headers)) from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(str(error)) from error


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found = json.loads(error.read())
    except (ValueError, OSError, http.client.HTTPException):
        found = None
    return found if isinstance(found, dict) else {"detail": str(error.reason)}


def pause(failures: int, chance: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait after so many failures in a row: 0.5 to 1, then twice as long, up to 30.

    Part of it is chance: after a restart, not all clients come back in the same moment.
    """
    longest = min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 10))
    return float(longest * (0.5 + chance() / 2))
