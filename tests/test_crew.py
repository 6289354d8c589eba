"""The threads of a web process: few at work, others while they wait, more where they are stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait

import pytest

from wellchat.crew import Crew, resting

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


def test_who_waits_makes_room(crew: Callable[..., Crew]) -> None:
    hands, news = crew(50, at_work=1), threading.Event()

    def poll() -> bool:
        with resting():
            return news.wait(PATIENCE)

    polls = [hands.submit(poll) for _ in range(20)]
    assert hands.submit(lambda: "sent").result(PATIENCE) == "sent"
    assert not any(one.done() for one in polls)
    news.set()
    assert all(one.result(PATIENCE) for one in polls)
    assert hands.submit(lambda: "and on").result(PATIENCE) == "and on"


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


def test_waiting_elsewhere_is_just_waiting() -> None:
    with resting():
        at_rest = True
    assert at_rest
