"""Commands of wellchat as processes, forked from one that has imported all of it.

A command that starts from nothing spends a second of CPU time on its imports, and the tests start hundreds of
commands. Here one process per run imports wellchat and what its commands need, creates nothing, and forks for
each command: `main()` begins with the arguments, the environment, the folder and the files it was given, in a
process of its own, which ends as every Python process does. That the imports themselves work is tested with
processes that start from nothing (`anew=True` in tests/services.py, and tests/test_cli.py).

    test  ->  the one that imported  ->  one that waits and tells  ->  the command
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from wellchat.embedded import end_with_parent

ORIGIN = "FORKED_FROM"  # a variable of the environment: where the one process of a run listens
NUMBER = struct.Struct("i")  # how process ids and exit statuses are told
ROOT = Path(__file__).parent.parent
# What commands import when they run. Nothing here creates an application or opens a connection.
MODULES = (
    *("wellchat.cli", "wellchat.up", "wellchat.doctor", "wellchat.health", "wellchat.postgresql"),
    *("wellchat.longpoll.server", "wellchat.replies.lmtp", "gunicorn.arbiter", "gunicorn.workers.gthread"),
    *(
        "flask_migrate.cli",
        "rich.progress",
        "sqlalchemy.dialects.sqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
    ),
    *("celery.bin.celery", "celery.bin.worker", "celery.bin.beat", "celery.apps.worker", "celery.apps.beat"),
    *("celery.worker", "celery.worker.consumer", "celery.concurrency.thread", "celery.concurrency.prefork"),
    *("celery.beat", "celery.fixups.django", "celery.app.log", "celery.app.events", "celery.app.control"),
    *("kombu.transport.redis", "celery.backends.redis", "celery.loaders.app", "email.mime.text", "smtplib"),
)


class Forked:
    """A command that runs. It has what tests use of `subprocess.Popen`."""

    def __init__(
        self, words: tuple[str, ...], *, env: Mapping[str, str], cwd: Path | None, stdio: tuple[int, ...]
    ) -> None:
        self.args = words
        self.returncode: int | None = None
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(origin())
        socket.send_fds(self._line, [b"."], stdio)
        request = {"words": words, "env": dict(env), "cwd": str(cwd or Path.cwd())}
        self._line.sendall(json.dumps(request).encode() + b"\n")
        (self.pid,) = NUMBER.unpack(self._line.recv(NUMBER.size, socket.MSG_WAITALL))

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, negative for a signal. Raises TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                said = self._line.recv(NUMBER.size)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            (self.returncode,) = NUMBER.unpack(said)
            self._line.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(timeout=0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it is over."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    *words: str, env: Mapping[str, str], cwd: Path | None = None, given: bytes = b""
) -> tuple[Forked, IO[str]]:
    """Begin `python -m WORDS`. Return the process, and both its outputs in one, to read.

    `given`: its standard input.
    """
    out, its_out = os.pipe()
    with tempfile.TemporaryFile() as its_in:
        its_in.write(given)
        its_in.seek(0)
        forked = Forked(words, env=env, cwd=cwd, stdio=(its_in.fileno(), its_out, its_out))
    os.close(its_out)
    return forked, os.fdopen(out)


def run(
    *words: str, env: Mapping[str, str], given: bytes = b"", timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run `python -m WORDS` to its end, as `subprocess.run(capture_output=True, text=True)`.

    `given`: its standard input. Raises TimeoutExpired after `timeout` seconds.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(given)
        files[0].seek(0)
        forked = Forked(words, env=env, cwd=None, stdio=tuple(file.fileno() for file in files))
        try:
            forked.wait(timeout)
        except subprocess.TimeoutExpired:
            forked.kill()
            raise
        for file in files:
            file.seek(0)
        out, err = (file.read().decode() for file in files[1:])
    return subprocess.CompletedProcess(words, forked.wait(), out, err)


def origin() -> str:
    """Return where the process listens that all others are forked from, for this process and those it starts.

    It is begun when it is first asked for, and ends with the one that asked.
    """
    if ORIGIN not in os.environ:
        folder = tempfile.mkdtemp(prefix="wellchat-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        theirs, mine = os.pipe()
        _mine.append(mine)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/origin")
            listener.listen(64)
            subprocess.Popen(
                [sys.executable, "-m", "tests.forking", str(listener.fileno()), str(theirs)],
                pass_fds=[listener.fileno(), theirs],
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                cwd=ROOT,
            )
        os.close(theirs)
        os.environ[ORIGIN] = f"{folder}/origin"
    return os.environ[ORIGIN]


_mine: list[int] = []  # the end of a pipe that stays open as long as this process lives


def _serve(listener: socket.socket, starter: int) -> tuple[str, ...]:
    """Fork for each request, until the starter is gone. Returns, in each command, what it is to run."""
    from tests import prepared
    from wellchat.features import enabled_features

    for module in MODULES:
        importlib.import_module(module)
    enabled_features()
    prepared.keep_templates()
    prepared.make_assets()
    prepared.spare_the_disk()
    prepared.collect_seldom()
    listens = listener.fileno()
    while listens in select.select([listens, starter], [], [])[0]:
        line, _ = listener.accept()
        _, fds, _, _ = socket.recv_fds(line, 1, 3)
        if os.fork() == 0:
            listener.close()
            os.close(starter)
            return _attend(line, *fds)
        line.close()
        for fd in fds:
            os.close(fd)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    sys.exit()


def _attend(teller: socket.socket, *stdio: int) -> tuple[str, ...]:
    """Fork the command, and tell the test its process id and its exit status."""
    with teller.makefile("r") as lines:
        request: dict[str, Any] = json.loads(lines.readline())
    if (pid := os.fork()) == 0:
        end_with_parent()
        teller.close()
        for number, fd in enumerate(stdio):
            os.dup2(fd, number)
            os.close(fd)
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        sys.path[0] = request["cwd"]
        return tuple(request["words"])
    for fd in stdio:
        os.close(fd)
    teller.sendall(NUMBER.pack(pid))
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        teller.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


if __name__ == "__main__":
    module, *arguments = _serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
