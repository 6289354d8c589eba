"""The threads of a web process: few at work, none for who waits, more where they are stuck."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest

from tests.services import wait_for
from wellchat.crew import Crew, Wake, may_hang, most_hanging, rest, woken

PATIENCE = 20.0  # seconds after which a test gives up
NEVER = 3600.0


@pytest.fixture
def crew() -> Iterator[Callable[..., Crew]]:
    made: list[Crew] = []

    def make(most: int, *, at_work: int, stuck: float = NEVER) -> Crew:
        made.append(Crew(most, at_work=at_work, stuck=stuck))
        return made[-1]

    yield make
    for each in made:
        each.shutdown()


def test_few_are_at_work_and_all_is_done_in_its_turn(crew: Callable[..., Crew]) -> None:
    hands, lock = crew(50, at_work=3), threading.Lock()
    begun: list[int] = []
    at_once, most_at_once = 0, 0
    go = threading.Semaphore(0)

    def work(number: int) -> int:
        nonlocal at_once, most_at_once
        with lock:
            begun.append(number)
            at_once += 1
            most_at_once = max(most_at_once, at_once)
        assert go.acquire(timeout=PATIENCE)
        with lock:
            at_once -= 1
        return number

    jobs = [hands.submit(work, number) for number in range(40)]
    for _ in jobs:
        go.release()
    assert [job.result(PATIENCE) for job in jobs] == list(range(40))
    assert most_at_once <= 3
    assert sorted(begun[:3]) == [0, 1, 2]


def hanging(wake: Wake, *, seconds: float = NEVER, begun: list[Wake | None] | None = None) -> Callable[[], bool]:
    """A job that waits for `wake`, which `begun` is told of each time it is done: answers whether it came."""

    def poll() -> bool:
        if begun is not None:
            begun.append(woken())
        if woken() is None:
            with may_hang():
                rest(wake, seconds)
        return wake.rung

    return poll


def test_who_waits_leaves_the_thread_and_comes_back(crew: Callable[..., Crew]) -> None:
    hands, news = crew(1, at_work=1), [Wake() for _ in range(200)]
    begun: list[Wake | None] = []
    polls = [hands.submit(hanging(wake, begun=begun)) for wake in news]
    assert hands.submit(lambda: "sent").result(PATIENCE) == "sent"
    assert not any(one.done() for one in polls)
    assert hands.hanging == 200
    for wake in news:
        wake.ring()
    assert all(one.result(PATIENCE) for one in polls)
    assert begun == [None] * 200 + news, "each is done twice: first to wait, then with what it waited for"
    assert hands.submit(woken).result(PATIENCE) is None
    assert hands.hanging == 0


def test_nobody_waits_for_longer_than_said(crew: Callable[..., Crew]) -> None:
    hands, never, news = crew(2, at_work=1), Wake(), Wake()
    patient, hurried, hurried_too = (
        hands.submit(hanging(wake, seconds=seconds)) for wake, seconds in ((news, 60.0), (never, 0.02), (never, 0.01))
    )
    assert (hurried.result(PATIENCE), hurried_too.result(PATIENCE)) == (False, False)
    assert not patient.done()
    news.ring()
    assert patient.result(PATIENCE)


def test_a_ring_before_the_rest_and_two_at_once_count_once(crew: Callable[..., Crew]) -> None:
    hands, early = crew(4, at_work=2), Wake()
    begun: list[Wake | None] = []
    early.ring()
    assert hands.submit(hanging(early, begun=begun)).result(PATIENCE)
    assert begun == [None, early]
    news, go = Wake(), threading.Barrier(8)
    poll = hands.submit(hanging(news, begun=begun))
    wait_for(lambda: begun[2:] == [None], what="the poll")

    def ring() -> None:
        go.wait(PATIENCE)
        news.ring()

    ringers = [threading.Thread(target=ring) for _ in range(8)]
    for each in ringers:
        each.start()
    for each in ringers:
        each.join()
    assert poll.result(PATIENCE)
    assert begun[2:] == [None, news]


def test_what_hangs_is_forgotten_with_its_time(crew: Callable[..., Crew]) -> None:
    hands, news = crew(1, at_work=1), Wake()
    hands.submit(hanging(news, seconds=0.01)).result(PATIENCE)
    assert hands._ends == []
    news.ring()  # too late, and harmless
    assert hands.submit(lambda: 1).result(PATIENCE) == 1


def test_what_is_over_is_held_by_nobody(crew: Callable[..., Crew]) -> None:
    """Not by the clock, whose time may be far off, and not until the next garbage collection, which may be too."""

    class Load:
        pass

    class News(Wake):  # of which there are weak references
        pass

    hands, news, load = crew(1, at_work=1), News(), Load()
    gone = weakref.ref(load)
    gc.disable()
    try:
        poll = hands.submit(lambda _load, wake: hanging(wake)(), load, news)
        del load
        assert hands.submit(lambda: 1).result(PATIENCE) == 1
        assert gone() is not None
        news.ring()
        assert poll.result(PATIENCE)
        news_too = weakref.ref(news)
        del news, poll
        assert hands.submit(lambda: 1).result(PATIENCE) == 1  # so the thread has put the last one away
        assert (gone(), news_too()) == (None, None)
    finally:
        gc.enable()


def test_a_job_may_hang_again_on_what_rings_later(crew: Callable[..., Crew]) -> None:
    """However soon its time is over, nothing of the first time stands in the way of the second."""
    hands = crew(4, at_work=4)
    begun = threading.Semaphore(0)

    class Slow(Wake):
        def when_rung(self, tell: Callable[[], object]) -> None:
            begun.acquire(timeout=0.2)  # until it has begun anew, if it can
            super().when_rung(tell)

    def poll(news: Wake) -> bool:
        if not news.rung:
            if woken() is not None:
                begun.release(2)
            with may_hang():
                rest(news, 0.0 if woken() is None else NEVER)
        return news.rung

    slow = Slow()
    twice = hands.submit(poll, slow)
    assert begun.acquire(timeout=PATIENCE)
    time.sleep(0.3)
    slow.ring()
    assert twice.result(PATIENCE)


def test_a_system_that_gives_no_threads_loses_no_job(crew: Callable[..., Crew]) -> None:
    hands = crew(8, at_work=4, stuck=0.01)
    before = threading.stack_size(1 << 46)  # more than any machine has
    try:
        jobs = [hands.submit(lambda number=number: number) for number in range(20)]
        with pytest.raises(TimeoutError):
            jobs[0].result(0.1)
    finally:
        threading.stack_size(before)
    assert [job.result(PATIENCE) for job in jobs] == list(range(20))


def test_others_are_sent_in_where_nothing_moves(crew: Callable[..., Crew]) -> None:
    hands, free = crew(50, at_work=2, stuck=0.01), threading.Event()
    stuck = [hands.submit(free.wait, PATIENCE) for _ in range(20)]
    assert hands.submit(lambda: "through").result(PATIENCE) == "through"
    assert not any(one.done() for one in stuck)
    free.set()
    assert all(one.result(PATIENCE) for one in stuck)


def test_there_are_never_more_than_said(crew: Callable[..., Crew]) -> None:
    hands, free = crew(4, at_work=2, stuck=0.01), threading.Event()
    begun = threading.Semaphore(0)

    def work() -> bool:
        begun.release()
        return free.wait(PATIENCE)

    jobs = [hands.submit(work) for _ in range(10)]
    for _ in range(4):
        assert begun.acquire(timeout=PATIENCE)
    assert not begun.acquire(timeout=0.2)
    free.set()
    assert all(job.result(PATIENCE) for job in jobs)


def test_what_goes_wrong_is_told_and_harms_nobody_else(crew: Callable[..., Crew]) -> None:
    hands = crew(4, at_work=1)

    def fail() -> None:
        raise KeyError("no")

    broken, fine = hands.submit(fail), hands.submit(lambda: 1)
    wait([broken, fine], PATIENCE)
    assert isinstance(broken.exception(), KeyError)
    assert fine.result() == 1


def test_who_was_sent_home_takes_nothing_more(crew: Callable[..., Crew]) -> None:
    hands = crew(4, at_work=1)
    assert hands.submit(lambda: 1).result(PATIENCE) == 1
    hands.shutdown()
    with pytest.raises(RuntimeError):
        hands.submit(lambda: 2)


def test_waiting_elsewhere_keeps_the_thread(crew: Callable[..., Crew]) -> None:
    """Another server, or a job that cannot be done anew."""
    news = Wake()
    threading.Timer(0.02, news.ring).start()
    rest(news, PATIENCE)
    assert news.rung
    rest(Wake(), 0.01)

    def keeps_its_thread() -> bool:
        rest(Wake(), 0.01)
        return True

    assert crew(1, at_work=1).submit(keeps_its_thread).result(PATIENCE)
    assert (most_hanging(), woken()) == (None, None)
