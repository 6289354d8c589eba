"""One thread per process that carries bells out, so that no request ever waits for Redis.

While it is on its way with some, others gather, and go together: the busier a process is, the less each bell costs.
Bells that may come a moment later linger for company, and let the answers of the requests that gave them go first.
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

LAST_WORDS = 1.0  # seconds a process that ends gives to bells that have not gone out; the sweep finds the rest

T = TypeVar("T")


class Ringer(Generic[T]):
    def __init__(self, carry: Callable[[list[T]], None], *, linger: float = 0.0) -> None:
        """`linger`: seconds that the first bell waits for others."""
        self._carry = carry
        self._linger = linger
        self._gathered: list[T] = []
        self._away = False
        self._moved = threading.Condition()
        self._rings_in: int | None = None  # the process with the thread; a fork has none of its parent's threads

    def give(self, bell: T) -> None:
        """Have `bell` carried out soon. Never waits, never fails."""
        with self._moved:
            self._gathered.append(bell)
            if self._rings_in != os.getpid():
                self._rings_in, self._away = os.getpid(), False
                threading.Thread(target=self._ring_on, name="ringer", daemon=True).start()
                atexit.register(self.wait, LAST_WORDS)
            self._moved.notify_all()

    def wait(self, timeout: float) -> bool:
        """Until all that was given has been carried out. False where that took too long."""
        with self._moved:
            return self._moved.wait_for(lambda: not self._gathered and not self._away, timeout)

    def _ring_on(self) -> None:
        while True:
            with self._moved:
                self._away = False
                self._moved.notify_all()
                self._moved.wait_for(lambda: self._gathered)
            if self._linger:
                time.sleep(self._linger)
            with self._moved:
                bells, self._gathered = self._gathered, []
                self._away = True
            try:
                self._carry(bells)
            except Exception:
                log.warning("a doorbell failed; the sweep will find the work", exc_info=True)
