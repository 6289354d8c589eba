"""Provide what a measurement runs on: real servers, started on first use, ended with the run."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg

from bench import load_world
from bench.postgresql import kept_folder, postgresql
from bench.world import SIZES
from tests.services import Command, free_port, plain, wait_for
from wellchat import create_app
from wellchat.changes.cursor import Cursor
from wellchat.config import read_settings
from wellchat.embedded import Valkey
from wellchat.longpoll import server

ROOT = Path(__file__).parent.parent
SECRET = "7b0c61d94ea2f385" * 4
QUICK_SIZES = {"small": "tiny", "crowd": "tiny", "large": "small", "ten": "tiny", "twenty": "small"}


@dataclass(frozen=True)
class Pair:
    """A thread and its two people."""

    thread_id: str
    client_id: str
    professional_id: str


class Web:
    """A web server in a process of its own, with its children."""

    def __init__(self, command: Command, port: int) -> None:
        self.command, self.port = command, port

    def processes(self) -> list[int]:
        parent = self.command.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def memory(self) -> int:
        """Return the memory of all its processes in bytes (PSS: shared memory counts once)."""
        found = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(text.split("\nPss:")[1].split()[0]) for text in found) * 1024


class Stage:
    """The servers and worlds of one run.

    `quick` tries everything on tiny worlds for a moment; its figures mean nothing. `given`: URLs of a
    PostgreSQL and a Valkey that run already.
    """

    def __init__(self, *, quick: bool = False, given: tuple[str | None, str | None] = (None, None)) -> None:
        self.quick = quick
        self._given = given
        self._stack = contextlib.ExitStack()
        self._databases: dict[str, str] = {}
        self._webs: dict[tuple[Any, ...], Web] = {}

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_error: object) -> None:
        for web in self._webs.values():
            web.command.process.terminate()  # all at once; then the stack waits for each
        self._stack.close()

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 5

    @property
    def seconds(self) -> float:
        """Return the seconds of one turn of one side."""
        return 0.2 if self.quick else 4.0

    @cached_property
    def folder(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-bench-")))

    @cached_property
    def server(self) -> str:
        return self._given[0] or self._stack.enter_context(postgresql(None if self.quick else kept_folder()))

    @cached_property
    def valkey(self) -> str:
        return self._given[1] or self._stack.enter_context(Valkey(self.folder))

    def database(self, size: str) -> str:
        """Return the URL of a database with the world of that size."""
        world = SIZES[QUICK_SIZES[size] if self.quick else size]
        if world.name not in self._databases:
            self._databases[world.name] = load_world.database(self.server, world, self._app_on)
        return self._databases[world.name]

    def app(self, size: str) -> Any:
        """Return the application in this process, on that world."""
        return self._app_on(self.database(size))

    def _app_on(self, database: str) -> Any:
        given = {name.removeprefix("WELLCHAT_"): value for name, value in self._settings(database).items()}
        return create_app(read_settings({}, **given))

    def _settings(self, database: str) -> dict[str, str]:
        return {
            "WELLCHAT_DATABASE_URL": database,
            "WELLCHAT_REDIS_URL": self.valkey,
            "WELLCHAT_INSTANCE": str(self.folder / "instance"),
            "WELLCHAT_SECRET_KEY": SECRET,
            "WELLCHAT_RATE_LIMITS": "off",
            "WELLCHAT_ADDRESS_SHARE": "100",  # every client here comes from one address
        }

    def web(self, size: str, *options: str) -> Web:
        """Start `wellchat serve` on that world, with our recommended settings except `options`."""
        return self._start("wellchat", "serve", "--grace", "1", *options, database=self.database(size))

    def bare(self, size: str = "small") -> Web:
        """Start bench/bare.py, the reference, on the same server and settings."""
        return self._start("bench.bare", database=self.database(size))

    def _start(self, *words: str, database: str) -> Web:
        key = (*words, database)
        if key not in self._webs:
            port = free_port()
            clean = dict.fromkeys((name for name in os.environ if name.startswith("WELLCHAT_")), "")
            env = {**clean, **self._settings(database), "WELLCHAT_BASE_URL": f"http://127.0.0.1:{port}"}
            command = Command(*words, "--port", str(port), env=env, cwd=ROOT)
            self._stack.callback(command.stop)
            # The first process alone would take all connections, and keep them for as long as we measure.
            every = server.default_workers(read_settings(env))
            wait_for(
                lambda: command.output.count("answers on") == every, seconds=60, what=f"{every} processes"
            )
            self._webs[key] = Web(command, port)
        return self._webs[key]

    def pairs(self, size: str, count: int) -> list[Pair]:
        """Return threads of as many different clients, without the star's."""
        with psycopg.connect(plain(self.database(size))) as connection:
            rows = connection.execute(
                "SELECT DISTINCT ON (client_id) t.id, client_id, professional_id FROM threads t"
                " JOIN users u ON u.id = professional_id WHERE u.email <> 'professional0@bench.example'"
                " ORDER BY client_id LIMIT %s",
                (count,),
            ).fetchall()
        return [Pair(*row) for row in rows]

    def star_threads(self, size: str) -> list[Pair]:
        """Return the threads of the star, latest first."""
        with psycopg.connect(plain(self.database(size))) as connection:
            rows = connection.execute(
                "SELECT t.id, client_id, professional_id FROM threads t"
                " JOIN users u ON u.id = professional_id"
                " WHERE u.email = 'professional0@bench.example' ORDER BY t.updated_at DESC LIMIT 50"
            ).fetchall()
        return [Pair(*row) for row in rows]

    def cursors(self, size: str, user_ids: Iterable[str], *, back: int = 0) -> dict[str, str]:
        """Return each one's cursor: the head of the change log, or `back` rows before it."""
        with psycopg.connect(plain(self.database(size))) as connection:
            ((epoch,),) = connection.execute("SELECT name FROM epochs ORDER BY id DESC LIMIT 1").fetchall()
        heads = self.heads(size, user_ids)
        return {user_id: str(Cursor(epoch, user_id, seq - back)) for user_id, seq in heads.items()}

    def heads(self, size: str, user_ids: Iterable[str]) -> dict[str, int]:
        with psycopg.connect(plain(self.database(size))) as connection:
            return dict(
                connection.execute(
                    "SELECT user_id, last_seq FROM change_logs WHERE user_id = ANY(%s)", (list(user_ids),)
                ).fetchall()
            )
