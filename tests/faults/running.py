"""One run.

Clients at work, one fault after the other, a long breath at the end, and the checker's word on it all.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.faults import FAULTS, Fault
from tests.faults.installation import Installation, quiet_within
from tests.history import world
from tests.history.checking import Checker
from tests.history.clients import Device, Habits, Life
from tests.history.driving import Crowd, HttpDoor
from tests.history.findings import FOREVER, Violation
from tests.history.recording import Call, History, Request
from wellchat.clock import now

FIRST_SUCCESS = 5.0  # seconds after a fault within which somebody succeeds again
BOOTS = 3.0  # where the web has to boot first: so many times as long as at the start, if that is more
NOTHING_LEFT = 60.0  # seconds after which all work is done
# While Redis does not carry what a process has to say, another may not hear of it for as long as it takes
# to find out
# and to look at the database, which is done every five seconds.
MAY_NOT_HEAR = 7.0
MANY = 10**9  # steps: until the day is over
WRITES = ("send", "read", "delete", "open", "edit")

CALM = Habits(
    weights={
        "poll": 30,
        "send": 10,
        "send_again": 3,
        "edit": 2,
        "delete": 1,
        "read": 6,
        "open": 1,
        "browse": 2,
        "go_back": 3,
        "go_away": 16,
        "begin_anew": 0.3,
        "stray": 0.3,
    },
    waits=(0, 0.5, 3.0),
    away=0.6,
)


class Probe(Device):
    """A client that sends and polls without retries: it finds the first moment at which both work again."""

    def step(self) -> Life:
        thread_id = sorted(self.threads)[0]
        key = f"k{next(self.keys)}-{self.name}"
        about = {"thread": thread_id, "key": key, "body": key}
        body = {"body": key, "client_key": key}
        yield from self.call(
            Request("send", "POST", f"/api/threads/{thread_id}/messages", body=body, about=about)
        )
        yield from self.poll(wait=0)
        yield 0.25


@dataclass
class Struck:
    """A fault that was done: when it began and was over, and what came of it."""

    fault: Fault
    begun: float
    over: float
    violations: list[Violation] = field(default_factory=list)
    first_success: float | None = None
    unanswered: int = 0
    refused: int = 0  # 503 and 429


@dataclass
class Outcome:
    database: str
    struck: list[Struck]
    history: History
    violations: list[Violation]
    left_over: dict[str, int]
    mails: Counter[str]
    mailed_twice: list[str]
    fallen: Counter[str]
    behind: list[float]
    left_out: list[str]
    boot_seconds: float

    def is_late(self, each: Struck) -> bool:
        """Return whether nobody succeeded within FIRST_SUCCESS of a fault.

        Where the whole web has to boot first, which takes seconds of CPU time alone, the bound is relative:
        at least BOOTS times as long as the same processes took to boot at the start of the same run.
        """
        bound = max(FIRST_SUCCESS, BOOTS * self.boot_seconds) if each.fault.boots else FIRST_SUCCESS
        return each.first_success is None or each.first_success > bound

    @property
    def late(self) -> list[Struck]:
        return [each for each in self.struck if self.is_late(each)]

    @property
    def is_good(self) -> bool:
        return not (self.violations or self.left_over or self.mailed_twice or self.late)


def schedule(house: Installation, rng: random.Random, count: int) -> Iterator[Fault]:
    """Every kind about equally often, in an order that the seed decides."""
    kinds = [fault for fault in FAULTS if fault.possible(house)]
    chosen: list[Fault] = []
    while len(chosen) < count:
        chosen += rng.sample(kinds, k=len(kinds))
    yield from chosen[:count]


def run(
    database: str, *, seed: int, faults: int, longest: float, evidence: Path, tell: Callable[[str], None]
) -> Outcome:
    """`longest`: seconds that a fault usually lasts at most.

    `evidence`: where to leave what a bad run left behind.
    """
    rng = random.Random(f"{seed}.{database}")
    with Installation(database) as house:
        crowd, stop = _crowd(house, seed)
        struck = []
        try:
            for number, fault in enumerate(schedule(house, rng, faults), 1):
                tell(f"{database} {number:3}/{faults} {fault.name}")
                begun = time.monotonic()
                fault.do(house, rng, rng.uniform(0.3, longest))
                struck.append(Struck(fault, begun, time.monotonic()))
                _wait_for_success(house, crowd.recorder.history, struck[-1].over)
                time.sleep(rng.uniform(0.2, 0.8))
        finally:
            stop()
        tell(f"{database} waiting until nothing is left to do")
        left = quiet_within(house, NOTHING_LEFT)
        for name, words in house.last_words.items():
            tell(f"{name} ended by itself; its log ended with:\n{words}")
        history = crowd.finish()
        outcome = _judge(house, struck, history, left)
        if not outcome.is_good:
            house.keep_logs(evidence)
            history.save(evidence / f"history-{database}-{seed}.jsonl")
        return outcome


def _crowd(house: Installation, seed: int) -> tuple[Crowd, Callable[[], None]]:
    """Everybody at work, and what ends their day."""
    with house.app.app_context():
        persons = world.people(now(), clients=3)
        crowd = world.crowd(persons, lambda: HttpDoor(house.url), seed=seed, habits=CALM)
    probe = Probe("probe/x", persons[0], random.Random(f"{seed}.probe"), CALM)
    crowd.add(probe, HttpDoor(house.url, timeout=3.0))
    opener = crowd.devices[0]
    for other in persons[0].others:
        body, about = {"with": other}, {"members": [persons[0].id, other]}
        crowd.make(opener)(Request("open", "POST", "/api/threads", body=body, about=about))
    threads = crowd.start(MANY)

    def stop() -> None:
        for device in crowd.devices:
            device.day_is_over.set()
        for thread in threads:
            thread.join(timeout=90)
        if crowd.trouble:
            raise crowd.trouble[0]

    return crowd, stop


def _wait_for_success(house: Installation, history: History, since: float) -> None:
    """Until a send and a poll have come through again; a supervisor looks after the parts meanwhile."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        house.tend()
        if first_success(history.calls, since) is not None:
            return
        time.sleep(0.05)


