"""Measure the time from the start of a send to its arrival in the recipient's waiting poll."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from bench.delivery import Watch
from bench.load import connect, request
from bench.stage import Stage
from bench.table import Row, ms, percentile

GOAL_P50, GOAL_P99 = 0.010, 0.050
PER_SECOND = 50
PEOPLE = 50


def measure(stage: Stage) -> list[Row]:
    rounds, seconds = (1, 1.0) if stage.quick else (3, 15.0)
    found, trips = [], []
    for _ in range(rounds):
        found.append(asyncio.run(arrivals(stage, seconds)))
        trips.append(asyncio.run(round_trip(stage)))
    p50 = median(percentile(times, 0.5) for times in found)
    p99 = median(percentile(times, 0.99) for times in found)
    return [
        Row(
            "waiting",
            f"waiting poll: send to arrival at {PER_SECOND} messages/s",
            f"p50 {ms(p50)}, p99 {ms(p99)}",
            f"one loopback round trip: p50 {ms(median(trips))}",
            p50 / median(trips),
            f"p50 < {ms(GOAL_P50)}, p99 < {ms(GOAL_P99)}",
            p50 < GOAL_P50 and p99 < GOAL_P99,
        )
    ]


async def arrivals(stage: Stage, seconds: float) -> Sequence[float]:
    watch = Watch(stage.web("small").port)
    pairs = stage.pairs("small", PEOPLE)
    await watch.hold(
        pairs, stage.cursors("small", [pair.professional_id for pair in pairs]), side="professional_id"
    )
    await asyncio.sleep(0.3)
    await watch.send(pairs, seconds=seconds, per_second=PER_SECOND)
    return await watch.end()


async def round_trip(stage: Stage, count: int = 200) -> float:
    async with await connect(stage.bare().port) as connection:
        times = []
        for _ in range(count):
            began = time.perf_counter()
            await connection.ask(request("GET", "/bare"))
            times.append(time.perf_counter() - began)
    return median(times)
