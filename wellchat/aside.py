"""Threads for work that waits for machines of others, so that one that hangs delays nothing else.

A worker has few threads, and a mail server that is slow to answer would hold all of them. In a worker such
work goes to lanes: each kind has threads of its own. Elsewhere, as in commands and tests, it is done at once.
What waits in a lane is lost with the process, and the next sweep finds its rows.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app

from wellchat.db import db
from wellchat.request_ids import job

log = logging.getLogger(__name__)

KEY = "aside"
FINISH = 50.0  # seconds that an ending worker waits for what is on its way; systemd gives it a minute

Work = Callable[[], object]
F = TypeVar("F", bound=Callable[..., Any])


class Lanes:
    """The lanes of one process, by name. Their threads start with the first work and stay."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        # Guards all below; notified when one of them changes.
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[Work]] = defaultdict(deque)
        self._running: Counter[str] = Counter()
        self._threads: Counter[str] = Counter()
        self._is_closing = False

    def put(self, name: str, work: Work, *, threads: int, most: int) -> bool:
        """Do `work` soon on one of the lane's threads. Return False if `most` wait there already."""
        with self._changed:
            waiting = self._waiting[name]
            if self._is_closing or len(waiting) >= most:
                return False
            waiting.append(work)
            if self._running[name] + len(waiting) > self._threads[name] < threads:
                self._threads[name] += 1
                threading.Thread(target=self._run, args=[name], name=f"aside-{name}", daemon=True).start()
            self._changed.notify_all()
        return True

    def finish(self, seconds: float = FINISH) -> bool:
        """Take nothing more, forget what waits, and let end what runs. Return False if it takes longer."""
        with self._changed:
            self._is_closing = True
            self._waiting.clear()
            return self._changed.wait_for(lambda: not self._running.total(), seconds)

    def _run(self, name: str) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting[name])
                work = self._waiting[name].popleft()
                self._running[name] += 1
            try:
                with job(), self._app.app_context():
                    work()
            except Exception:
                log.exception("%s failed; the sweep finds its rows", name)
            finally:
                with self._app.app_context():
                    db.session.remove()
                with self._changed:
                    self._running[name] -= 1
                    self._changed.notify_all()


def do(name: str, work: Work, *, threads: int = 1, most: int = 1) -> None:
    """Do `work` in the lane `name` of a worker, see Lanes.put; here and now in any other process."""
    lanes: Lanes | None = current_app.extensions.get(KEY)
    if lanes is None:
        work()
    elif not lanes.put(name, work, threads=threads, most=most):
        log.debug("%s has enough to do; the sweep finds the rest", name)


def is_worker() -> bool:
    """Return whether this process has lanes."""
    return KEY in current_app.extensions


def waits_for_others(sweep: F) -> F:
    """Mark a sweep that waits for machines of others: a worker runs it in a lane of its own."""
    sweep.waits_for_others = True  # type: ignore[attr-defined]
    return sweep


def init_worker(app: Flask) -> Lanes:
    """Give a worker's application its lanes."""
    lanes: Lanes = app.extensions.setdefault(KEY, Lanes(app))
    return lanes
