"""Measure sending: a hundred people at once, each into a thread of their own."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from bench.by_hand import send_for
from bench.load import Load, request
from bench.stage import Pair, Stage
from bench.table import Row, alternate, rate_row
from bench.world import token_of
from tests.services import plain

GOAL = 0.4
THREADS = 100
PROCESSES, CONNECTIONS = 2, 4  # of the reference: what got most out of this database


def measure(stage: Stage) -> list[Row]:
    pairs = stage.pairs("small", THREADS)
    with Load(stage.web("small").port, [messages(pair) for pair in pairs], expect=201) as ours:
        rates = alternate(stage.rounds, lambda: ours.rate(stage.seconds), lambda: by_hand(stage, pairs))
    return [rate_row("send", f"send, over {len(pairs)} threads", *rates, GOAL, "the same SQL by hand")]


def messages(pair: Pair) -> Iterator[bytes]:
    path, token = f"/api/threads/{pair.thread_id}/messages", token_of(pair.client_id)
    while True:
        yield request(
            "POST", path, token=token, body={"body": "See you at nine.", "client_key": secrets.token_hex(8)}
        )


def by_hand(stage: Stage, pairs: list[Pair]) -> float:
    work = partial(send_for, plain(stage.database("small")), seconds=stage.seconds, connections=CONNECTIONS)
    shares = [
        [(p.thread_id, p.client_id, p.professional_id) for p in pairs[n::PROCESSES]] for n in range(PROCESSES)
    ]
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(work, shares))
