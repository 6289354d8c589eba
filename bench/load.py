"""Generate load: raw HTTP/1.1 over asyncio transports, so that it takes little of the machine."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LAST = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class WrongAnswer(Exception):
    """The server answered something else than the measurement expects."""


def request(method: str, path: str, *, token: str = "", cookie: str = "", body: object = None) -> bytes:
    """Return the bytes of one request."""
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
    """Raise the limit of open connections as far as the machine allows, here and for child processes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Reader(asyncio.Protocol):
    """Read responses from one connection; every response has a Content-Length or no body."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = b""
        self.is_over = False  # the server has said that this was the last answer here, or is gone

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
        self.is_over = LAST.search(self.buffer, 0, end + 2) is not None
        self.buffer = self.buffer[whole:]
        self.answered(Answer(status, body))

    def answered(self, answer: Answer) -> None:
        raise NotImplementedError


class _Line(_Reader):
    """A connection with one request at a time."""

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
        self.is_over = True
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionResetError("the server hung up"))


class Connection:
    """A connection: `await connection.ask(request)`, one at a time.

    It connects again when the server has closed it.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: _Line | None = None

    async def open(self) -> _Line:
        if self._line is None or self._line.is_over:
            _, self._line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self._port)
        return self._line

    async def ask(self, wire: bytes) -> Answer:
        line = await self.open()
        return await line.ask(wire)

    def abort(self) -> None:
        if self._line is not None:
            self._line.transport.abort()

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.abort()


async def connect(port: int) -> Connection:
    connection = Connection(port)
    await connection.open()
    return connection


class _Hammer(_Reader):
    """A connection that sends the next request as soon as the response is there."""

    def __init__(self, wires: Iterator[bytes], expect: int) -> None:
        super().__init__()
        self.wires, self.expect = wires, expect
        self.running = self.busy = False
        self.done = 0
        self.wrong = ""

    def run(self) -> None:
        self.running = True
        if not self.busy:
            self._next()

    def _next(self) -> None:
        self.busy = True
        self.transport.write(next(self.wires))

    def answered(self, answer: Answer) -> None:
        self.busy = False
        self.done += 1
        if answer.status != self.expect:
            self.wrong = f"{answer.status} {answer.body[:300]!r}"
        elif self.running and not self.is_over:
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over = True  # between two turns a server may well let an idle connection go
        if self.busy:
            self.wrong = self.wrong or "the server hung up"


class Load:
    """Send as many requests as possible over one connection for each of `wires`.

    `expect` is the status of all responses. Raises WrongAnswer for any other. The connections stay open, as
    those of clients do.
    """

    def __init__(self, port: int, wires: Sequence[Iterable[bytes]], *, expect: int) -> None:
        self.port, self.expect = port, expect
        self.wires = [iter(each) for each in wires]
        self.loop = asyncio.new_event_loop()
        self.hammers: list[_Hammer] = []
        self.answered = 0  # over connections that are gone

    def __enter__(self) -> Load:
        self.hammers = [self.loop.run_until_complete(self._hammer(wires)) for wires in self.wires]
        return self

    def __exit__(self, *_error: object) -> None:
        for each in self.hammers:
            each.transport.abort()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    async def _hammer(self, wires: Iterator[bytes]) -> _Hammer:
        made = await self.loop.create_connection(lambda: _Hammer(wires, self.expect), "127.0.0.1", self.port)
        return made[1]

    @property
    def done(self) -> int:
        return self.answered + sum(each.done for each in self.hammers)

    def rate(self, seconds: float) -> float:
        """Return responses per second, over one turn of so many."""
        return self.loop.run_until_complete(
            self._turn(until=lambda began: time.perf_counter() - began > seconds)
        )

    def warm_up(self, count: int) -> None:
        """Wait until so many more responses have arrived."""
        goal = self.done + count
        self.loop.run_until_complete(self._turn(until=lambda _: self.done >= goal))

    async def _come_again(self) -> list[_Hammer]:
        """Replace the connections that the server has closed."""
        fresh = []
        for n, each in enumerate(self.hammers):
            if each.is_over and not each.busy:
                self.answered += each.done
                self.hammers[n] = await self._hammer(each.wires)
                fresh.append(self.hammers[n])
        return fresh

    async def _turn(self, until: Callable[[float], bool]) -> float:
        await asyncio.sleep(0.05)  # learn of connections that have gone meanwhile
        await self._come_again()
        before, began = self.done, time.perf_counter()
        for each in self.hammers:
            each.run()
        while not until(began):
            await asyncio.sleep(0.02)
            for each in await self._come_again():
                each.run()
            if wrong := next((each.wrong for each in self.hammers if each.wrong), ""):
                raise WrongAnswer(wrong)
        rate = (self.done - before) / (time.perf_counter() - began)
        for each in self.hammers:
            each.running = False
        while any(each.busy for each in self.hammers):
            await asyncio.sleep(0.002)
        return rate
