"""Make the calls of webhooks, and read what comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from wellchat import outbound
from wellchat.events.models import WebhookDelivery

AT_ONCE = 4
TIMEOUT = 15.0
MAX_ANSWER, KEPT = 65_536, 1_000  # bytes of an answer that are read, and characters that are kept
MAX_PAUSE = 86_400  # seconds that a receiver may ask us to wait
# After each failure; 75 h 35 min in all. Then the delivery has failed.
PAUSES = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)] + [
    timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)
]
JITTER = 0.1


class Outcome(NamedTuple):
    """The outcome of one try to call a webhook. `status` is None if no answer came; `error` then says why."""

    status: int | None
    ms: int
    error: str = ""
    answer: str = ""
    retry_after: int | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Call(NamedTuple):
    """One delivery, ready to be sent."""

    delivery: WebhookDelivery
    url: str
    body: bytes
    headers: dict[str, str]


def send(calls: Sequence[Call], rules: outbound.Reach, now: datetime) -> list[Outcome]:
    """Make these calls at once, at most AT_ONCE. Return what came of each."""
    if len(calls) == 1:
        return [_call(calls[0], rules, now)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda call: _call(call, rules, now), calls))


def _call(call: Call, rules: outbound.Reach, now: datetime) -> Outcome:
    """Send one webhook. Runs without the application, in a thread of its own."""
    began = time.monotonic()

    def ms() -> int:
        return round((time.monotonic() - began) * 1000)

    try:
        answer = outbound.call(
            "POST",
            call.url,
            reach=rules,
            body=call.body,
            headers=call.headers | {"User-Agent": "wellchat", "Accept": "*/*"},
            timeout=TIMEOUT,
            most=MAX_ANSWER,
        )
    except (outbound.NotAllowed, outbound.Unreachable, outbound.NoAnswer) as error:
        return Outcome(None, ms(), error=str(error)[:200])
    # PostgreSQL takes no NUL.
    text = answer.body[: KEPT * 4].decode("utf-8", "replace").replace("\0", "\ufffd")[:KEPT]
    wait = answer.retry_after(MAX_PAUSE, now) if answer.status in (429, 503) else None
    what = "" if 200 <= answer.status < 300 else f"The answer was {answer.status}."
    return Outcome(answer.status, ms(), error=what, answer=text, retry_after=wait)


def pause_after(attempts: int, retry_after: int | None = None) -> timedelta | None:
    """Return how long to wait after so many tries of a delivery, 1 or more. None: there is no other try."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return max(pause, timedelta(seconds=retry_after or 0))
