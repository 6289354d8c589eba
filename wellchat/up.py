"""Run `wellchat up`: web, worker, scheduler and an embedded Valkey in one foreground process.

Services set in the environment are used; the others are embedded. If one part fails, the rest stops.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import flask_migrate
from flask import Flask
from honcho.manager import Manager
from honcho.printer import Printer
from honcho.process import Popen, Process
from sqlalchemy import select

from wellchat import create_app
from wellchat.accounts.models import User
from wellchat.clock import now
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.demo.actions import load
from wellchat.demo.cli import introduction
from wellchat.demo.queries import is_loaded
from wellchat.embedded import Valkey, end_with_parent
from wellchat.longpoll import server
from wellchat.mail.outbox_key import outbox_key
from wellchat.networks import is_loopback_host, is_private_host
from wellchat.own_command import own_command
from wellchat.parts import ForkedPart

NO_ACCOUNTS = """  Nobody has an account yet. The first one, which asks for a password:
  {create}"""
CREATE = ("user", "create", "you@example.com", "--name", "Your Name", "--role", "admin")
DEMO_CLOSED = """  The demo is loaded, and strangers may come to this address:\
 nobody can sign in as its people here.
  WELLCHAT_OPEN_DEMO=on opens it on a private network. Without the demo:
  {remove}
  {without}"""
INTERRUPTED = 130
STOP_STATUSES = (130, 143)  # honcho's status for SIGINT and SIGTERM: both are a success here


class _StartedPart(Popen):
    """A part that starts from nothing, where a process with frameworks of its system must not fork."""

    def __init__(self, command: list[str], **options: Any) -> None:
        super().__init__(command, shell=False, preexec_fn=end_with_parent, **options)


class _ManagedProcess(Process):
    """A child process that ends with its parent, even if the parent is killed with SIGKILL."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = ForkedPart if sys.platform == "linux" else _StartedPart

    def run(self, *args: Any, **options: Any) -> None:
        """Run the command, after asking the kernel for SIGKILL when the parent ends."""
        # This relay process ignores SIGTERM.
        end_with_parent(signal.SIGKILL)
        # It only passes lines on. A collection would write to each page that it shares.
        gc.disable()
        super().run(*args, **options)


class _Supervisor(Manager):
    """A manager that may be told to stop before its parts have started: they are stopped once they have."""

    _stop_wanted = False

    def terminate(self) -> None:
        """Stop all parts."""
        if super()._all_started():
            super().terminate()
        else:
            # A part without a process id yet cannot be signalled.
            self._stop_wanted = True

    def _all_started(self) -> bool:
        # The loop asks this ten times a second.
        has_started = bool(super()._all_started())
        if has_started and self._stop_wanted:
            super().terminate()
        return has_started


class _OutputPrinter(Printer):
    """Print the output of the parts, the greeting when web is ready, and which part ended by itself."""

    def __init__(self, greeting: str) -> None:
        super().__init__(sys.stdout)
        self.greeting = greeting
        self.is_over = False

    def write(self, message: Any) -> None:
        """Print one message of a part or of the supervisor."""
        if message.name == "system":
            self._on_supervisor_message(message.data.strip())
        elif message.name == "web" and message.data.startswith(server.READY.encode()):
            click.echo(self.greeting)
        else:
            super().write(message)

    def _on_supervisor_message(self, text: str) -> None:
        if self.is_over:
            return
        self.is_over = " stopped " in text or " received" in text
        if " stopped " in text:
            click.echo(f"{text}; stopping the rest", err=True)


def up(*, host: str, port: int, demo: bool = True) -> int:
    """Run everything until told to stop. Return the exit status.

    `demo`: load the demo into an empty database. Raises OSError or SettingsError, with one line to print, if
    it cannot start.
    """
    # Until the supervisor installs its own handlers.
    stopping = _stop_on_signals()
    # The child processes read the environment, so settings made here must be in it.
    os.environ.setdefault("WELLCHAT_BASE_URL", server.address(_reachable(host), port))
    instance = read_settings().INSTANCE
    with ExitStack() as stack:
        stack.enter_context(_instance_lock(instance))
        server.check_free(host, port)
        stack.enter_context(_runtime_file(instance / "base.url", os.environ["WELLCHAT_BASE_URL"]))
        if not os.environ.get("WELLCHAT_REDIS_URL"):
            os.environ["WELLCHAT_REDIS_URL"] = stack.enter_context(Valkey(instance))
            stack.enter_context(_runtime_file(instance / "valkey.url", os.environ["WELLCHAT_REDIS_URL"]))
        greeting = _prepare(create_app(), host=host, demo=demo)
        return stopping[0] if stopping else _run_processes(host=host, port=port, greeting=greeting)


