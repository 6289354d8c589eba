"""Measure the host API: people and bookings put by the platform's server, new ones and the same again."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from typing import Any

import psycopg

from bench.load import Load, connect, request
from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from tests.services import plain
from wellchat.host.keys import make_key

GOAL = 0.3
CLIENTS = 8
BATCH = 100
TABLE = "CREATE TABLE IF NOT EXISTS bare_people (id bigserial PRIMARY KEY, name text, role text)"
BY = "bare Flask, one INSERT"


def measure(stage: Stage) -> list[Row]:
    with stage.app("small").app_context():
        now = datetime.now(UTC)
        key = make_key(name="Bench", scopes=["people:write", "subjects:write"], now=now).secret
    with psycopg.connect(plain(stage.database("small"))) as connection:
        connection.execute(TABLE)
    booking = {"title": "Cut", "client": "client", "professional": "professional"}
    for name in ("client", "professional"):
        wire = request("PUT", f"/api/host/users/{name}", token=key, body={"name": "Cleo", "role": name})
        asyncio.run(_once(stage.web("small").port, wire))
    person = {"name": "Cleo Client", "role": "client", "locale": "de"}
    same = request("PUT", "/api/host/users/same", token=key, body=person)
    new, put = partial(_new, key=key), partial(_row, stage)
    return [
        put("a new person", _lines(new("/api/host/users/", body=person)), 201),
        put("a new booking", _lines(new("/api/host/subjects/booking/", body=booking)), 201),
        put("the same person again", [repeat(same)] * CLIENTS, 200),
        put("new people, a hundred a call", _lines(_batches(key, person))[:2], 200, BATCH),
        put("the same people again, a hundred a call", [repeat(next(_batches(key, person)))], 200, BATCH),
    ]


def _lines(wires: Iterator[bytes]) -> list[Iterator[bytes]]:
    """Share one stream among the connections: each takes the next of it."""
    return [wires] * CLIENTS


def _batches(key: str, body: dict[str, Any]) -> Iterator[bytes]:
    for first in itertools.count(step=BATCH):
        paths = (f"/users/{secrets.token_hex(6)}-{first + number}" for number in range(BATCH))
        operations = [{"method": "PUT", "path": path, "body": body} for path in paths]
        yield request("POST", "/api/host/batch", token=key, body={"operations": operations})


def _new(path: str, *, key: str, body: dict[str, Any]) -> Iterator[bytes]:
    run = secrets.token_hex(6)
    return (request("PUT", f"{path}{run}-{number}", token=key, body=body) for number in itertools.count())


async def _once(port: int, wire: bytes) -> None:
    async with await connect(port) as connection:
        await connection.ask(wire)


def _row(stage: Stage, what: str, calls: list[Iterator[bytes]], expect: int, each: int = 1) -> Row:
    web, bare = stage.web("small").port, stage.bare().port
    if expect == 200:
        asyncio.run(_once(web, next(calls[0])))
    insert = request("POST", "/insert", body={"name": "Cleo Client", "role": "client"})
    with (
        Load(web, calls, expect=expect) as ours,
        Load(bare, [repeat(insert)] * CLIENTS, expect=201) as theirs,
    ):
        rates = alternate(
            stage.rounds, lambda: ours.rate(stage.seconds) * each, lambda: theirs.rate(stage.seconds)
        )
    return rate_row("host", f"host puts {what}", *rates, GOAL, BY)
