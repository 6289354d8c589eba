"""Run a mail server that accepts everything and keeps it, in a process of its own."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiosmtpd.controller import Controller

from tests.services import free_port
from wellchat.embedded import end_with_parent


class Letter(NamedTuple):
    sender: str
    to: str
    content: bytes


class Keeping:
    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(Letter(envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
        return "250 taken"


def serve(port: int, line: Connection) -> None:
    end_with_parent()
    keeping = Keeping()
    controller = Controller(keeping, hostname="127.0.0.1", port=port)
    controller.start()
    line.send("ready")
    while line.recv() == "letters":
        line.send(keeping.letters)
        keeping.letters = []
    controller.stop()


class PostOffice:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._line, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(self.port, theirs), daemon=True
        )
        self._process = process

    def taken(self) -> list[Letter]:
        """Return what arrived since the last call."""
        self._line.send("letters")
        letters: list[Letter] = self._line.recv()
        return letters

    def __enter__(self) -> Self:
        self._process.start()
        self._line.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.send("end")
        self._process.join()
