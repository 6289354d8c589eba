"""Measure ten thousand waiting polls on one machine, and how fast a message still arrives."""

from __future__ import annotations

import asyncio

from bench.delivery import Watch
from bench.load import more_files
from bench.stage import Stage
from bench.table import Row, ms, percentile

WAITERS = 10_000
GOAL_BYTES, GOAL_P99 = 60 * 1024, 0.250
PER_SECOND = 20


def measure(stage: Stage) -> list[Row]:
    more_files()
    return [asyncio.run(_measure(stage, 40 if stage.quick else WAITERS, 0.5 if stage.quick else 20.0))]


async def _measure(stage: Stage, waiters: int, seconds: float) -> Row:
    pairs = stage.pairs("crowd", waiters)
    cursors = stage.cursors("crowd", [pair.client_id for pair in pairs])
    web = stage.web("crowd")
    watch = Watch(web.port)
    await watch.hold(pairs, cursors, side="client_id")
    await asyncio.sleep(0.6 if stage.quick else 5.0)
    held, memory = watch.held, web.memory()
    await watch.send(pairs, seconds=seconds, per_second=PER_SECOND, by="professional_id")
    held, memory = min(held, watch.held), max(memory, web.memory())
    times = await watch.end()
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    each = memory / len(pairs)
    return Row(
        "crowd",
        f"{len(pairs):,} waiting polls held at once",
        f"{held:,} at the least, {watch.early} not held;"
        f" {each / 1024:.0f} KB each; p50 {ms(p50)}, p99 {ms(p99)}",
        "",
        None,
        f"all; < {GOAL_BYTES // 1024} KB each; p99 < {ms(GOAL_P99)}",
        held >= len(pairs) * 0.98 and not watch.early and each < GOAL_BYTES and p99 < GOAL_P99,
    )
