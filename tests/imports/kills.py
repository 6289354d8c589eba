"""Kill imports by signal 9: `python -m tests.imports.kills --seed 7 --kills 20 --database postgresql`.

A process that imports a file is killed at a statement, or a commit, that the seed chooses, and started again,
until it has ended. Then nothing may differ from the file, and the conversations must be those of a run that
nobody disturbed.
"""

from __future__ import annotations

import random
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import flask_migrate
from sqlalchemy import select

from tests.events.kills import die_at_statement, in_child
from tests.imports.conftest import OldChat, three_chats
from tests.services import Services, database_on
from wellchat import clock, create_app
from wellchat.config import read_settings
from wellchat.db import db, transaction
from wellchat.imports import messages, running, staging, undoing
from wellchat.imports.models import RUNNING, Import, ImportedMessage
from wellchat.imports.slices import claim
from wellchat.imports.verifying import verify
from wellchat.messaging.models import Message

MESSAGES = 300
SLICE = 25
STATEMENTS = 400  # of a whole run, about


class Killed:
    """Imports the same file again and again, and is killed at it."""

    def __init__(self, path: Path, folder: Path, now: datetime, seed: int) -> None:
        self.path, self.folder, self.now = path, folder, now
        self.chance = random.Random(seed)
        self.kills = 0
        messages.SLICE = SLICE

    def bring(self) -> None:
        """Do what the command does, from wherever it was."""
        digest = "d" * 64
        row = staging.latest_of(digest)
        if row is None:
            row = staging.begin(name="old", digest=digest, now=self.now)
        lines = self.path.read_bytes().splitlines()
        if row.state == "collecting":
            for first in range(1, len(lines) + 1, 100):
                chunk = lines[first - 1 : first + 99]
                row = staging.take_lines(import_id=row.id, first=first, lines=chunk, now=self.now)
            row = running.run(import_id=row.id, now=self.now, by_worker=False)
        if row.state == RUNNING:
            job = claim(row.id, self.now, by_command=True, folder=self.folder)
            assert job is not None
            for _ in running.work(job, lambda: self.now):
                pass

    def run(self, kills: int) -> list[str]:
        """Return what is wrong at the end."""
        while self.kills < kills:
            at = self.chance.randint(1, STATEMENTS)
            if in_child(lambda at=at: die_at_statement(at), self.bring):
                self.kills += 1
                continue
            # It has ended: from the beginning, until there were as many kills.
            if found := self.faults():
                return found
            self.take_back()
        self.bring()
        return self.faults()

    def faults(self) -> list[str]:
        db.session.rollback()
        outcome = verify(self.path, folder=self.folder, zone=None, now=self.now)
        found = list(outcome.named)
        if not outcome.is_same or outcome.refused:
            found.append(outcome.line)
        seqs: dict[str, list[int]] = {}
        for thread_id, seq in db.session.execute(select(Message.thread_id, Message.seq)):
            seqs.setdefault(thread_id, []).append(seq)
        if any(sorted(each) != list(range(1, len(each) + 1)) for each in seqs.values()):
            found.append("the numbers have gaps")
        if set(db.session.execute(select(ImportedMessage.late)).scalars()) != {False}:
            found.append("a message came behind its place")
        return found

    def take_back(self) -> None:
        row = staging.latest_of("d" * 64)
        assert row is not None
        undoing.undo(import_id=row.id, now=self.now, by_worker=False)
        job = claim(row.id, self.now, by_command=True)
        assert job is not None
        for _ in running.work(job, lambda: self.now):
            pass
        with transaction():
            # The next one is another import of the same file.
            db.session.get_one(Import, row.id).digest = None


def file_in(folder: Path) -> Path:
    """Write a file of three chats that interleave, with some files of messages."""
    old = three_chats(OldChat(folder), extra=MESSAGES)
    (folder / "plan.txt").write_text("a plan")
    for number in range(3):
        old.says("chat-1", 100 + number, files=[{"path": "plan.txt", "name": "plan.txt"}])
    return old.write(shuffled=3)


@click.command()
@click.option("--seed", type=int, default=lambda: random.randrange(10**6))
@click.option("--kills", type=click.IntRange(1), default=20, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(seed: int, kills: int, database: str) -> None:
    """Kill, compare, and exit with 1 if anything differs."""
    click.echo(f"seed {seed}, {kills} kills, {database}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-kills-")))
        settings: dict[str, Any] = {"INSTANCE": folder, "RATE_LIMITS": False}
        services = Services({})
        stack.callback(services.close)
        if database == "postgresql":
            settings["DATABASE_URL"] = stack.enter_context(
                database_on(services.postgresql(), "wellchat_kills")
            )
        app = create_app(read_settings({}, **settings), TESTING=True)
        stack.enter_context(app.app_context())
        flask_migrate.upgrade()
        killed = Killed(file_in(folder), folder, clock.now(), seed)
        found = killed.run(kills)
        db.session.remove()
        db.engine.dispose()
    click.echo(f"{killed.kills} kills; wrong: {found or 'nothing'}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
