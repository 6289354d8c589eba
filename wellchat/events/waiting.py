"""Hold the feed's calls until something happens, without a thread where the server can (longpoll).

A call that found nothing says in a header for how long it may wait. It is then made again every second, from
the top: the key may have ended meanwhile. Between two looks it holds its connection and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

from wellchat.longpoll import executor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FEED_PATH = "/api/host/events"
WAIT_HEADER = "X-Feed-Wait"  # between the call and this module; it never leaves
LOOK_EVERY = 1.0  # seconds
MAX_HELD = 4  # waiting calls of one process where each holds its thread

Headers = list[tuple[str, str]]


class FeedWait(executor.Wakeup):
    """One wait of one call, until `ends` (monotonic seconds)."""

    __slots__ = ("ends",)

    def __init__(self, ends: float) -> None:
        super().__init__()
        self.ends = ends


class WaitingFeed:
    """The middleware. There is one for each application, in front of Flask."""

    def __init__(self, app: Flask) -> None:
        self._next: WSGIApplication = app.wsgi_app
        self._closing = app.extensions["poll_notifier"].closing
        self._held = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != FEED_PATH or environ["REQUEST_METHOD"] != "GET":
            return self._next(environ, start_response)
        before = executor.resumed_by()
        ends = before.ends if isinstance(before, FeedWait) else None
        while True:
            status, headers, body = _call(self._next, environ)
            wait = next((float(value) for name, value in headers if name == WAIT_HEADER), 0.0)
            ends = time.monotonic() + wait if ends is None else ends
            left = ends - time.monotonic()
            if wait == 0 or left <= 0 or self._closing.is_set() or not self._has_room():
                break
            self._suspend(FeedWait(ends), min(LOOK_EVERY, left))
        start_response(status, [each for each in headers if each[0] != WAIT_HEADER])
        return body

    def _has_room(self) -> bool:
        return executor.max_suspended() is not None or self._held < MAX_HELD

    def _suspend(self, wait: FeedWait, seconds: float) -> None:
        # Not locked: one more or less in a race of threads does no harm.
        self._held += 1
        try:
            # It raises Suspend where the call leaves its thread; then the request comes again from the top.
            executor.suspend(wait, seconds)
        finally:
            self._held -= 1


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, list[bytes]]:
    response: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        response[:] = [status, headers]
        return lambda _: None

    body = app(environ, start_response)
    try:
        return response[0], response[1], list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def init_app(app: Flask) -> None:
    """Put the middleware in front of the application."""
    app.wsgi_app = WaitingFeed(app)  # type: ignore[method-assign]
