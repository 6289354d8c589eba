"""wellchat as in production, on this machine.

Every service a child of ours, behind proxies that can misbehave.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from tests.faults.parts import Part, postgresql, python, valkey
from tests.faults.proxy import Proxy
from tests.services import MailServer, fetch, free_port
from wellchat import create_app
from wellchat.clock import now
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.digests.models import DigestSchedule
from wellchat.mail.models import Mail
from wellchat.messaging.models import PendingDelivery

SMALL_DISK = 96  # MB of the file system that is filled up
KEY = re.compile(r"\bk\d+-[0-9a-z]+/\w+")  # how the clients' messages begin


class Installation:
    """`with Installation(database) as house:` runs everything.

    `house.app` is a door to the data past all proxies. `house.boot_seconds` is how long the web processes
    took to answer at the start of this run: how fast this machine is now.
    """

    def __init__(self, database: str) -> None:
        self.database = database
        self.is_sqlite = database == "sqlite"
        self.stack = contextlib.ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-faults-")))
        self.parts: dict[str, Part] = {}
        self.fallen: Counter[str] = Counter()  # parts that ended though nobody killed them
        self.last_words: dict[str, str] = {}  # what the log of such a part ends with
        self.why_no_small_disk: str | None = None

    # Starting and stopping

    def __enter__(self) -> Installation:
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(Exception), self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.stack.close()

    def start(self) -> None:
        self.folder.chmod(0o755)
        self.mail = self.stack.enter_context(MailServer())
        self.smtp = self.stack.enter_context(Proxy([("127.0.0.1", self.mail.controller.port)]))
        self.stack.callback(self.end_parts)
        instance = self.small_disk()
        direct, proxied = self.start_database(instance)
        redis = self.add(valkey(self.subfolder("valkey")))
        redis.start()
        redis.wait_until_ready()
        self.redis = self.stack.enter_context(Proxy([str(redis.folder / "valkey.sock")]))
        ports = [free_port() for _ in range(1 if self.is_sqlite else 2)]
        self.door = self.stack.enter_context(Proxy([("127.0.0.1", port) for port in ports]))
        self.url = f"http://127.0.0.1:{self.door.port}"
        self.env = {
            "WELLCHAT_INSTANCE": str(instance),
            "WELLCHAT_DATABASE_URL": proxied,
            "WELLCHAT_REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/0",
            "WELLCHAT_SMTP_URL": f"smtp://127.0.0.1:{self.smtp.port}",
            "WELLCHAT_BASE_URL": self.url,
            "WELLCHAT_SECRET_KEY": "0123456789abcdef" * 2,
            "WELLCHAT_SWEEP_EVERY": "1",
            "WELLCHAT_AWAY_AFTER": "1",
            "WELLCHAT_EMAIL_DELAY": "3",
        }
        # Past the proxies, and without a Redis: what we do ourselves is no part of the test.
        own = {**self.env, "WELLCHAT_DATABASE_URL": direct}
        own.pop("WELLCHAT_REDIS_URL")
        self.app: Flask = create_app(read_settings(own), TESTING=True)
        with self.app.app_context():
            flask_migrate.upgrade()
        self.start_programs(ports)

    def start_programs(self, ports: list[int]) -> None:
        for number, port in enumerate(ports):
            words = (
                "wellchat",
                "serve",
                "--port",
                str(port),
                "--workers",
                "1",
                "--threads",
                "64",
                "--grace",
                "20",
            )
            self.add(self.program(f"web {number}", *words, port=port))
        quiet = ("-l", "warning", "--without-gossip", "--without-mingle")
        self.add(
            self.program("worker", "celery", "-A", "worker", "worker", "-P", "prefork", "-c", "2", *quiet)
        )
        self.add(self.beat("beat"))
        begun = time.monotonic()
        for part in self.programs():
            part.start()
        for part in self.webs():
            part.wait_until_ready()
        self.boot_seconds = time.monotonic() - begun
        for part in self.programs():
            part.wait_until_ready()

    def program(self, name: str, *words: str, port: int | None = None) -> Part:
        def answers() -> bool:
            with contextlib.suppress(OSError):
                return fetch(f"http://127.0.0.1:{port}/healthz")[0] == 200
            return False

        env = {**self.env, "PYTHONWARNINGS": "ignore"}
        return python(name, *words, folder=self.subfolder("logs"), env=env, ready=answers if port else None)

    def beat(self, name: str) -> Part:
        return self.program(name, "celery", "-A", "worker", "beat", "-s", str(self.subfolder("logs") / name))

    def start_database(self, instance: Path) -> tuple[str, str]:
        """Its URL for us, and the one for wellchat that leads through a proxy."""
        if self.is_sqlite:
            return (f"sqlite:///{instance / 'wellchat.db'}",) * 2
        server = self.add(postgresql(self.subfolder("postgresql")))
        server.start()
        server.wait_until_ready()
        self.pg = self.stack.enter_context(Proxy([str(server.folder / ".s.PGSQL.5432")]))
        return (
            f"postgresql+psycopg://wellchat@/postgres?host={server.folder}",
            f"postgresql+psycopg://wellchat@127.0.0.1:{self.pg.port}/postgres",
        )

    def ask_redis(self, *command: str, password: str | None = None) -> Any:
        """What Redis answers to us, past the proxy."""
        with Redis(unix_socket_path=str(self.parts["valkey"].folder / "valkey.sock"), password=password) as r:
            return r.execute_command(*command)

    def ask_postgresql(self, *statements: str) -> None:
        """Tell PostgreSQL something as its operator does, past the proxy."""
        folder = self.parts["postgresql"].folder
        with psycopg.connect(f"postgresql://wellchat@/postgres?host={folder}", autocommit=True) as connection:
            # Our own session must be able to take it back.
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("SET statement_timeout = 0")
            for statement in statements:
                connection.execute(statement)

    def small_disk(self) -> Path:
        """The instance folder: on a small file system of its own where we may make one."""
        instance = self.subfolder("instance")
        if not self.is_sqlite:
            self.why_no_small_disk = "the data are PostgreSQL's"
            return instance
        if os.geteuid() != 0:
            self.why_no_small_disk = "only root may mount a small file system"
            return instance
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m,mode=700", "tmpfs", str(instance)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            self.why_no_small_disk = (
                f"a small file system cannot be mounted here ({done.stderr.strip()[:80]})"
            )
        else:
            self.stack.callback(subprocess.run, ["umount", "-l", str(instance)], check=False)
        return instance

    def subfolder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def add(self, part: Part) -> Part:
        self.parts[part.name] = part
        return part

    def programs(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name not in ("valkey", "postgresql")]

    def webs(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name.startswith("web ")]

    def end_parts(self) -> None:
        for part in [*self.programs(), *(p for n, p in self.parts.items() if n in ("valkey", "postgresql"))]:
            part.kill()

    def tend(self) -> None:
        """What a supervisor does: start again what ended by itself."""
        for part in self.parts.values():
            if part.process is not None and part.has_ended:
                self.fallen[part.name] += 1
                self.last_words[part.name] = part.tail()[-800:]
                part.start()

    # Looking

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Enter the application with new connections: old ones may lead to a server that was killed since."""
        with self.app.app_context():
            db.engine.dispose()
            try:
                yield
            finally:
                db.session.remove()

    def pending(self) -> dict[str, int]:
        """What the worker should have done by now and has not."""
        moment = now()
        due = {
            "outbox": select(func.count())
            .select_from(PendingDelivery)
            .where(PendingDelivery.due_at <= moment),
            "digests": select(func.count())
            .select_from(DigestSchedule)
            .where(DigestSchedule.due_at <= moment),
            "mails": select(func.count()).where(Mail.state == "queued", Mail.due_at <= moment),
        }
        with self.looking():
            found = {name: db.session.execute(query).scalar_one() for name, query in due.items()}
        return {name: count for name, count in found.items() if count}

    def mails(self) -> Counter[str]:
        with self.looking():
            rows = db.session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all()
        return Counter(dict(rows))

    def mailed_twice(self) -> list[str]:
        """Messages that one reader got in two emails."""
        seen: Counter[tuple[str, str]] = Counter()
        for mail, recipients in zip(self.mail.messages, self.mail.recipients, strict=True):
            body = mail.get_body(("plain",))
            for key in set(KEY.findall(body.get_content() if body else "")):
                seen[recipients[0], key] += 1
        return [f"{key} to {address}, {count} times" for (address, key), count in seen.items() if count > 1]

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        filler = self.folder / "instance" / "filler"
        try:
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                for size in (1 << 20, 1 << 12, 1):
                    with contextlib.suppress(OSError):
                        while True:
                            file.write(b"x" * size)
            yield
        finally:
            filler.unlink(missing_ok=True)

    def keep_logs(self, where: Path) -> None:
        where.mkdir(parents=True, exist_ok=True)
        for log in self.folder.glob("*/*.log"):
            shutil.copy(log, where / log.name)


def quiet_within(house: Installation, seconds: float) -> dict[str, int]:
    """What is left over after so long; nothing, if all goes well."""
    deadline = time.monotonic() + seconds
    left: dict[str, Any] = {"unknown": 1}
    while time.monotonic() < deadline:
        left = house.pending()
        if not left:
            time.sleep(2)  # what was just told may have made something due
            left = house.pending()
            if not left:
                return {}
        house.tend()
        time.sleep(0.5)
    return left