def _stop_on_signals() -> list[int]:
    """End the preparations at SIGTERM and SIGINT. Return a list that holds the exit status from then on."""
    stopping: list[int] = []

    def stop(number: int, _frame: object) -> None:
        stopping.append(0 if number == signal.SIGTERM else INTERRUPTED)
        # Where it is raised inside a callback it is lost, so `up` looks at the list, too.
        sys.exit(stopping[0])

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not listened on


@contextmanager
def _instance_lock(instance: Path) -> Iterator[None]:
    """Hold a lock on the instance folder: two runs would share a database file and a Valkey.

    Raises OSError if another run holds it. The kernel releases the lock with the process.
    """
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (instance / "up.lock").open("w") as lock:
        try:
            # flock, not a pid file: the kernel releases it when the process dies in any way.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # The address is written a moment after the lock is taken.
            url = instance / "base.url"
            where = f"{url.read_text()}, with the data in {instance}" if url.exists() else str(instance)
            reason = f"already running on {where}; stop it, or set WELLCHAT_INSTANCE to another folder"
            raise OSError(reason) from None
        yield


@contextmanager
def _runtime_file(path: Path, text: str) -> Iterator[None]:
    """Write a file while the block runs: other commands read it to use the same Redis and base address."""
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _prepare(app: Flask, *, host: str, demo: bool) -> str:
    """Migrate the schema and, if asked, load the demo into an empty database. Return the greeting."""
    with app.app_context():
        flask_migrate.upgrade()
        if demo and _is_empty():
            click.echo("Loading the demo ...")
            load(now=now())
        greeting = _greeting(app, host)
        db.session.remove()
        # The parts are forked and must not share open connections.
        db.engine.dispose()
    return greeting


def _is_empty() -> bool:
    return db.session.execute(select(User.id).limit(1)).first() is None


def _greeting(app: Flask, host: str) -> str:
    address = app.config["BASE_URL"]
    parts = [f"  wellchat is on {address}", "  Ctrl-C stops it; the data stays."]
    if is_loaded():
        is_open = is_loopback_host(host) or app.config["OPEN_DEMO"]
        can_enter = is_open and is_private_host(urlsplit(address).hostname)
        parts.insert(1, introduction() if can_enter else _demo_closed())
    elif _is_empty():
        parts.insert(1, NO_ACCOUNTS.format(create=own_command(*CREATE)))
    if app.config["SMTP_URL"] is None and is_loopback_host(urlsplit(address).hostname):
        parts.insert(
            -1, f"  Its mails are kept, and not sent. They are on {address}/outbox?key={outbox_key()}"
        )
    return "\n" + "\n\n".join(parts) + "\n"


def _demo_closed() -> str:
    remove, without = own_command("demo", "--remove"), own_command("up", "--no-demo")
    return DEMO_CLOSED.format(remove=remove, without=without)


def _run_processes(*, host: str, port: int, greeting: str) -> int:
    manager = _Supervisor(_OutputPrinter(greeting))
    manager._process_ctor = _ManagedProcess
    python = [sys.executable, "-m"]
    listen = ["--host", host, "--port", str(port)]
    # A short grace: somebody pressed Ctrl-C and waits, and clients repeat a request that was cut off.
    manager.add_process("web", [*python, "wellchat", "serve", *listen, "--workers", "1", "--grace", "2"])
    work = ["worker", "--with-beat", "-P", "threads", "-c", "4", "--without-gossip", "--without-mingle"]
    # Celery warns about root; the other parts run as the same user without a warning
    as_root = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    command = [*python, "celery", "-A", "worker", "-q", *work]
    manager.add_process("worker", command, env={**os.environ, **as_root})
    gc.collect()
    # What there is now is shared with the parts for as long as nobody writes to it.
    gc.freeze()
    manager.loop()
    status = manager.returncode or 0
    return 0 if status in STOP_STATUSES else abs(status) or 1
