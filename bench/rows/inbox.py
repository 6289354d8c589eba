"""Measure the inbox of somebody with 20,000 conversations beside that of somebody with 10,000."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.counting import counting
from bench.load import WrongAnswer
from bench.stage import Stage
from bench.table import Row, ms
from bench.world import professional_id, token_of

GOAL = 1.2
SIDES = ("ten", "twenty")  # thousand conversations of one professional
PAGES = {"the inbox": "/", "unread ones": "/?unread=1", "who waits": "/?waiting=1"}


def measure(stage: Stage) -> list[Row]:
    apps = {size: stage.app(size) for size in SIDES}
    return [_row(stage, apps, name, path) for name, path in PAGES.items()]


def _row(stage: Stage, apps: dict[str, Any], name: str, path: str) -> Row:
    counts = {size: _statements(app, path) for size, app in apps.items()}
    times: dict[str, list[float]] = {size: [] for size in SIDES}
    for _ in range(2 if stage.quick else 40):
        # One after the other, so that what else the machine does falls on both.
        for size in SIDES:
            began = time.perf_counter()
            _open(apps[size], path)
            times[size].append(time.perf_counter() - began)
    ten, twenty = (median(times[size]) for size in SIDES)
    return Row(
        "inbox",
        f"{name}, of 20,000 conversations",
        f"{ms(twenty)}, {counts['twenty']} queries",
        f"of 10,000: {ms(ten)}, {counts['ten']} queries",
        twenty / ten,
        f"< {GOAL:g}, same queries",
        twenty / ten <= GOAL and counts["ten"] == counts["twenty"],
    )


def _open(app: Any, path: str) -> None:
    headers = {"Authorization": f"Bearer {token_of(professional_id(0))}"}
    answer = app.test_client().get(path, headers=headers)
    if answer.status_code != 200 or 'data-part="list"' not in answer.text:
        raise WrongAnswer(f"{answer.status} {answer.text[:200]}")


def _statements(app: Any, path: str) -> int:
    _open(app, path)
    with counting(app) as statements:
        _open(app, path)
    return len(statements)
