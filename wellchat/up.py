"""`wellchat up`: web, worker, scheduler and a Valkey of its own in one foreground.

What is set in the environment is used; what is not is embedded. A part that fails stops the rest.
"""

from __future__ import annotations

import fcntl
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
from wellchat.web import is_private_host

NO_ACCOUNTS = """  Nobody has an account yet. The first one, which asks for a password:
  wellchat user create you@example.com --name "Your Name" --role admin"""
DEMO_CLOSED = """  The demo is loaded, and strangers may come to this address: nobody can sign in as its people here.
  `wellchat demo --remove` takes it away; `wellchat up --no-demo` starts without it."""
STOP_STATUSES = (130, 143)  # honcho's words for Ctrl-C and for a polite request: a success, here


class _ChildProcess(Popen):
    def __init__(self, command: list[str], **options: Any) -> None:
        super().__init__(command, shell=False, preexec_fn=end_with_parent, **options)


class _ManagedProcess(Process):
    """A part of the whole that does not outlive it, even where the whole is killed without a word."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = _ChildProcess

    def run(self, *args: Any, **options: Any) -> None:
        end_with_parent(signal.SIGKILL)  # this relay ignores the polite signals
        super().run(*args, **options)


class _OutputPrinter(Printer):
    """Passes on what the parts say, greets when web answers, and says which part ended unasked."""

    def __init__(self, greeting: str) -> None:
        super().__init__(sys.stdout)
        self.greeting = greeting
        self.is_over = False

    def write(self, message: Any) -> None:
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
    """Run everything until told to stop; returns the exit status. `demo`: load it where nobody is yet.

    Raises OSError or SettingsError, with one line to print, where it cannot start.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the supervisor listens to it
    os.environ.setdefault("WELLCHAT_BASE_URL", server.address(_reachable(host), port))
    instance = read_settings().INSTANCE
    with ExitStack() as stack:
        stack.enter_context(_instance_lock(instance))
        server.check_free(host, port)
        stack.enter_context(_runtime_file(instance / "base.url", os.environ["WELLCHAT_BASE_URL"]))
        if not os.environ.get("WELLCHAT_REDIS_URL"):
            os.environ["WELLCHAT_REDIS_URL"] = stack.enter_context(Valkey(instance))
            stack.enter_context(_runtime_file(instance / "valkey.url", os.environ["WELLCHAT_REDIS_URL"]))
        greeting = _prepare(create_app(), demo=demo)
        return _run_processes(host=host, port=port, greeting=greeting)


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not listened on


@contextmanager
def _instance_lock(instance: Path) -> Iterator[None]:
    """Two of these on one folder would share a database file and a Valkey. The lock ends with the process."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (instance / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            reason = f"already running on {instance}; stop it, or set WELLCHAT_INSTANCE to another folder"
            raise OSError(reason) from None
        yield


@contextmanager
def _runtime_file(path: Path, text: str) -> Iterator[None]:
    """Other commands of this machine read the note, to use the same Redis and to link to the same place."""
    path.write_text(text)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _prepare(app: Flask, *, demo: bool) -> str:
    """Bring the schema up to date, and perhaps load the demo into an empty house. Returns what to greet with."""
    with app.app_context():
        flask_migrate.upgrade()
        if demo and _is_empty():
            click.echo("Loading the demo ...")
            load(now=now())
        greeting = _greeting(app.config["BASE_URL"])
        db.session.remove()
        db.engine.dispose()  # the parts are forked from here, and open connections of their own
    return greeting


def _is_empty() -> bool:
    return db.session.execute(select(User.id).limit(1)).first() is None


def _greeting(address: str) -> str:
    parts = [f"  wellchat is on {address}", "  Ctrl-C stops it; the data stays."]
    if is_loaded():
        parts.insert(1, introduction() if is_private_host(urlsplit(address).hostname) else DEMO_CLOSED)
    elif _is_empty():
        parts.insert(1, NO_ACCOUNTS)
    return "\n" + "\n\n".join(parts) + "\n"


def _run_processes(*, host: str, port: int, greeting: str) -> int:
    manager = Manager(_OutputPrinter(greeting))
    manager._process_ctor = _ManagedProcess
    python = [sys.executable, "-m"]
    listen = ["--host", host, "--port", str(port)]
    # Little grace: someone pressed Ctrl-C and waits, and a request cut off is simply made again.
    manager.add_process("web", [*python, "wellchat", "serve", *listen, "--workers", "1", "--grace", "2"])
    work = ["worker", "-B", "-P", "threads", "-c", "4", "--without-gossip", "--without-mingle"]
    as_root = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}  # as the rest of us here
    command = [*python, "celery", "-A", "worker", "-q", *work]
    manager.add_process("worker", command, env={**os.environ, **as_root})
    manager.loop()
    status = manager.returncode or 0
    return 0 if status in STOP_STATUSES else abs(status) or 1
