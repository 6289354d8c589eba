"""Random clients inside the application, everything they saw put before the checker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.history import world
from tests.history.driving import AppDoor, Crowd
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


@pytest.mark.each_database
def test_in_process(app, now, tmp_path) -> None:
    """Eight devices of four people, with the worker's sweep and the trimming of logs going on beside them."""
    app.config["AWAY_AFTER"] = 0
    crowd = world.crowd(world.people(now), lambda: AppDoor(app), seed=SEED)

    def work(moment: datetime) -> None:
        sweeps.run(moment)
        trim_logs(keep=60, slack=20)

    work_meanwhile(app, crowd, 60, work)
    sweeps.run(clock_now())
    examine(crowd.finish(), tmp_path, late=5, may_expire=True)
