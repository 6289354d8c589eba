"""The threads of a web process: few at work at once, however many wait.

A hundred requests that take turns at one interpreter, and at one database, cost a third more than the same hundred
with a few at a time: each wait gives the next its turn, and each turn is a switch. So what is to be done stands in
line here, and whoever is done takes the next without a switch. Who only waits for news does not count, and where
those at work get nowhere, for a slow client or a database that hangs, others are sent in beside them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

AT_WORK = 8  # of one process, while the line moves
STUCK = 0.05  # seconds without anything done, after which as many again are sent in

Job = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]
_here = threading.local()


class _Hand:
    """A thread between two jobs."""

    __slots__ = ("job", "ready")

    def __init__(self) -> None:
        self.ready = threading.Lock()
        self.ready.acquire()
        self.job: Job | None = None


class Crew(Executor):
    def __init__(self, most: int, *, at_work: int = AT_WORK, stuck: float = STUCK) -> None:
        """`most` threads at all, `at_work` of them where the line moves; `stuck`: seconds after which it does not."""
        self._most, self._at_work, self._stuck = most, at_work, stuck
        self._lock = threading.Lock()
        self._line: deque[Job] = deque()
        self._idle: list[_Hand] = []  # the last one first: its stack is warm, and the others stay as small as they are
        self._threads = self._busy = self._done = 0
        self._closed = False
        self._lined_up = threading.Event()
        threading.Thread(target=self._oversee, name="foreman", daemon=True).start()

    def submit(self, work: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the crew has been sent home")
            self._line.append((future, work, args))
            if self._busy < self._at_work:
                self._send_in()
            else:
                self._lined_up.set()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for hand in idle:
            hand.ready.release()
        self._lined_up.set()

    @contextmanager
    def _resting(self) -> Iterator[None]:
        with self._lock:
            self._busy -= 1
            self._send_in()
        try:
            yield
        finally:
            with self._lock:
                self._busy += 1

    def _send_in(self) -> None:
        """Somebody to the first in line, if there is one and a thread to be had. Call with the lock held."""
        if not self._line:
            return
        if self._idle:
            hand = self._idle.pop()
            hand.job = self._line.popleft()
            self._busy += 1
            hand.ready.release()
        elif self._threads < self._most:
            self._threads += 1
            self._busy += 1
            threading.Thread(target=self._work, args=(self._line.popleft(),), daemon=True).start()

    def _work(self, job: Job | None) -> None:
        _here.crew, me = self, _Hand()
        while job is not None:
            _do(job)
            with self._lock:
                self._done += 1
                if self._line and self._busy <= self._at_work:
                    job = self._line.popleft()
                    continue
                self._busy -= 1
                if self._closed:
                    return
                me.job = job = None
                self._idle.append(me)
            me.ready.acquire()
            job = me.job

    def _oversee(self) -> None:
        while not self._closed:
            self._lined_up.wait()
            self._lined_up.clear()
            while self._line and not self._closed:
                done, more = self._done, max(1, self._busy)
                time.sleep(self._stuck)
                with self._lock:
                    if self._done == done:
                        for _ in range(more):
                            self._send_in()


def _do(job: Job) -> None:
    future, work, args = job
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work(*args))
    except BaseException as error:
        future.set_exception(error)


@contextmanager
def resting() -> Iterator[None]:
    """What happens in here is waiting: somebody else may work meanwhile."""
    crew: Crew | None = getattr(_here, "crew", None)
    if crew is None:
        yield
        return
    with crew._resting():
        yield
