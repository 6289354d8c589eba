"""A load generator of raw HTTP/1.1 over asyncio transports, so that as little as can be of the machine goes to it."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class WrongAnswer(Exception):
    """The server said something else than the measurement is about."""


def request(method: str, path: str, *, token: str = "", cookie: str = "", body: object = None) -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", "Accept: */*"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    content = b"" if body is None else json.dumps(body).encode()
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def more_files() -> None:
    """As many open connections as the machine allows, here and in what is started from here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Reader(asyncio.Protocol):
    """Reads answers off one connection; every answer has a Content-Length, or no body at all."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = LENGTH.search(self.buffer, 0, end)
        whole = end + 4 + (int(found[1]) if found else 0)
        if len(self.buffer) < whole:
            return
        status, body = int(self.buffer[9:12]), self.buffer[end + 4 : whole]
        self.buffer = self.buffer[whole:]
        self.answered(Answer(status, body))

    def answered(self, answer: Answer) -> None:
        raise NotImplementedError


class Connection(_Reader):
    """`await connection.ask(request)`, one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: asyncio.Future[Answer] | None = None

    def ask(self, wire: bytes) -> asyncio.Future[Answer]:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(wire)
        return self.waiting

    def answered(self, answer: Answer) -> None:
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionResetError("the server hung up"))

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.transport.abort()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


class _Hammer(_Reader):
    """Sends the next request the moment an answer is there."""

    def __init__(self, wires: Iterator[bytes], expect: int) -> None:
        super().__init__()
        self.wires, self.expect = wires, expect
        self.done = 0
        self.wrong: Answer | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(next(self.wires))

    def answered(self, answer: Answer) -> None:
        if answer.status != self.expect:
            self.wrong = answer
            return
        self.done += 1
        self.transport.write(next(self.wires))

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


def hammer(port: int, wires: Sequence[Iterable[bytes]], *, seconds: float, expect: int) -> float:
    """Answers per second, over one connection for each of `wires`. Raises WrongAnswer for any but `expect`."""
    return asyncio.run(_hammer(port, wires, seconds, expect))


async def _hammer(port: int, wires: Sequence[Iterable[bytes]], seconds: float, expect: int) -> float:
    loop = asyncio.get_running_loop()
    made = [
        loop.create_connection(lambda each=each: _Hammer(iter(each), expect), "127.0.0.1", port)  # type: ignore[misc]
        for each in wires
    ]
    hammers = [protocol for _, protocol in await asyncio.gather(*made)]
    await asyncio.sleep(min(0.5, seconds / 4))  # until all of them are under way
    before, began = sum(h.done for h in hammers), time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (sum(h.done for h in hammers) - before) / (time.perf_counter() - began)
    for each in hammers:
        if each.wrong or each.lost:
            raise WrongAnswer(f"{each.wrong.status} {each.wrong.body[:300]!r}" if each.wrong else "hung up")
        each.transport.abort()
    return rate
