"""Files of an earlier chat, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from tests.cast import Cast
from tests.host.conftest import HostServer, host, server_with  # noqa: F401 - fixtures
from wellchat.db import Base, db
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.imports import running, staging
from wellchat.imports.models import Import
from wellchat.imports.slices import claim
from wellchat.imports.verifying import Outcome, verify
from wellchat.messaging.models import Message, Thread

START = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# What an import writes down about itself, and what only ever grows.
ITS_OWN = {"imports", "import_notes", "audit", "audit_people", "changes", "change_logs"}


def stamp(seconds: float) -> str:
    """A time of the old chat, so many seconds after its start."""
    return (START + timedelta(seconds=seconds)).isoformat()


class OldChat:
    """A file: lines of an earlier system, about c-1 and p-1 unless it says otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        self.said = 0

    def adds(self, type_: str, **fields: Any) -> None:
        self.lines.append({"type": type_, **fields})

    def people(self) -> None:
        self.adds("user", external_id="c-1", name="Hannah Whitcombe", role="client")
        self.adds("user", external_id="p-1", name="Rosa Delgado", role="professional")

    def booking(self, ext: str) -> None:
        more = {"client": "c-1", "professional": "p-1"}
        self.adds("subject", kind="booking", external_id=ext, title=f"Visit {ext}", **more)

    def chat(self, chat: str, *, booking: str | None = None, client: str = "c-1", **more: Any) -> None:
        subject = {"subject": {"kind": "booking", "external_id": booking}} if booking else {}
        more = {"source": "old", "chat": chat, "client": client, "professional": "p-1", **subject, **more}
        self.adds("chat", **more)

    def says(
        self, chat: str, seconds: float, body: str | None = None, *, by: str = "c-1", **more: Any
    ) -> str:
        self.said += 1
        fields = {"id": f"m{self.said}", "body": body or f"words {self.said}", "sent_at": stamp(seconds)}
        self.adds("message", source="old", chat=chat, **{**fields, "from": by, **more})
        return str(self.lines[-1]["id"])

    def write(self, name: str = "old.jsonl", *, shuffled: int | None = None) -> Path:
        lines = list(self.lines)
        if shuffled is not None:
            random.Random(shuffled).shuffle(lines)
        path = self.folder / name
        path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in lines))
        return path


def three_chats(old: OldChat, *, extra: int = 0) -> OldChat:
    """Three booking chats of one pair that interleave to the microsecond, one chat of another."""
    old.people()
    old.adds("user", external_id="c-2", name="Noor Haddad", role="client")
    for number in (1, 2, 3):
        old.booking(f"B-{number}")
        old.chat(f"chat-{number}", booking=f"B-{number}")
    old.chat("other", client="c-2")
    for number in range(30 + extra):
        chat, by = f"chat-{number % 3 + 1}", ("c-1", "p-1")[number % 2]
        old.says(chat, 60 + number / 1_000_000, by=by)
        if number % 10 == 0:
            old.says("other", 50 + number, by="c-2")
    return old


@pytest.fixture
def old(tmp_path: Path) -> OldChat:
    return OldChat(tmp_path)


class Importer:
    """Runs imports as the command does."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def stages(self, path: Path, **options: Any) -> Import:
        row = staging.begin(name=path.name, now=self.now, **options)
        lines = path.read_bytes().splitlines()
        return staging.take_lines(import_id=row.id, first=1, lines=lines, now=self.now)

    def works(self, row: Import, folder: Path | None = None) -> Import:
        job = claim(row.id, self.now, by_command=True, folder=folder)
        assert job is not None
        for each in running.work(job, lambda: self.now):
            row = each
        return row

    def runs(self, path: Path, *, folder: Path | None = None, **options: Any) -> Import:
        row = self.stages(path, **options)
        running.run(import_id=row.id, now=self.now, by_worker=False)
        return self.works(row, folder)

    def checks(self, path: Path, **options: Any) -> Import:
        row = self.stages(path, **options)
        running.check(import_id=row.id, now=self.now, by_worker=False)
        return self.works(row)

    def opens(self, row: Import) -> Import:
        running.open_threads(import_id=row.id, now=self.now, by_worker=False)
        return self.works(row)

    def verifies(self, path: Path, folder: Path | None = None) -> Outcome:
        return verify(path, folder=folder, zone=None, now=self.now)


@pytest.fixture
def importer(app: Any, now: datetime) -> Importer:
    return Importer(now)


@pytest.fixture
def known(cast: Cast, now: datetime) -> Cast:
    """The cast, with ids of the platform: Cara is c-1, Paul is p-1."""
    for person, ext in ((cast.cara, "c-1"), (cast.paul, "p-1"), (cast.olga, "c-2")):
        link(user_id=person.id, source=HOST, external_id=ext, now=now)
    return cast


def thread_of(client_name: str) -> Thread:
    from wellchat.accounts.models import User

    of_client = select(Thread).join(User, User.id == Thread.client_id).where(User.name == client_name)
    return db.session.execute(of_client.execution_options(populate_existing=True)).scalar_one()


def messages_in(thread: Thread) -> Sequence[Message]:
    query = select(Message).where(Message.thread_id == thread.id).order_by(Message.seq)
    return db.session.execute(query.execution_options(populate_existing=True)).scalars().all()


def report_of(row: Import) -> list[str]:
    return [each.text for each in staging.report(row.id)]


@pytest.fixture
def tables(app: Any) -> Callable[[], dict[str, list[Any]]]:
    """Every table with its rows, but for what an import writes about itself."""

    def read() -> dict[str, list[Any]]:
        db.session.rollback()
        found = {}
        for table in Base.metadata.sorted_tables:
            if table.name not in ITS_OWN:
                rows = db.session.execute(select(*table.columns)).all()
                found[table.name] = sorted(map(repr, rows))
        db.session.rollback()
        return found

    return read
