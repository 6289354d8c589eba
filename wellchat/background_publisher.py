"""Publishes items on a background thread, one per process, so that no request waits for Redis or the broker.

Items that are put while a batch is being published go out together as the next batch, so the cost of an item falls
with the load. A `delay` gathers more of them, and lets the responses of their requests go out first.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

FLUSH_ON_EXIT = 1.0  # seconds an ending process gives to unpublished items; the sweep finds the rest

T = TypeVar("T")


class BackgroundPublisher(Generic[T]):
    def __init__(self, publish: Callable[[list[T]], None], *, delay: float = 0.0) -> None:
        """`delay`: seconds that the first item of a batch waits for others."""
        self._publish = publish
        self._delay = delay
        self._pending: list[T] = []
        self._is_publishing = False
        self._changed = threading.Condition()
        self._thread_pid: int | None = (
            None  # the process that has the thread; a fork has no threads of its parent
        )

    def put(self, item: T) -> None:
        """Publish `item` soon, on the thread. Never blocks, never fails."""
        with self._changed:
            self._pending.append(item)
            if self._thread_pid != os.getpid():
                self._thread_pid, self._is_publishing = os.getpid(), False
                threading.Thread(target=self._run, name="background-publisher", daemon=True).start()
                atexit.register(self.flush, FLUSH_ON_EXIT)
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until every item is published. Returns False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending and not self._is_publishing, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_publishing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._pending)
            if self._delay:
                time.sleep(self._delay)
            with self._changed:
                batch, self._pending = self._pending, []
                self._is_publishing = True
            try:
                self._publish(batch)
            except Exception:
                log.warning("a doorbell failed; the sweep will find the work", exc_info=True)
