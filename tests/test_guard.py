"""The guard: counts of all processes together in Redis, and of each process where there is none."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests import forking
from tests.services import free_port
from wellchat.embedded import Valkey
from wellchat.guard import Budget, Guard

FIVE = Budget("test", "5/minute")

SPENDER = """
import sys
from wellchat.guard import Budget, Guard
guard = Guard(sys.argv[1])
print(sum(guard.spend(Budget("test", "5/minute"), "one") is None for _ in range(5)))
"""


def test_a_budget_takes_what_it_says_and_tells_how_long_to_wait():
    guard = Guard(None)
    assert [guard.spend(FIVE, "one") for _ in range(5)] == [None] * 5
    item, seconds = guard.spend(FIVE, "one")
    assert item.amount == 5
    assert 0 < seconds <= 60
    assert guard.spend(FIVE, "another") is None


def test_an_act_that_is_refused_does_not_prolong_the_wait(monkeypatch):
    guard, began = Guard(None), time.time()
    for _ in range(5):
        guard.spend(FIVE, "one")
    for i in range(50):
        assert guard.spend(FIVE, "one") is not None, i
    monkeypatch.setattr("time.time", lambda: began + 61)
    assert guard.spend(FIVE, "one") is None


def test_processes_share_one_count_in_redis(valkey_url, tmp_path):
    (tmp_path / "spender.py").write_text(SPENDER.replace('"one"', f'"{time.monotonic_ns()}"'))
    shared = [forking.start("spender", valkey_url, env=os.environ, cwd=tmp_path)[1] for _ in range(3)]
    assert sum(int(each.read()) for each in shared) == 5


def test_without_redis_a_process_counts_in_its_memory():
    guard = Guard(f"redis://127.0.0.1:{free_port()}")
    assert [guard.spend(FIVE, "one") is None for _ in range(8)] == [True] * 5 + [False] * 3


@pytest.mark.parametrize("what", ["ends", "hangs"])
def test_a_redis_that_goes_away_opens_nothing_and_is_used_again_when_it_is_back(tmp_path: Path, what: str):
    server = Valkey(tmp_path)
    with server as url:
        guard = Guard(url)
        assert [guard.spend(FIVE, "one") is None for _ in range(6)] == [True] * 5 + [False]
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP if what == "hangs" else signal.SIGKILL)
        began = time.monotonic()
        assert [guard.spend(FIVE, "two") is None for _ in range(8)] == [True] * 5 + [False] * 3
        assert guard._retry_at > began, "it gave up on Redis after the first try"
        if what == "hangs":
            server.process.send_signal(signal.SIGCONT)
            guard._retry_at = 0.0
            assert guard.spend(FIVE, "one") is not None, "the count in Redis goes on"
