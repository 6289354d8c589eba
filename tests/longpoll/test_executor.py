"""The executor: few threads run at a time, a suspended job holds none, more start when all are stalled."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest

from tests.services import wait_for
from wellchat.longpoll.executor import (
    SuspendableExecutor,
    Wakeup,
    max_suspended,
    resumed_by,
    suspend,
    suspendable,
)

TIMEOUT = 20.0  # seconds after which a test gives up
NEVER = 3600.0


@pytest.fixture
def make_executor() -> Iterator[Callable[..., SuspendableExecutor]]:
    made: list[SuspendableExecutor] = []

    def make(max_threads: int, *, max_running: int, stalled_after: float = NEVER) -> SuspendableExecutor:
        made.append(SuspendableExecutor(max_threads, max_running=max_running, stalled_after=stalled_after))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()


def test_runs_few_jobs_at_a_time_and_in_order(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor, lock = make_executor(50, max_running=3), threading.Lock()
    begun: list[int] = []
    at_once, max_at_once = 0, 0
    go = threading.Semaphore(0)

    def work(number: int) -> int:
        nonlocal at_once, max_at_once
        with lock:
            begun.append(number)
            at_once += 1
            max_at_once = max(max_at_once, at_once)
        assert go.acquire(timeout=TIMEOUT)
        with lock:
            at_once -= 1
        return number

    jobs = [executor.submit(work, number) for number in range(40)]
    for _ in jobs:
        go.release()
    assert [job.result(TIMEOUT) for job in jobs] == list(range(40))
    assert max_at_once <= 3
    assert sorted(begun[:3]) == [0, 1, 2]


def waits_for(
    wakeup: Wakeup, *, seconds: float = NEVER, begun: list[Wakeup | None] | None = None
) -> Callable[[], bool]:
    """Return a job that waits for `wakeup` and returns whether it fired.

    `begun` records what resumed each run.
    """

    def poll() -> bool:
        if begun is not None:
            begun.append(resumed_by())
        if resumed_by() is None:
            with suspendable():
                suspend(wakeup, seconds)
        return wakeup.fired

    return poll


def test_a_suspended_job_frees_its_thread_and_resumes(
    make_executor: Callable[..., SuspendableExecutor],
) -> None:
    executor, news = make_executor(1, max_running=1), [Wakeup() for _ in range(200)]
    begun: list[Wakeup | None] = []
    polls = [executor.submit(waits_for(wakeup, begun=begun)) for wakeup in news]
    assert executor.submit(lambda: "sent").result(TIMEOUT) == "sent"
    assert not any(one.done() for one in polls)
    assert executor.suspended == 200
    for wakeup in news:
        wakeup.fire()
    assert all(one.result(TIMEOUT) for one in polls)
    assert begun == [None] * 200 + news, "each runs twice: first to wait, then resumed by what it waited for"
    assert executor.submit(resumed_by).result(TIMEOUT) is None
    assert executor.suspended == 0


def test_a_suspension_ends_at_its_timeout(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor, never, news = make_executor(2, max_running=1), Wakeup(), Wakeup()
    long, short, shorter = (
        executor.submit(waits_for(wakeup, seconds=seconds))
        for wakeup, seconds in ((news, 60.0), (never, 0.02), (never, 0.01))
    )
    assert (short.result(TIMEOUT), shorter.result(TIMEOUT)) == (False, False)
    assert not long.done()
    news.fire()
    assert long.result(TIMEOUT)


def test_a_wakeup_before_the_suspension_or_two_at_once_resume_once(
    make_executor: Callable[..., SuspendableExecutor],
) -> None:
    executor, early = make_executor(4, max_running=2), Wakeup()
    begun: list[Wakeup | None] = []
    early.fire()
    assert executor.submit(waits_for(early, begun=begun)).result(TIMEOUT)
    assert begun == [None, early]
    news, go = Wakeup(), threading.Barrier(8)
    poll = executor.submit(waits_for(news, begun=begun))
    wait_for(lambda: begun[2:] == [None], what="the poll")

    def fire() -> None:
        go.wait(TIMEOUT)
        news.fire()

    threads = [threading.Thread(target=fire) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert poll.result(TIMEOUT)
    assert begun[2:] == [None, news]


def test_a_suspension_is_forgotten_after_its_timeout(
    make_executor: Callable[..., SuspendableExecutor],
) -> None:
    executor, news = make_executor(1, max_running=1), Wakeup()
    executor.submit(waits_for(news, seconds=0.01)).result(TIMEOUT)
    assert executor.pending_timeouts == 0
    news.fire()  # too late, and harmless
    assert executor.submit(lambda: 1).result(TIMEOUT) == 1


def test_a_finished_job_is_referenced_by_nothing(make_executor: Callable[..., SuspendableExecutor]) -> None:
    """Neither the timer nor a reference cycle keeps it alive: it is freed at once."""

    class Load:
        pass

    class News(Wakeup):  # of which there are weak references
        pass

    executor, news, load = make_executor(1, max_running=1), News(), Load()
    gone = weakref.ref(load)
    gc.disable()
    try:
        poll = executor.submit(lambda _load, wakeup: waits_for(wakeup)(), load, news)
        del load
        assert executor.submit(lambda: 1).result(TIMEOUT) == 1
        assert gone() is not None
        news.fire()
        assert poll.result(TIMEOUT)
        news_too = weakref.ref(news)
        del news, poll
        assert executor.submit(lambda: 1).result(TIMEOUT) == 1  # so the thread has dropped the last one
        assert (gone(), news_too()) == (None, None)
    finally:
        gc.enable()


def test_a_job_may_be_suspended_twice_on_one_wakeup(
    make_executor: Callable[..., SuspendableExecutor],
) -> None:
    """However soon its first wait times out, that wait does not disturb the second one."""
    executor = make_executor(4, max_running=4)
    begun = threading.Semaphore(0)

    class Slow(Wakeup):
        def when_fired(self, callback: Callable[[], object]) -> None:
            begun.acquire(timeout=0.2)  # until it runs again, if it can
            super().when_fired(callback)

    def poll(news: Wakeup) -> bool:
        if not news.fired:
            if resumed_by() is not None:
                begun.release(2)
            with suspendable():
                suspend(news, 0.0 if resumed_by() is None else NEVER)
        return news.fired

    slow = Slow()
    twice = executor.submit(poll, slow)
    assert begun.acquire(timeout=TIMEOUT)
    time.sleep(0.3)
    slow.fire()
    assert twice.result(TIMEOUT)


def test_no_job_is_lost_when_no_thread_can_start(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor = make_executor(8, max_running=4, stalled_after=0.01)
    before = threading.stack_size(1 << 46)  # more than any machine has
    try:
        jobs = [executor.submit(lambda number=number: number) for number in range(20)]
        with pytest.raises(TimeoutError):
            jobs[0].result(0.1)
    finally:
        threading.stack_size(before)
    assert [job.result(TIMEOUT) for job in jobs] == list(range(20))


def test_more_threads_start_when_all_are_stalled(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor, free = make_executor(50, max_running=2, stalled_after=0.01), threading.Event()
    stuck = [executor.submit(free.wait, TIMEOUT) for _ in range(20)]
    assert executor.submit(lambda: "through").result(TIMEOUT) == "through"
    assert not any(one.done() for one in stuck)
    free.set()
    assert all(one.result(TIMEOUT) for one in stuck)


def test_there_are_never_more_than_max_threads(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor, free = make_executor(4, max_running=2, stalled_after=0.01), threading.Event()
    begun = threading.Semaphore(0)

    def work() -> bool:
        begun.release()
        return free.wait(TIMEOUT)

    jobs = [executor.submit(work) for _ in range(10)]
    for _ in range(4):
        assert begun.acquire(timeout=TIMEOUT)
    assert not begun.acquire(timeout=0.2)
    free.set()
    assert all(job.result(TIMEOUT) for job in jobs)


def test_an_exception_reaches_its_own_future_only(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor = make_executor(4, max_running=1)

    def fail() -> None:
        raise KeyError("no")

    broken, fine = executor.submit(fail), executor.submit(lambda: 1)
    wait([broken, fine], TIMEOUT)
    assert isinstance(broken.exception(), KeyError)
    assert fine.result() == 1


def test_submit_after_shutdown_is_refused(make_executor: Callable[..., SuspendableExecutor]) -> None:
    executor = make_executor(4, max_running=1)
    assert executor.submit(lambda: 1).result(TIMEOUT) == 1
    executor.shutdown()
    with pytest.raises(RuntimeError):
        executor.submit(lambda: 2)


def test_suspend_outside_the_executor_blocks_the_thread(
    make_executor: Callable[..., SuspendableExecutor],
) -> None:
    """Under another server, or in a job that cannot be run again."""
    news = Wakeup()
    threading.Timer(0.02, news.fire).start()
    suspend(news, TIMEOUT)
    assert news.fired
    suspend(Wakeup(), 0.01)

    def keeps_its_thread() -> bool:
        suspend(Wakeup(), 0.01)
        return True

    assert make_executor(1, max_running=1).submit(keeps_its_thread).result(TIMEOUT)
    assert (max_suspended(), resumed_by()) == (None, None)
