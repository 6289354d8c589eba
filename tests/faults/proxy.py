"""A TCP proxy that misbehaves on request: slow, silent, closed, or losing the answer to a COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tests.services import free_port

Address = str | tuple[str, int]  # a socket's path, or host and port


class Line:
    """One connection through the proxy."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.near, self.far = near, far
        self.is_doomed = False  # its next answer is not passed on

    def cut(self) -> None:
        for writer in (self.near, self.far):
            writer.transport.abort()


class Proxy:
    """`with Proxy([address, ...]) as proxy:` listens on `proxy.port` and goes to the addresses in turn."""

    def __init__(self, targets: list[Address]) -> None:
        self.targets = targets
        self.port = free_port()
        self.delay = 0.0  # seconds that each piece is held up
        self.commits_to_drop = 0
        self.dropped = 0
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._lines: set[Line] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self.resume()
        self.accept()
        return self

    def __exit__(self, *_error: object) -> None:
        self.resume()
        self.refuse()
        self._wait_for(self._end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # What it can do

    def hang(self) -> None:
        """Take everything and pass nothing on."""
        self._do(self._flows.clear)

    def resume(self) -> None:
        self._do(self._flows.set)

    def cut(self) -> None:
        """Break every connection there is."""
        self._do(self._cut)

    def refuse(self) -> None:
        """Nobody listens here any more, and everybody is cut off."""

        def close() -> None:
            if self._server:
                self._server.close()
                self._server = None
            self._cut()

        self._do(close)

    def accept(self) -> None:
        async def listen() -> None:
            if self._server is None:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

        self._wait_for(listen())

    # How it does it

    def _do(self, what: Callable[[], None]) -> None:
        async def do() -> None:
            what()

        self._wait_for(do())

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _end_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        for line in list(self._lines):
            line.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        found = await self._reach()
        if found is None:
            writer.transport.abort()
            return
        far_reader, far_writer = found
        line = Line(writer, far_writer)
        self._lines.add(line)
        try:
            there, back = (
                self._pump(reader, far_writer, line, True),
                self._pump(far_reader, writer, line, False),
            )
            pumps = [asyncio.ensure_future(pump) for pump in (there, back)]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)  # nobody here closes by halves
            for each in pumps:
                each.cancel()
            with contextlib.suppress(OSError):
                await asyncio.gather(writer.drain(), far_writer.drain())
            writer.close()
            far_writer.close()
        except asyncio.CancelledError:
            line.cut()
        finally:
            self._lines.discard(line)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The next of the targets that answers."""
        first = next(self._turn)
        for number in range(len(self.targets)):
            target = self.targets[(first + number) % len(self.targets)]
            with contextlib.suppress(OSError):
                if isinstance(target, str):
                    return await asyncio.open_unix_connection(target)
                return await asyncio.open_connection(*target)
        return None

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line, to_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if to_server and self.commits_to_drop and b"COMMIT" in data:
                    self.commits_to_drop -= 1
                    line.is_doomed = True
                elif not to_server and line.is_doomed:
                    self.dropped += 1  # the server has done it, and nobody will hear
                    line.cut()
                    return
                writer.write(data)
                await writer.drain()
