"""WSGI middleware: answers polls without news from a cache, and holds long polls.

Most polls find nothing new. For such a one the application looks up the user, reads the head of their log, and answers
204. That result is cached here under the whole request, for as long as it is known to hold. A long poll waits here too,
with the application's work done and put away: it holds its connection and nothing else. Where the server lets it (see
executor.py) it leaves its thread as well, and passes through the middleware again when it is woken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from wellchat import metrics
from wellchat.changes.queries import heads
from wellchat.longpoll import executor
from wellchat.longpoll.wakeups import KnownHead, PollNotifier, Waiter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLL_PATH = "/api/updates"
ENVIRON_KEY = "wellchat.poll"  # where the application leaves its CachedPoll
MAX_AGE = 600.0  # seconds that a cached poll is used; it expires earlier if the user's access ends
MAX_USES = 12_000  # of one cached poll; faster clients are left to the rate limits
MAX_ENTRIES = 50_000  # cached polls
Headers = list[tuple[str, str]]

NO_CONTENT = "204 NO CONTENT"
NO_STORE: Headers = [("Cache-Control", "no-store")]
EMPTY_BODY: list[bytes] = []
Key = tuple[str | None, ...]


class CachedPoll:
    """The application found nothing new for this poll: the user's log stands at `seq`.

    `cacheable`: whether the same request means the same when it comes again.
    """

    __slots__ = ("expires_at", "known_head", "seq", "user_id", "uses")

    def __init__(self, user_id: str, seq: int, known_head: KnownHead, *, cacheable: bool) -> None:
        self.user_id, self.seq, self.known_head = user_id, seq, known_head
        self.expires_at = time.monotonic() + MAX_AGE if cacheable else 0.0
        self.uses = 0


class IdlePollCache:
    def __init__(self, app: Flask, notifier: PollNotifier) -> None:
        self._app = app
        self._next: WSGIApplication = app.wsgi_app
        self._notifier = notifier
        self._entries: dict[Key, CachedPoll] = {}
        self._version = ("X-App-Version", str(app.extensions["assets"]))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != POLL_PATH or environ["REQUEST_METHOD"] != "GET":
            return self._next(environ, start_response)
        status, headers, body = NO_CONTENT, NO_STORE, EMPTY_BODY
        waiter = cast("Waiter | None", executor.resumed_by())
        if waiter is None:
            query, wait = _split_wait(environ["QUERY_STRING"])
            key = (environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_COOKIE"), query)
            cached = self._entries.get(key)
            if cached is None or not self._is_valid(cached):
                status, headers, body = _call(self._next, environ)
                cached = environ.get(ENVIRON_KEY)
                if cached:
                    self._remember(key, cached)
            if cached and wait:
                waiter = self._wait(cached, min(wait, self._max_wait()))
        if waiter and self._has_news(waiter):
            status, headers, body = _call(self._next, environ)
        metrics.POLLS.labels(status[:3]).inc()
        start_response(status, [*headers, ("X-Poll-Interval", f"{self._poll_interval():g}"), self._version])
        return body

    def _is_valid(self, cached: CachedPoll) -> bool:
        cached.uses += 1
        if time.monotonic() > cached.expires_at or cached.uses > MAX_USES:
            return False
        return self._notifier.is_current(cached.user_id, cached.known_head, cached.seq)

    def _remember(self, key: Key, cached: CachedPoll) -> None:
        if len(self._entries) >= MAX_ENTRIES:
            self._entries.clear()
        self._entries[key] = cached

    def _wait(self, cached: CachedPoll, wait: float) -> Waiter | None:
        """Wait for news, the end of the time, or closing. Raises executor.Suspend where the poll leaves its thread.

        Returns None at once where too many wait: short polls are better than none.
        """
        if self._notifier.waiting >= self._max_waiting():
            return None
        waiter = self._notifier.add_waiter(cached.user_id, cached.seq)
        try:
            # First the waiter, then the look at the log, then sleep: a change in between has fired already.
            if not self._notifier.is_current(
                cached.user_id, cached.known_head, cached.seq
            ) and self._log_moved(cached):
                waiter.fire()
            if not waiter.fired:
                executor.suspend(waiter, wait)
        except Exception:
            self._notifier.remove_waiter(waiter)
            raise
        return waiter

    def _has_news(self, waiter: Waiter) -> bool:
        self._notifier.remove_waiter(waiter)
        return waiter.fired and not self._notifier.closing.is_set()

    def _log_moved(self, cached: CachedPoll) -> bool:
        """Whether the log has grown since.

        True also where the database fails: the application then asks it again, and reports the failure.
        """
        try:
            with self._app.app_context():
                head = heads([cached.user_id]).get(cached.user_id)
        except SQLAlchemyError:
            return True
        return head is None or head.seq > cached.seq

    def _max_waiting(self) -> int:
        """Returns how many polls may wait: what the server has room for.

        Where each one holds its thread: the setting, or a part of the threads.
        """
        limit = executor.max_suspended()
        return (
            int(self._app.config["MAX_WAITING"] or self._app.config["THREADS"] * 3 // 4)
            if limit is None
            else limit
        )

    def _crowding(self) -> float:
        """Returns 0 while at most half of the room for waiting polls is taken, and 1 when it is full."""
        return min(1.0, max(0.0, 2 * self._notifier.waiting / self._max_waiting() - 1))

    def _poll_interval(self) -> float:
        """Returns the seconds between short polls: the setting, and up to five times that as the room fills."""
        return round(float(self._app.config["POLL_INTERVAL"]) * (1 + 4 * self._crowding()), 1)

    def _max_wait(self) -> float:
        """Returns the seconds a poll may wait: the setting, and down to a fifth of it as the room fills."""
        return float(self._app.config["MAX_WAIT"]) * (1 - 0.8 * self._crowding())


def _split_wait(query_string: str) -> tuple[str, float]:
    """Returns the query string without `wait`, and the seconds of `wait`: they do not change what is asked.

    A `wait` that is no number stays in the query string, and the application refuses it.
    """
    kept, wait = [], 0.0
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if name == "wait" and value.replace(".", "", 1).isdecimal() and value.isascii():
            wait = float(value)
        else:
            kept.append(part)
    return "&".join(kept), wait


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, list[bytes]]:
    """Returns status, headers and body of the application's answer; by then it has put its work away."""
    response: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        response[:] = [status, headers]
        return lambda _: None

    environ.pop(ENVIRON_KEY, None)
    body = app(environ, start_response)
    try:
        return response[0], response[1], list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def init_app(app: Flask) -> None:
    app.wsgi_app = IdlePollCache(app, app.extensions["poll_notifier"])  # type: ignore[method-assign]
