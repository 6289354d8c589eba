"""A thread pool that runs few jobs at a time, and lets a waiting job leave its thread.

A hundred threads that take turns at one interpreter and one database cost a third more than a few that work
off the same hundred jobs, because every turn is a switch of threads. So jobs queue here. A thread that has
finished one takes the next without a switch. If no job finishes, because clients are slow or the database
does not answer, more threads are started.

A job that only waits for news leaves its thread: it raises Suspend, and is run again from its beginning when
its wakeup fires or its time is over. The second run learns from `resumed_by()` what the first one waited for.
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

MAX_RUNNING = 8  # jobs of one process that run at a time while the queue moves
STALLED_AFTER = 0.05  # seconds in which no job finishes, after which as many threads again are started

_local = threading.local()


class Wakeup:
    """Ends a suspension. Any thread may fire it."""

    __slots__ = ("_callback", "fired")

    def __init__(self) -> None:
        self.fired = False
        self._callback: Callable[[], object] | None = None

    def fire(self) -> None:
        """Call the callback, if there is one. It is called again if this fires again."""
        self.fired = True
        if callback := self._callback:
            callback()

    def when_fired(self, callback: Callable[[], object]) -> None:
        """Call `callback` when this fires, or now if it has fired; perhaps twice.

        It replaces an earlier callback.
        """
        # Set it before looking at `fired`: `fire` sets that before looking for a callback, so one of the two
        # sees the other, whatever the order. Both may, hence "perhaps twice".
        self._callback = callback
        if self.fired:
            callback()


class Suspend(BaseException):
    """Raised through a job whose thread is not needed until `wakeup` fires or `seconds` are over.

    A BaseException, so that no error handler of the application or of gunicorn catches it.
    """

    def __init__(self, wakeup: Wakeup, seconds: float) -> None:
        self.wakeup, self.seconds = wakeup, seconds


class _Job:
    __slots__ = ("args", "function", "future", "resumed_by")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.future: Future[Any] = Future()
        self.function, self.args = function, args
        self.resumed_by: Wakeup | None = None  # None until it was suspended


class _Suspension:
    """One wait of a job.

    Stays in the timer's heap until its timeout, and drops its reference to the job when that is resumed
    earlier: else the heap would keep the connections of thousands of finished polls alive.
    """

    __slots__ = ("job",)

    def __init__(self, job: _Job) -> None:
        self.job: _Job | None = job


class _Thread:
    """A thread of the pool. It waits for `ready`, then runs `job`, or ends if there is none."""

    __slots__ = ("job", "ready")

    def __init__(self) -> None:
        # A lock as a signal: whoever gives it a job releases it. Cheaper than an Event, for one waiter.
        self.ready = threading.Lock()
        self.ready.acquire()
        self.job: _Job | None = None


class SuspendableExecutor(Executor):
    def __init__(
        self, max_threads: int, *, max_running: int = MAX_RUNNING, stalled_after: float = STALLED_AFTER
    ) -> None:
        """Start without threads of the pool; they come with the jobs.

        `max_running`: jobs that run at a time while the queue moves. `stalled_after`: seconds in which no job
        finishes, after which more threads are started, up to `max_threads`.
        """
        # Not enforced here: the caller of `suspend` asks `max_suspended()` and does without waiting.
        self.max_suspended = max_threads
        self.suspended = 0  # jobs right now
        self._max_threads, self._max_running, self._stalled_after = max_threads, max_running, stalled_after
        # Guards the queue, the idle threads and the counts. The timer's lock is never taken while it is held.
        self._lock = threading.Lock()
        self._queue: deque[_Job] = deque()
        # A stack: the thread that worked last has the warmest cache, and the memory of unused ones stays
        # untouched.
        self._idle: list[_Thread] = []
        self._threads = self._running = self._finished = 0
        self._closed = False
        self._has_queued = threading.Event()
        self._timer = threading.Condition()
        # A heap by the time at which suspensions end (monotonic seconds); the number decides between equal
        # times.
        self._deadlines: list[tuple[float, int, _Suspension]] = []
        self._sequence = count()
        threading.Thread(target=self._run_supervisor, name="executor-supervisor", daemon=True).start()
        threading.Thread(target=self._run_timer, name="executor-timer", daemon=True).start()

    @property
    def pending_timeouts(self) -> int:
        """How many suspensions the timer holds, those included whose jobs were resumed before their time."""
        return len(self._deadlines)

    def submit(self, function: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        """Queue a job. Raises RuntimeError after `shutdown`.

        Its future is done when the job has returned or failed, however often it was suspended before.
        """
        job = _Job(function, args)
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is shut down")
            self._enqueue(job)
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Refuse further jobs and end the threads. Does not wait; suspended jobs are not resumed any more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for thread in idle:
            thread.ready.release()
        self._has_queued.set()
        with self._timer:
            self._timer.notify()

    def _enqueue(self, job: _Job) -> None:
        """Put a job at the end of the queue. Call with the lock held."""
        self._queue.append(job)
        if self._running < self._max_running:
            self._start_next()
        else:
            self._has_queued.set()

    def _start_next(self) -> None:
        """Give the first job of the queue to a thread, if there are both. Call with the lock held."""
        if not self._queue:
            return
        if self._idle:
            thread = self._idle.pop()
            thread.job = self._queue.popleft()
            self._running += 1
            thread.ready.release()
        elif self._threads < self._max_threads:
            thread = _Thread()
            thread.job = self._queue[0]
            try:
                threading.Thread(target=self._run_jobs, args=(thread,), daemon=True).start()
            except RuntimeError:
                # The system gives no more threads. The job stays in the queue, and the supervisor tries
                # again.
                self._has_queued.set()
                return
            self._queue.popleft()
            self._threads += 1
            self._running += 1

    def _run_jobs(self, thread: _Thread) -> None:
        _local.executor = self
        job, thread.job = thread.job, None
        while job is not None:
            self._run(job)
            with self._lock:
                self._finished += 1
                # Threads beyond `max_running`, started while the queue was stalled, take no second job.
                if self._queue and self._running <= self._max_running:
                    job = self._queue.popleft()
                    continue
                self._running -= 1
                if self._closed:
                    return
                job = None
                self._idle.append(thread)
            thread.ready.acquire()
            job, thread.job = thread.job, None

    def _run(self, job: _Job) -> None:
        # A future may be set running once only: not again when the job was suspended.
        if job.resumed_by is None and not job.future.set_running_or_notify_cancel():
            return
        _local.resumed_by = job.resumed_by
        try:
            result = job.function(*job.args)
        except Suspend as request:
            self._suspend(job, request)
        except BaseException as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)

    def _run_supervisor(self) -> None:
        """While jobs queue and none finishes, start as many threads again as run."""
        while not self._closed:
            self._has_queued.wait()
            self._has_queued.clear()
            while self._queue and not self._closed:
                finished, more = self._finished, max(1, self._running)
                time.sleep(self._stalled_after)
                with self._lock:
                    if self._finished == finished:
                        for _ in range(more):
                            self._start_next()

    # Suspended jobs

    def _suspend(self, job: _Job, request: Suspend) -> None:
        suspension, job.resumed_by = _Suspension(job), request.wakeup
        with self._lock:
            self.suspended += 1
        # Before the timer knows of it. If it timed out first, the job could wait on the same wakeup again in
        # another thread, and this line would replace the callback of that second wait.
        request.wakeup.when_fired(lambda: self._resume(suspension))
        with self._timer:
            heappush(self._deadlines, (time.monotonic() + request.seconds, next(self._sequence), suspension))
            if self._deadlines[0][2] is suspension:
                self._timer.notify()

    def _resume(self, suspension: _Suspension) -> None:
        """Put the job back into the queue, whether it was woken or timed out."""
        with self._lock:
            # Wakeup and timer may both come here: the first takes the job, and the second finds none.
            job, suspension.job = suspension.job, None
            if job is not None:
                self.suspended -= 1
                self._enqueue(job)

    def _run_timer(self) -> None:
        while not self._closed:
            with self._timer:
                now = time.monotonic()
                if not self._deadlines or self._deadlines[0][0] > now:
                    self._timer.wait(self._deadlines[0][0] - now if self._deadlines else None)
                    continue
                _, _, suspension = heappop(self._deadlines)
            self._resume(suspension)
            # Or this variable would keep the job alive until the next deadline.
            del suspension


@contextmanager
def suspendable() -> Iterator[None]:
    """Allow code in this block to be suspended; it is then run again from its beginning."""
    _local.suspendable = True
    try:
        yield
    finally:
        _local.suspendable = False


def max_suspended() -> int | None:
    """Return how many jobs like this one may be suspended here. None where each keeps its thread."""
    executor: SuspendableExecutor | None = getattr(_local, "executor", None)
    return executor.max_suspended if executor is not None and getattr(_local, "suspendable", False) else None


def suspend(wakeup: Wakeup, seconds: float) -> None:
    """Wait for `wakeup`, for at most `seconds`.

    Raises Suspend inside a `suspendable` job; blocks the thread otherwise.
    """
    if max_suspended() is not None:
        raise Suspend(wakeup, seconds)
    event = threading.Event()
    wakeup.when_fired(event.set)
    event.wait(seconds)


def resumed_by() -> Wakeup | None:
    """Return what this job waited for. None if it runs for the first time."""
    found: Wakeup | None = getattr(_local, "resumed_by", None)
    return found
