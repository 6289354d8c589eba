"""Measure the same four requests at ten million messages and at ten thousand: seconds and statements."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.counting import counting
from bench.load import Connection, WrongAnswer, connect, request
from bench.stage import Stage
from bench.table import Row, ms
from bench.world import token_of

GOAL = 1.2
AT_A_TIME = 20  # requests of one turn

# what -> the next request: method, path, and body where it has one
Jobs = dict[str, Callable[[], dict[str, Any]]]


def measure(stage: Stage) -> list[Row]:
    sides = {size: Side(stage, size) for size in ("small", "large")}
    counted = {size: side.queries() for size, side in sides.items()}
    times = asyncio.run(clock(stage, sides))
    rows = []
    for what in sides["small"].jobs:
        small, large = (median(times[size, what]) for size in ("small", "large"))
        queries, before = counted["large"][what], counted["small"][what]
        rows.append(
            Row(
                "scale",
                f"{what}, at 10 million messages",
                f"{ms(large)}, {queries} queries",
                f"at 10 thousand: {ms(small)}, {before} queries",
                large / small,
                f"< {GOAL:g}, same queries",
                large / small <= GOAL and queries == before,
            )
        )
    return rows


class Side:
    """The person with the most threads in a world, and their requests."""

    def __init__(self, stage: Stage, size: str) -> None:
        self.stage, self.size = stage, size
        self.pairs = stage.star_threads(size)
        self.token = token_of(self.pairs[0].professional_id)
        self.port = stage.web(size).port
        self.cursor = ""
        thread = f"/threads/{self.pairs[0].thread_id}"
        self.jobs: Jobs = {
            "inbox page": lambda: {"method": "GET", "path": "/"},
            "thread page": lambda: {"method": "GET", "path": thread},
            "poll with news": lambda: {"method": "GET", "path": f"/api/updates?since={self.cursor}"},
            "send": lambda: {
                "method": "POST",
                "path": f"/api{thread}/messages",
                "body": {"body": "See you at nine.", "client_key": secrets.token_hex(8)},
            },
        }

    async def hear_something(self) -> None:
        """Send a message to the star: the polls that follow have news."""
        other = self.pairs[1]
        path, body = (
            f"/api/threads/{other.thread_id}/messages",
            {"body": "Hello", "client_key": secrets.token_hex(8)},
        )
        async with await connect(self.port) as connection:
            answer = await connection.ask(request("POST", path, token=token_of(other.client_id), body=body))
        if answer.status != 201:
            raise WrongAnswer(str(answer))
        (self.cursor,) = self.stage.cursors(self.size, [other.professional_id], back=1).values()

    def queries(self) -> dict[str, int]:
        """Return the number of statements of each job."""
        asyncio.run(self.hear_something())
        app, found = self.stage.app(self.size), {}
        client = app.test_client()
        for what, job in self.jobs.items():
            for _ in range(2):  # the first fills what a process keeps
                wish = job()
                headers = {"Authorization": f"Bearer {self.token}"}
                with counting(app) as statements:
                    answer = client.open(
                        wish["path"], method=wish["method"], json=wish.get("body"), headers=headers
                    )
                if answer.status_code >= 300:
                    raise WrongAnswer(f"{what}: {answer.status} {answer.text[:200]}")
            found[what] = len(statements)
        return found


async def clock(stage: Stage, sides: dict[str, Side]) -> dict[tuple[str, str], list[float]]:
    """Return the seconds of each job in each world; the worlds take turns."""
    times: dict[tuple[str, str], list[float]] = {
        (size, what): [] for size in sides for what in sides[size].jobs
    }
    connections = {size: await connect(side.port) for size, side in sides.items()}
    for turn in range(1 if stage.quick else 11):
        for what in sides["small"].jobs:
            for size, side in sides.items():
                await side.hear_something()
                taken = await _turn(connections[size], side, what, 2 if stage.quick else AT_A_TIME)
                if turn or stage.quick:  # the first warms caches, of the database too
                    times[size, what] += taken
    for connection in connections.values():
        connection.abort()
    return times


async def _turn(connection: Connection, side: Side, what: str, count: int) -> list[float]:
    times = []
    for _ in range(count):
        wire = request(**side.jobs[what](), token=side.token)
        began = time.perf_counter()
        answer = await connection.ask(wire)
        times.append(time.perf_counter() - began)
        if answer.status >= 300:
            raise WrongAnswer(f"{what}: {answer.status} {answer.body[:200]!r}")
    return times
