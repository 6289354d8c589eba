"""The gate that polls pass before the application: it answers those that have nothing to hear, and lets others wait.

Most polls find nothing new. For such a one the application looks up who asks, reads where their log stands, and
answers 204. What it found is remembered here, under the very request, for as long as it is known to hold. A poll that
waits does so here too, with the application's work done and put away: it holds its connection and nothing else. Where
the server lets it (see crew.py) it leaves its thread as well, and passes the gate once more when it is woken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from wellchat import crew, metrics
from wellchat.bell import Bell, Standing, Waiter
from wellchat.changes.queries import heads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/updates"
FOUND = "wellchat.poll"  # where the application leaves what it found of a poll
TRUST = 600.0  # seconds for which a finding is used; it is void before, the moment its asker's access ends
MOST_USES = 12_000  # of one finding; who polls faster than that is left to the rate limits
MOST = 50_000  # findings remembered
Headers = list[tuple[str, str]]

NOTHING_NEW = "204 NO CONTENT"
NO_STORE: Headers = [("Cache-Control", "no-store")]
NOTHING: list[bytes] = []
Key = tuple[str | None, ...]


class Finding:
    """The application found that this poll has nothing to hear: its asker's log stands at `seq`.

    `lasting`: whether the same request again means the same.
    """

    __slots__ = ("seq", "standing", "until", "user_id", "uses")

    def __init__(self, user_id: str, seq: int, standing: Standing, *, lasting: bool) -> None:
        self.user_id, self.seq, self.standing = user_id, seq, standing
        self.until = time.monotonic() + TRUST if lasting else 0.0
        self.uses = 0


class Gate:
    def __init__(self, app: Flask, bell: Bell) -> None:
        self._app = app
        self._next: WSGIApplication = app.wsgi_app
        self._bell = bell
        self._findings: dict[Key, Finding] = {}
        self._version = ("X-App-Version", str(app.extensions["assets"]))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            return self._next(environ, start_response)
        status, headers, body = NOTHING_NEW, NO_STORE, NOTHING
        waiter = cast("Waiter | None", crew.woken())
        if waiter is None:
            question, wait = _read(environ["QUERY_STRING"])
            key = (environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_COOKIE"), question)
            finding = self._findings.get(key)
            if finding is None or not self._holds(finding):
                status, headers, body = _ask(self._next, environ)
                finding = environ.get(FOUND)
                if finding:
                    self._remember(key, finding)
            if finding and wait:
                waiter = self._wait(finding, min(wait, self._longest()))
        if waiter and self._brings_news(waiter):
            status, headers, body = _ask(self._next, environ)
        metrics.POLLS.labels(status[:3]).inc()
        start_response(status, [*headers, ("X-Poll-Interval", f"{self._pace():g}"), self._version])
        return body

    def _holds(self, finding: Finding) -> bool:
        finding.uses += 1
        if time.monotonic() > finding.until or finding.uses > MOST_USES:
            return False
        return self._bell.is_current(finding.user_id, finding.standing, finding.seq)

    def _remember(self, key: Key, finding: Finding) -> None:
        if len(self._findings) >= MOST:
            self._findings.clear()
        self._findings[key] = finding

    def _wait(self, finding: Finding, wait: float) -> Waiter | None:
        """Until news, the end of the time, or closing. None at once where too many wait: better short polls than none.

        Raises crew.Hangs where it leaves its thread.
        """
        if self._bell.waiting >= self._most_waiting():
            return None
        waiter = self._bell.listen(finding.user_id, finding.seq)
        try:
            # Listening comes first, then the look at the log, then rest: what changes in between has rung already.
            if not self._bell.is_current(finding.user_id, finding.standing, finding.seq) and self._moved(finding):
                waiter.ring()
            if not waiter.rung:
                crew.rest(waiter, wait)
        except Exception:
            self._bell.leave(waiter)
            raise
        return waiter

    def _brings_news(self, waiter: Waiter) -> bool:
        self._bell.leave(waiter)
        return waiter.rung and not self._bell.closing.is_set()

    def _moved(self, finding: Finding) -> bool:
        """Also where the database cannot say so: the application asks it again, and has the words for its silence."""
        try:
            with self._app.app_context():
                head = heads([finding.user_id]).get(finding.user_id)
        except SQLAlchemyError:
            return True
        return head is None or head.seq > finding.seq

    def _most_waiting(self) -> int:
        """What the server has room for; where each waits in its own thread the setting, or a part of the threads."""
        most = crew.most_hanging()
        return int(self._app.config["MAX_WAITING"] or self._app.config["THREADS"] * 3 // 4) if most is None else most

    def _crowding(self) -> float:
        """0 while the room for waiting is half empty, 1 when it is full."""
        return min(1.0, max(0.0, 2 * self._bell.waiting / self._most_waiting() - 1))

    def _pace(self) -> float:
        """Seconds between short polls: the setting, and up to five times that as the room fills."""
        return round(float(self._app.config["POLL_INTERVAL"]) * (1 + 4 * self._crowding()), 1)

    def _longest(self) -> float:
        """Seconds a poll may hang: the setting, and down to a fifth of it as the room fills, so that it empties."""
        return float(self._app.config["MAX_WAIT"]) * (1 - 0.8 * self._crowding())


def _read(query: str) -> tuple[str, float]:
    """The question a poll asks, and how long it would wait for the answer: the same question may wait differently.

    Seconds that cannot be read are left to the application, which refuses them.
    """
    kept, wait = [], 0.0
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "wait" and value.replace(".", "", 1).isdecimal() and value.isascii():
            wait = float(value)
        else:
            kept.append(part)
    return "&".join(kept), wait


def _ask(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, list[bytes]]:
    """The application's whole answer; by then it has put its work away."""
    said: list[Any] = []

    def start_response(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        said[:] = [status, headers]
        return lambda _: None

    environ.pop(FOUND, None)
    body = app(environ, start_response)
    try:
        return said[0], said[1], list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


def init_app(app: Flask) -> None:
    app.wsgi_app = Gate(app, app.extensions["bell"])  # type: ignore[method-assign]
