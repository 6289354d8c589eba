"""The threads of a web process: few at work at once, and none for who only waits.

A hundred requests that take turns at one interpreter, and at one database, cost a third more than the same hundred
with a few at a time: each wait gives the next its turn, and each turn is a switch. So what is to be done stands in
line here, and whoever is done takes the next without a switch. Where those at work get nowhere, for a slow client or a
database that hangs, others are sent in beside them.

A job that has only to wait for news leaves its thread altogether: it raises Hangs, and is done anew, from its
beginning, once what it waits for has come or its time is over. It then finds what it waited for with `woken()`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count
from typing import Any

AT_WORK = 8  # of one process, while the line moves
STUCK = 0.05  # seconds without anything done, after which as many again are sent in

_here = threading.local()


class Wake:
    """What ends a rest: it rings once, from any thread, and whoever rests on it is told."""

    __slots__ = ("_tell", "rung")

    def __init__(self) -> None:
        self.rung = False
        self._tell: Callable[[], object] | None = None

    def ring(self) -> None:
        self.rung = True
        if tell := self._tell:
            tell()

    def when_rung(self, tell: Callable[[], object]) -> None:
        """Have `tell` called at the ring, or now if it has rung; perhaps twice."""
        self._tell = tell  # first this, then the look: a ring in between is seen by one of the two
        if self.rung:
            tell()


class Hangs(BaseException):
    """Raised through a job whose thread is not needed until `wake` rings or `seconds` are over.

    No Exception, so that nothing that handles errors takes it for one.
    """

    def __init__(self, wake: Wake, seconds: float) -> None:
        self.wake, self.seconds = wake, seconds


class _Job:
    __slots__ = ("args", "future", "woken", "work")

    def __init__(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.future: Future[Any] = Future()
        self.work, self.args = work, args
        self.woken: Wake | None = None  # what it has waited for


class _Rest:
    """One time that a job hangs. It is known to the clock until its time is over, and lets go of the job before."""

    __slots__ = ("job",)

    def __init__(self, job: _Job) -> None:
        self.job: _Job | None = job


class _Hand:
    """A thread between two jobs."""

    __slots__ = ("job", "ready")

    def __init__(self) -> None:
        self.ready = threading.Lock()
        self.ready.acquire()
        self.job: _Job | None = None


class Crew(Executor):
    def __init__(self, most: int, *, at_work: int = AT_WORK, stuck: float = STUCK) -> None:
        """`most` threads at all, `at_work` of them where the line moves; `stuck`: seconds after which it does not."""
        self.most_hanging = most  # whoever hangs keeps to it
        self.hanging = 0  # of them, right now
        self._most, self._at_work, self._stuck = most, at_work, stuck
        self._lock = threading.Lock()
        self._line: deque[_Job] = deque()
        self._idle: list[_Hand] = []  # the last one first: its stack is warm, and the others stay as small as they are
        self._threads = self._busy = self._done = 0
        self._closed = False
        self._lined_up = threading.Event()
        self._clock = threading.Condition()
        self._ends: list[tuple[float, int, _Rest]] = []  # of those who hang, the next one first
        self._numbers = count()
        threading.Thread(target=self._oversee, name="foreman", daemon=True).start()
        threading.Thread(target=self._watch_the_clock, name="timekeeper", daemon=True).start()

    def submit(self, work: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        job = _Job(work, args)
        with self._lock:
            if self._closed:
                raise RuntimeError("the crew has been sent home")
            self._line_up(job)
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for hand in idle:
            hand.ready.release()
        self._lined_up.set()
        with self._clock:
            self._clock.notify()

    def _line_up(self, job: _Job) -> None:
        """Call with the lock held."""
        self._line.append(job)
        if self._busy < self._at_work:
            self._send_in()
        else:
            self._lined_up.set()

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
            hand = _Hand()
            hand.job = self._line[0]
            try:
                threading.Thread(target=self._work, args=(hand,), daemon=True).start()
            except RuntimeError:  # the system gives no more threads: those there are go on, and the foreman tries again
                self._lined_up.set()
                return
            self._line.popleft()
            self._threads += 1
            self._busy += 1

    def _work(self, me: _Hand) -> None:
        _here.crew = self
        job, me.job = me.job, None
        while job is not None:
            self._do(job)
            with self._lock:
                self._done += 1
                if self._line and self._busy <= self._at_work:
                    job = self._line.popleft()
                    continue
                self._busy -= 1
                if self._closed:
                    return
                job = None
                self._idle.append(me)
            me.ready.acquire()
            job, me.job = me.job, None

    def _do(self, job: _Job) -> None:
        if job.woken is None and not job.future.set_running_or_notify_cancel():
            return
        _here.woken = job.woken
        try:
            done = job.work(*job.args)
        except Hangs as hangs:
            self._let_hang(job, hangs)
        except BaseException as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(done)

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

    # Those who hang

    def _let_hang(self, job: _Job, hangs: Hangs) -> None:
        rest, job.woken = _Rest(job), hangs.wake
        with self._lock:
            self.hanging += 1
        hangs.wake.when_rung(lambda: self._take_up(rest))  # before its time can be over and it hangs on this wake again
        with self._clock:
            heappush(self._ends, (time.monotonic() + hangs.seconds, next(self._numbers), rest))
            if self._ends[0][2] is rest:
                self._clock.notify()

    def _take_up(self, rest: _Rest) -> None:
        """Back into the line, once, however it ended."""
        with self._lock:
            job, rest.job = rest.job, None
            if job is not None:
                self.hanging -= 1
                self._line_up(job)

    def _watch_the_clock(self) -> None:
        while not self._closed:
            with self._clock:
                now = time.monotonic()
                if not self._ends or self._ends[0][0] > now:
                    self._clock.wait(self._ends[0][0] - now if self._ends else None)
                    continue
                _, _, rest = heappop(self._ends)
            self._take_up(rest)
            del rest  # or it stays in our hands until the next one's time


@contextmanager
def may_hang() -> Iterator[None]:
    """What is done in here can be done anew from its beginning, and so may leave its thread while it waits."""
    _here.may_hang = True
    try:
        yield
    finally:
        _here.may_hang = False


def most_hanging() -> int | None:
    """How many jobs like this one may hang here; None where each has to keep its thread."""
    crew: Crew | None = getattr(_here, "crew", None)
    return crew.most_hanging if crew is not None and getattr(_here, "may_hang", False) else None


def rest(wake: Wake, seconds: float) -> None:
    """Wait for `wake`, no longer than `seconds`. Raises Hangs where the thread need not wait."""
    if most_hanging() is not None:
        raise Hangs(wake, seconds)
    event = threading.Event()
    wake.when_rung(event.set)
    event.wait(seconds)


def woken() -> Wake | None:
    """What this job has waited for, if it has: it is done anew."""
    found: Wake | None = getattr(_here, "woken", None)
    return found
