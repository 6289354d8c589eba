"""WSGI middleware: answers polls without news from a cache, and holds long polls.

Most polls find nothing new. For such a poll the application looks up the user, reads the head of their log,
and answers 204. That result is cached here under the whole request, for as long as it is known to hold. An
update says as much of the cursor that it gives out, so the poll after it is answered here too.

A long poll waits here too. The application has finished its part by then and released its database
connection, so the poll holds its own connection and nothing else. Where the server allows it (see
executor.py) it leaves its thread as well, and passes through the middleware again when it is woken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from wellchat import metrics
from wellchat.changes.queries import heads
from wellchat.longpoll import executor
from wellchat.longpoll.heads import UNCOUNTED_KEY, KnownHead
from wellchat.longpoll.waiters import Waiter
from wellchat.longpoll.wakeups import PollNotifier
from wellchat.security_headers import HSTS, PART_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLL_PATH = "/api/updates"
ENVIRON_KEY = "wellchat.poll"  # where the application leaves its CachedPoll in the WSGI environ
MAX_AGE = 600.0  # seconds that a cached poll is used; it expires earlier if the user's access ends
MAX_USES = 300  # idle polls of one person within COUNT_FOR; then the application counts them all at once
COUNT_FOR = 60.0  # seconds
MAX_ENTRIES = 50_000  # cached polls
Headers = list[tuple[str, str]]

NO_CONTENT = "204 NO CONTENT"
# There is nothing on it that a page's policy could concern, and a poll pays for each header.
NO_STORE: Headers = [("Cache-Control", "no-store"), *PART_HEADERS]
NO_STORE_HTTPS: Headers = [*NO_STORE, HSTS]
EMPTY_BODY: list[bytes] = []
Key = tuple[str | None, ...]


class CachedPoll:
    """A poll that finds nothing new: the user's log stands at `seq`, as `known_head` says.

    `seconds`: how long the same request means the same when it comes again; at most MAX_AGE. With 0 the poll
    may only wait. `since`: the cursor that an update gave out; None for that of the poll itself. `holds`:
    says whether it still means the same, where more than time and the log decide.
    """

    __slots__ = ("expires_at", "holds", "known_head", "seq", "since", "user_id")

    def __init__(
        self,
        user_id: str,
        seq: int,
        known_head: KnownHead,
        *,
        seconds: float,
        since: str | None = None,
        holds: Callable[[], bool] | None = None,
    ) -> None:
        self.user_id, self.seq, self.known_head = user_id, seq, known_head
        self.expires_at = time.monotonic() + min(seconds, MAX_AGE) if seconds > 0 else 0.0
        self.since, self.holds = since, holds


class IdlePollCache:
    """The middleware. There is one for each application, in front of Flask."""

    def __init__(self, app: Flask, notifier: PollNotifier) -> None:
        self._app = app
        self._next: WSGIApplication = app.wsgi_app
        self._notifier = notifier
        self._entries: dict[Key, CachedPoll] = {}
        self._lock = threading.Lock()  # for writing; a poll that is answered from here takes none
        is_https = app.config["BASE_URL"].startswith("https://")
        self._headers = NO_STORE_HTTPS if is_https else NO_STORE
        self._version = ("X-App-Version", str(app.extensions["assets"]))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != POLL_PATH or environ["REQUEST_METHOD"] != "GET":
            return self._next(environ, start_response)
        status, headers, body = NO_CONTENT, self._headers, EMPTY_BODY
        key, since, wait = _question(environ)
        waiter = cast("Waiter | None", executor.resumed_by())
        if waiter is None:
            cached = self._entries.get(key)
            if cached is None or cached.since != since or not self._is_valid(cached):
                status, headers, body = self._ask(environ, cached)
                cached = self._keep(environ, key, since)
            if cached and wait and status.startswith("204"):
                # It raises Suspend where the poll leaves its thread. The request then comes through here
                # again from the top, with `waiter` set, and must not ask the application before it is woken.
                waiter = self._wait(cached, min(wait, self.max_wait()))
        if waiter and self._has_news(waiter):
            status, headers, body = _call(self._next, environ)
            self._keep(environ, key, since)
        metrics.POLLS.labels(status[:3]).inc()
        start_response(status, [*headers, ("X-Poll-Interval", f"{self.poll_interval():g}"), self._version])
        return body

    def _is_valid(self, cached: CachedPoll) -> bool:
        now = time.monotonic()
        if now > cached.expires_at:
            return False
        head = cached.known_head
        # Not locked: losing a few in a race of threads does no harm.
        head.polls += 1
        if head.polls > MAX_USES and self._app.config["RATE_LIMITS"]:
            if now - head.counted_since < COUNT_FOR:
                return False
            head.polls, head.counted_since = 1, now
        if cached.holds is not None and not cached.holds():
            return False
        return self._notifier.is_current(cached.user_id, cached.known_head, cached.seq)

    def _ask(self, environ: WSGIEnvironment, cached: CachedPoll | None) -> tuple[str, Headers, list[bytes]]:
        """Let the application answer, which counts this poll and those answered from here before.

        Most people never poll often enough to be counted here: their polls are forgotten after a minute.
        """
        if cached is None or (head := cached.known_head).polls <= MAX_USES:
            return _call(self._next, environ)
        environ[UNCOUNTED_KEY] = head.polls - 1
        answer = _call(self._next, environ)
        # While the limit refuses, they stay uncounted, so that the next poll is refused too.
        if not answer[0].startswith("429"):
            head.polls, head.counted_since = 0, time.monotonic()
        return answer

    def _keep(self, environ: WSGIEnvironment, key: Key, since: str) -> CachedPoll | None:
        """Keep what the application found out in this request, in place of what was known, and return it."""
        cached: CachedPoll | None = environ.get(ENVIRON_KEY)
        if cached is None:
            return None
        if cached.since is None:
            cached.since = since
        if cached.expires_at:
            with self._lock:
                # The newest stands last. Dropping all would send everybody to the application at once.
                self._entries.pop(key, None)
                self._entries[key] = cached
                self._drop_oldest()
        return cached

    def _drop_oldest(self) -> None:
        """Drop the two oldest entries where they are outdated, and the oldest where there are too many."""
        now = time.monotonic()
        # Two for each new one: outdated ones become fewer.
        for key, each in list(islice(self._entries.items(), 2)):
            if each.expires_at < now or len(self._entries) > MAX_ENTRIES:
                del self._entries[key]

    def _wait(self, cached: CachedPoll, wait: float) -> Waiter | None:
        """Wait up to `wait` seconds for news or closing, and return the waiter.

        Returns None at once where too many wait: short polls are better than none. Raises executor.Suspend
        where the poll leaves its thread.
        """
        if self._notifier.waiting >= self.max_waiting():
            return None
        waiter = Waiter(cached.user_id, cached.seq)
        # The order prevents lost wake-ups: add the waiter, then read the log, then sleep. A change before the
        # read is seen by it, and a change after it fires the waiter.
        self._notifier.add_waiter(waiter)
        try:
            is_current = self._notifier.is_current(cached.user_id, cached.known_head, cached.seq)
            if not is_current and self._log_moved(cached):
                waiter.fire()
            if not waiter.fired:
                executor.suspend(waiter, wait)
        except Exception:
            # Not for Suspend, which is no Exception: a suspended poll is still waiting.
            self._notifier.remove_waiter(waiter)
            raise
        return waiter

    def _has_news(self, waiter: Waiter) -> bool:
        """End the wait. Return whether the application should be asked again."""
        self._notifier.remove_waiter(waiter)
        return waiter.fired and not waiter.displaced and not self._notifier.closing.is_set()

    def _log_moved(self, cached: CachedPoll) -> bool:
        """Return whether the log has grown since, or its user is gone.

        True also if the database fails: the application then asks it again, and reports the failure.
        """
        try:
            with self._app.app_context():
                head = heads([cached.user_id]).get(cached.user_id)
        except SQLAlchemyError:
            return True
        return head is None or head.seq > cached.seq

    def max_waiting(self) -> int:
        """Return how many polls may wait: as many as the server has room for.

        Where each one holds its thread: the setting MAX_WAITING, or three quarters of the threads.
        """
        if (limit := executor.max_suspended()) is not None:
            return limit
        return int(self._app.config["MAX_WAITING"] or self._app.config["THREADS"] * 3 // 4)

    def poll_interval(self) -> float:
        """Return the seconds between short polls: the setting, and up to five times it as the room fills."""
        return round(float(self._app.config["POLL_INTERVAL"]) * (1 + 4 * self._crowding()), 1)

    def max_wait(self) -> float:
        """Return the seconds a poll may wait: the setting, and down to a fifth of it as the room fills."""
        return float(self._app.config["MAX_WAIT"]) * (1 - 0.8 * self._crowding())

    def _crowding(self) -> float:
        """Return 0 while at most half of the room for waiting polls is taken, and 1 when it is full."""
        return min(1.0, max(0.0, 2 * self._notifier.waiting / self.max_waiting() - 1))


def _question(environ: WSGIEnvironment) -> tuple[Key, str, float]:
    """Return the key of a poll, its `since`, and the seconds of its `wait`.

    The key is everything else that decides who asks and what: the credentials and the query. With the cursor
    in it, each news would leave an entry behind. A `wait` that is no number stays in it, and the application
    refuses that; so does a second `since`.
    """
    kept, since, wait = [], "", 0.0
    for part in environ["QUERY_STRING"].split("&"):
        name, _, value = part.partition("=")
        if name == "since" and not since:
            # Browsers write = as %3D, and a cursor may have some.
            since = unquote(value) if "%" in value else value
        elif name == "wait" and value.replace(".", "", 1).isdecimal() and value.isascii():
            wait = float(value)
        else:
            kept.append(part)
    return (environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_COOKIE"), "&".join(kept)), since, wait


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, list[bytes]]:
    """Return status, headers and body of the application's response.

    The application has released everything by then: its database connection, and its request context.
    """
    response: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        response[:] = [status, headers]
        return lambda _: None

    # A poll that waited in its thread comes here twice with one environ: the result of the first call must
    # not stay.
    environ.pop(ENVIRON_KEY, None)
    body = app(environ, start_response)
    try:
        return response[0], response[1], list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def init_app(app: Flask) -> None:
    """Put the middleware in front of the application. Call it after wakeups.init_app."""
    cache = IdlePollCache(app, app.extensions["poll_notifier"])
    app.extensions["idle_poll_cache"] = cache
    app.wsgi_app = cache  # type: ignore[method-assign]
