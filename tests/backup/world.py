"""Forty people who write, and what tests of backups compare: every row, and every object of the store."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any, NamedTuple

from flask import Flask
from sqlalchemy import Connection, MetaData, select
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.services import wait_for
from wellchat import clock
from wellchat.accounts.actions import create_user
from wellchat.accounts.models import User
from wellchat.attachments import processing
from wellchat.attachments.actions import accept_upload
from wellchat.attachments.storage import get_store
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.errors import Busy
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.receipts import mark_read
from wellchat.messaging.threads import open_thread

# What putting back itself writes: a new life, and rows of the security log.
WRITTEN = {"epochs", "audit", "audit_state", "host_event_state"}


def rows_in(connection: Connection) -> dict[str, list[str]]:
    """Return table -> its rows, in any one order."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: "_fts" not in name)
    tables = [table for table in found.sorted_tables if table.name not in WRITTEN]
    return {each.name: sorted(map(repr, connection.execute(select(each)))) for each in tables}


def rows_of(app: Flask) -> dict[str, list[str]]:
    with app.app_context(), db.engine.connect() as connection:
        return rows_in(connection)


def objects_of(app: Flask) -> dict[str, bytes]:
    """Return key -> bytes of everything in the store."""
    with app.app_context():
        store = get_store()
        return {key: b"".join(store.read(key)) for key, _ in store.keys()}  # noqa: SIM118 - a store is no dict


def patiently(act: Any, **what: Any) -> Any:
    """Do it again as a client does while the house is busy, and return what it returns."""
    while True:
        try:
            return act(**what)
        except (Busy, PoolTimeout):
            continue
        finally:
            db.session.remove()


class Sent(NamedTuple):
    """A message that was acknowledged: when it was begun, and when its sender knew."""

    thread_id: str
    seq: int
    begun: float
    known: float


class Writers:
    """Twenty pairs who send files, read and delete, each person in a thread, and a worker beside them."""

    def __init__(self, app: Flask, now: datetime) -> None:
        self.app, self.over = app, threading.Event()
        self.sent: list[Sent] = []
        self.trouble: list[BaseException] = []
        self.acts: dict[str, int] = {}
        self.threads = [threading.Thread(target=self._guarded, args=[self._work])]
        for number in range(20):
            pair = [
                create_user(
                    email=f"{role}{number}@example.com",
                    name=f"{role} {number}",
                    role=role,
                    password=None,
                    now=now,
                )
                for role in ("client", "professional")
            ]
            connect(client_id=pair[0].id, professional_id=pair[1].id, now=now)
            thread_id, _ = open_thread(viewer=pair[0], with_id=pair[1].id, now=now)
            for person in pair:
                self.acts[person.id] = 0
                self.threads.append(
                    threading.Thread(target=self._guarded, args=[self._write, person, thread_id])
                )
        db.session.remove()

    @staticmethod
    def _person(role: str, number: int, now: datetime) -> User:
        email, name = f"{role}{number}@example.com", f"{role} {number}"
        return create_user(email=email, name=name, role=role, password=None, now=now)

    def _guarded(self, work: Any, *args: Any) -> None:
        try:
            with self.app.app_context():
                work(*args)
        except BaseException as error:
            self.trouble.append(error)

    def _write(self, person: User, thread_id: str) -> None:
        while not self.over.is_set():
            self._act(person, thread_id, self.acts[person.id])
            self.acts[person.id] += 1

    def _act(self, person: User, thread_id: str, number: int) -> None:
        begun, now, ids = time.monotonic(), clock.now(), []
        here = {"viewer": person, "thread_id": thread_id, "now": now}
        if number % 3 == 0:
            content = f"{person.id} {number}".encode() * 50
            ids = [patiently(accept_upload, owner=person, name="a.txt", content=content, now=now).id]
        what: dict[str, Any] = {"body": f"{number}", "client_key": f"k{number}", "attachments": ids}
        made, _ = patiently(send_message, sender=person, thread_id=thread_id, now=now, **what)
        self.sent.append(Sent(thread_id, made.seq, begun, time.monotonic()))
        patiently(mark_read, seq=made.seq, **here)
        if number % 3 == 0:
            patiently(delete_message, seq=made.seq, **here)

    def _work(self) -> None:
        while not self.over.wait(0.01):
            patiently(processing.sweep, now=clock.now())

    def each_acts(self) -> None:
        """Wait until everybody has done something more."""
        seen = dict(self.acts)
        wait_for(
            lambda: self.trouble or all(self.acts[each] > seen[each] for each in seen),
            seconds=120,
            what="an act of each",
        )

    def __enter__(self) -> Writers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        assert not self.trouble, self.trouble[:1]
