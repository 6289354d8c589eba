"""Several SMTP connections at once, for a run of many mails: a mail mostly waits for disk and mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from flask import Flask, current_app

from wellchat.config import setting
from wellchat.db import is_postgresql, release_connection
from wellchat.mail.transport import MailConnection, open_connection

T = TypeVar("T")

ITEMS_PER_CONNECTION = 25  # so few mails, or fewer, go out over one connection


class SmtpPool:
    """Connections that stay open over a run, each used by a thread of its own.

    There is only one on SQLite, which has one writer at a time.
    """

    def __init__(self) -> None:
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._open = ExitStack()
        self._connections = [
            self._open.enter_context(open_connection())
            for _ in range(setting("SMTP_CONNECTIONS") if is_postgresql() else 1)
        ]
        self._threads = self._open.enter_context(ThreadPoolExecutor(len(self._connections), "smtp"))

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def unreachable(self) -> bool:
        """Return whether the server could not be reached at all. A caller with more to send should stop."""
        return any(each.unreachable for each in self._connections)

    def distribute(
        self, items: Sequence[str], work: Callable[[Sequence[str], MailConnection], list[T]]
    ) -> Iterator[T]:
        """Split the items over the connections, do `work` on each part in its thread, and yield the results.

        Few items stay on one connection, and keep their order. Otherwise the caller's database connection is
        released first.
        """
        workers = min(len(self), -(-len(items) // ITEMS_PER_CONNECTION))
        if workers <= 1:
            yield from work(items, self._connections[0])
            return
        # The threads have sessions of their own; this one only waits for them.
        release_connection()

        def run(worker: int) -> list[T]:
            with self._app.app_context():
                return work(items[worker::workers], self._connections[worker])

        for done in self._threads.map(run, range(workers)):
            yield from done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
