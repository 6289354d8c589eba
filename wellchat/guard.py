"""Count acts, and refuse what is too many, at whatever door they come in.

The guard counts what an act is about (an account, an address, a network), not how a request spells it. It
counts in Redis, for all processes together. Without Redis, or while it does not answer, each process counts
in its own memory: never nowhere. docs/limits.md lists every budget.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property

from flask import Flask, current_app
from flask_limiter import RateLimitExceeded
from flask_limiter._limits import RuntimeLimit
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from wellchat import clock

log = logging.getLogger(__name__)

REDIS_TIMEOUT = 0.25  # seconds that one count may lose to a slow Redis
RETRY_AFTER = 5.0  # seconds without trying, after Redis failed


@dataclass(frozen=True)
class Budget:
    """A limit of one thing: `windows` such as "5/minute;20/hour". The name is part of the key."""

    name: str
    windows: str

    @cached_property
    def items(self) -> tuple[RateLimitItem, ...]:
        """The windows, shortest first."""
        # A burst is refused by the shortest, before the longer ones have counted it.
        return tuple(sorted(parse_many(self.windows)))


class LimitReached(RateLimitExceeded):
    """A budget is used up. Spend again after `seconds`."""

    def __init__(self, budget: Budget, item: RateLimitItem, seconds: float) -> None:
        super().__init__(RuntimeLimit(limit=item, key_func=lambda: budget.name, scope=budget.name))
        self.seconds = seconds


class Guard:
    """The counts of one application."""

    def __init__(self, url: str | None) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None
        if url is not None:
            storage = storage_from_string(limits_url(url), **limits_options(url))
            self._shared = MovingWindowRateLimiter(storage)
        self._retry_at = 0.0

    def spend(self, budget: Budget, key: str) -> tuple[RateLimitItem, float] | None:
        """Count one act. Return None if it is within the budget, else (the window, seconds to wait).

        A refused act is not counted in the window that refuses it: nobody can prolong a wait.
        """
        for item in budget.items:
            if not self._hit(item, budget.name, key):
                return item, self._wait(item, budget.name, key)
        return None

    def _hit(self, item: RateLimitItem, *keys: str) -> bool:
        # Not asked for a while after a failure: each request would wait for the timeout again.
        if self._shared is not None and time.monotonic() >= self._retry_at:
            try:
                return self._shared.hit(item, *keys)
            except (RedisError, StorageError) as error:
                self._retry_at = time.monotonic() + RETRY_AFTER
                log.warning("Redis does not answer (%s); this process counts for itself", error)
        # To refuse here would lock everybody out together with Redis; to let all pass would help who guesses.
        return self._own.hit(item, *keys)

    def _wait(self, item: RateLimitItem, *keys: str) -> float:
        strategy = self._own if time.monotonic() < self._retry_at else self._shared or self._own
        try:
            reset_time = strategy.get_window_stats(item, *keys).reset_time
        except (RedisError, StorageError):
            # Nobody can say how much of the window is over, so name all of it.
            return float(item.get_expiry())
        return max(0.0, reset_time - clock.now().timestamp())


def within(budget: Budget, key: str) -> bool:
    """Count one act. Return whether it is within its budget; always True where limits are off."""
    return not current_app.config["RATE_LIMITS"] or _guard().spend(budget, key) is None


def spend(*budgets: tuple[Budget, str]) -> None:
    """Count one act in each (budget, key), in order. Raises LimitReached at the first that is used up."""
    if not current_app.config["RATE_LIMITS"]:
        return
    for budget, key in budgets:
        if (refused := _guard().spend(budget, key)) is not None:
            raise LimitReached(budget, *refused)


def _guard() -> Guard:
    guard: Guard = current_app.extensions["guard"]
    return guard


def limits_url(url: str | None) -> str:
    """Return the URL of a Redis as the `limits` package wants it; its memory for None."""
    if url is None:
        return "memory://"
    return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url


def limits_options(url: str | None) -> dict[str, float]:
    """Return the timeouts of the Redis client: a Redis that hangs must not hold a request any longer."""
    return {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT} if url else {}


def init_app(app: Flask) -> None:
    """Give the application its counts."""
    app.extensions["guard"] = Guard(app.config["REDIS_URL"])
