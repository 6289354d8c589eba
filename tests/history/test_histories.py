"""Random clients inside the application, everything they saw put before the checker."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.history import world
from tests.history.driving import AppDoor, Crowd
from tests.history.recording import History
from tests.history.world import SEED, examine
from wellchat import sweeps
from wellchat.changes.actions import trim_logs
from wellchat.clock import now as clock_now


def work_meanwhile(app: Any, crowd: Crowd, steps: int, work: Callable[[datetime], Any]) -> None:
    """Run the crowd while a worker of our own sweeps."""
    over = threading.Event()

    def sweep() -> None:
        with app.app_context():
            while not over.wait(0.1):
                work(clock_now())

    worker = threading.Thread(target=sweep)
    worker.start()
    try:
        crowd.run(steps)
    finally:
        over.set()
        worker.join()


@pytest.mark.slow
@pytest.mark.each_database
def test_in_process(app, now, tmp_path, node) -> None:
    """Eight devices of four people, with the worker's sweep and the trimming of logs going on beside them."""
    app.config["AWAY_AFTER"] = 0
    crowd = world.crowd(world.people(now), lambda: AppDoor(app), seed=SEED)

    def work(moment: datetime) -> None:
        sweeps.run(moment)
        trim_logs(keep=60, slack=20)

    work_meanwhile(app, crowd, 60, work)
    sweeps.run(clock_now())
    history = crowd.finish()
    examine(history, tmp_path, late=5, may_expire=True)
    replay_in_the_page_s_own_modules(node, history, tmp_path)


def replay_in_the_page_s_own_modules(node: str, history: History, folder: Path) -> None:
    """The store and the poller that browsers run, given the same answers, end with the same picture."""
    history.save(folder / "history.jsonl")
    replay = Path(__file__).parent.parent / "js" / "replay.js"
    run = subprocess.run([node, replay, folder / "history.jsonl"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    compared = json.loads(run.stdout)
    assert compared["devices"] == len(history.by_device())
    assert min(compared[what] for what in ("polls", "threads", "messages", "notifications")) > 0, compared
