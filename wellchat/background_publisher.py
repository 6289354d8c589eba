"""Publishes items on a background thread, one per process, so that no request waits for Redis or the broker.

Items that are put while a batch is being published go out together as the next batch, so the cost of an item
falls with the load. `delay` makes batches larger and lets the responses of the requests go out first.
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

FLUSH_ON_EXIT = 1.0  # seconds that an ending process waits for unpublished items

T = TypeVar("T")


class BackgroundPublisher(Generic[T]):
    """A queue in memory and the thread that empties it. Items are lost with the process, or if they fail."""

    def __init__(self, publish: Callable[[list[T]], None], *, delay: float = 0.0) -> None:
        """`publish` gets one batch at a time. `delay`: seconds that the first item waits for others."""
        self._publish = publish
        self._delay = delay
        self._pending: list[T] = []
        self._is_publishing = False
        # Guards the fields here; notified when one of the two above changes.
        self._changed = threading.Condition()
        # The process that has the thread: a fork has no threads of its parent, and starts its own.
        self._thread_pid: int | None = None

    def put(self, item: T) -> None:
        """Publish `item` soon, on the thread. Returns at once."""
        with self._changed:
            self._pending.append(item)
            if self._thread_pid != os.getpid():
                # Also where the parent was publishing at the moment of the fork: nobody is, in this process.
                self._thread_pid, self._is_publishing = os.getpid(), False
                threading.Thread(target=self._run, name="background-publisher", daemon=True).start()
                atexit.register(self.flush, FLUSH_ON_EXIT)
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until every item is published. Return False if it takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending and not self._is_publishing, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_publishing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._pending)
            # Without the lock, so that others can put their items meanwhile.
            if self._delay:
                time.sleep(self._delay)
            with self._changed:
                batch, self._pending = self._pending, []
                self._is_publishing = True
            try:
                self._publish(batch)
            except Exception:
                log.warning("a batch could not be published; the periodic searches find it", exc_info=True)
