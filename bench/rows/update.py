"""Measure an update of fifty messages."""

from __future__ import annotations

import asyncio
import secrets
from itertools import repeat

from bench.load import Load, WrongAnswer, connect, request
from bench.stage import Pair, Stage
from bench.table import Row, alternate, rate_row
from bench.world import token_of

GOAL = 0.5
MESSAGES = 50
CLIENTS = 8


def measure(stage: Stage) -> list[Row]:
    pair = stage.pairs("small", 120)[-1]
    cursor, seq = asyncio.run(fifty_sent(stage, pair))
    ours = request("GET", f"/api/updates?since={cursor}", token=token_of(pair.professional_id))
    raw = request("GET", f"/update?user={pair.professional_id}&seq={seq}&thread={pair.thread_id}")
    with (
        Load(stage.web("small").port, [repeat(ours)] * CLIENTS, expect=200) as polls,
        Load(stage.bare().port, [repeat(raw)] * CLIENTS, expect=200) as bare,
    ):
        rates = alternate(stage.rounds, lambda: polls.rate(stage.seconds), lambda: bare.rate(stage.seconds))
    return [
        rate_row(
            "update", f"update of {MESSAGES} messages", *rates, GOAL, "the same rows, raw SQL and orjson"
        ),
    ]


async def fifty_sent(stage: Stage, pair: Pair) -> tuple[str, int]:
    """Return the recipient's cursor before fifty messages, and its number."""
    user_id = pair.professional_id
    cursor = stage.cursors("small", [user_id])[user_id]
    path = f"/api/threads/{pair.thread_id}/messages"
    async with await connect(stage.web("small").port) as connection:
        for number in range(MESSAGES):
            body = {"body": f"The {number}th line of a long story.", "client_key": secrets.token_hex(8)}
            await connection.ask(request("POST", path, token=token_of(pair.client_id), body=body))
        answer = await connection.ask(request("GET", f"/api/updates?since={cursor}", token=token_of(user_id)))
    if len(answer.json()["messages"]) != MESSAGES:
        raise WrongAnswer(f"{len(answer.json()['messages'])} messages instead of {MESSAGES}")
    return cursor, stage.heads("small", [user_id])[user_id] - MESSAGES
