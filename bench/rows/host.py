"""Measure the host API: people and bookings put by the platform's server, new ones and the same again."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from bench.load import Load, connect, request
from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from wellchat.host.keys import make_key

GOAL = 0.3
CLIENTS = 8
BY = "bare Flask, one INSERT"


def measure(stage: Stage) -> list[Row]:
    with stage.app("small").app_context():
        now = datetime.now(UTC)
        key = make_key(name="Bench", scopes=["people:write", "subjects:write"], now=now).secret
    pair = stage.pairs("small", 1)[0]
    booking = {"title": "Cut", "client": f"id:{pair.client_id}", "professional": f"id:{pair.professional_id}"}
    person = {"name": "Cleo Client", "role": "client", "locale": "de"}
    same = request("PUT", "/api/host/users/same", token=key, body=person)
    kinds: tuple[tuple[str, list[Iterator[bytes]], int], ...] = (
        ("a new person", [_new("/api/host/users/", key, person) for _ in range(CLIENTS)], 201),
        ("a new booking", [_new("/api/host/subjects/booking/", key, booking) for _ in range(CLIENTS)], 201),
        ("the same person again", [repeat(same)] * CLIENTS, 200),
    )
    return [_row(stage, *each) for each in kinds]


def _new(path: str, key: str, body: dict[str, Any]) -> Iterator[bytes]:
    run = secrets.token_hex(6)
    return (request("PUT", f"{path}{run}-{number}", token=key, body=body) for number in itertools.count())


async def _once(port: int, wire: bytes) -> None:
    async with await connect(port) as connection:
        await connection.ask(wire)


def _row(stage: Stage, what: str, calls: list[Iterator[bytes]], expect: int) -> Row:
    web, bare = stage.web("small").port, stage.bare().port
    if expect == 200:
        asyncio.run(_once(web, next(calls[0])))
    insert = request("POST", "/insert", body={"name": "Cleo Client", "role": "client"})
    with (
        Load(web, calls, expect=expect) as ours,
        Load(bare, [repeat(insert)] * CLIENTS, expect=201) as theirs,
    ):
        rates = alternate(stage.rounds, lambda: ours.rate(stage.seconds), lambda: theirs.rate(stage.seconds))
    return rate_row("host", f"host puts {what}", *rates, GOAL, BY)