def first_success(calls: list[Call], since: float) -> float | None:
    """Seconds until both a write and a poll had come through."""
    moments = []
    for ops in (WRITES, ("poll",)):
        good = [c.ended for c in list(calls) if c.op in ops and c.is_ok and c.ended >= since]
        if not good:
            return None
        moments.append(min(good))
    return max(moments) - since


def _judge(house: Installation, struck: list[Struck], history: History, left: dict[str, int]) -> Outcome:
    checker = Checker(history, faults=True, late=None, grace=MAY_NOT_HEAR, may_expire=False)
    violations = checker.check()
    for each, following in zip(struck, [*struck[1:], None], strict=True):
        until = following.begun if following else FOREVER
        each.first_success = first_success(history.calls, each.over)
        within = [c for c in history.calls if each.begun <= c.ended < until]
        each.unanswered = sum(c.status is None for c in within)
        each.refused = sum(c.status in (503, 429) for c in within)
        each.violations = [v for v in violations if each.begun <= v.at < until]
    return Outcome(
        house.database,
        struck,
        history,
        violations,
        left,
        house.mails(),
        house.mailed_twice(),
        house.fallen,
        checker.behind,
        [f"disk full: {house.why_no_small_disk}"] if house.is_sqlite and house.why_no_small_disk else [],
        house.boot_seconds,
    )


def table(outcome: Outcome) -> list[str]:
    """Fault by fault: how often, what was violated, and how long until it worked again."""
    head = (
        f"{outcome.database:26}{'times':>6}{'wrong':>7}{'503/429':>9}{'silent':>8}{'again p50':>11}{'max':>8}"
    )
    lines = [head, "-" * len(head)]
    by_kind: dict[str, list[Struck]] = {}
    for each in outcome.struck:
        by_kind.setdefault(each.fault.name, []).append(each)
    for name, group in sorted(by_kind.items()):
        took = [each.first_success for each in group if each.first_success is not None]
        p50, most = (f"{statistics.median(took):.2f} s", f"{max(took):.2f} s") if took else ("never", "never")
        wrong, refused = sum(len(s.violations) for s in group), sum(s.refused for s in group)
        silent = sum(s.unanswered for s in group)
        lines.append(f"{name:26}{len(group):>6}{wrong:>7}{refused:>9}{silent:>8}{p50:>11}{most:>8}")
    return lines
