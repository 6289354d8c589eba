"""Kill what sends scheduled messages: `python -m tests.scheduled.kills --seed 7 --kills 200`.

In each round two people put down messages for different times, and a process that sends what is due is killed
by signal 9 at a statement, or at a commit, that the seed chooses. In the end each message must be in the
conversation once, none before its time, and the numbers of the conversation must have no gap.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
from sqlalchemy import select

from tests.cast import Talk, gather
from tests.events.kills import die_at_statement, in_child
from tests.services import Services, database_on
from wellchat import create_app
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.messaging.models import Message
from wellchat.scheduled import sending
from wellchat.scheduled.actions import schedule_message
from wellchat.scheduled.models import MINE, ScheduledMessage

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=2)
STATEMENTS = 60  # of a run, about: a send has a dozen


class Killing:
    """Puts messages down, and lets the process that sends them die."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = START
        self.talk = Talk(gather(START), START)
        self.due: dict[str, datetime] = {}  # text -> when it is to be sent
        self.kills = 0

    def run(self, kills: int) -> list[str]:
        """Return what is wrong in the end."""
        while self.kills < kills:
            self.put_down()
            at = self.chance.randint(1, STATEMENTS)
            if in_child(lambda at=at: die_at_statement(at), lambda: sending.send_due(self.now)):
                self.kills += 1
            self.now += EVERY
        for _ in range(10):
            sending.send_due(self.now)
            self.now += EVERY
        return self.faults()

    def put_down(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            text = f"message {len(self.due)}"
            # To the second, so that some are due just before a run and some just after.
            at = self.now + timedelta(seconds=self.chance.randint(1, 500))
            author = self.chance.choice([self.talk.cara, self.talk.paul])
            schedule_message(
                author=author,
                thread_id=self.talk.id,
                body=text,
                client_key=text,
                send_at=at,
                zone_of=MINE,
                now=self.now,
            )
            self.due[text] = at

    def faults(self) -> list[str]:
        db.session.rollback()
        query = select(Message.seq, Message.body, Message.created_at).order_by(Message.seq)
        rows = db.session.execute(query.where(Message.thread_id == self.talk.id)).all()
        times = Counter(row.body for row in rows)
        found = [f"{text} is there {times[text]} times" for text in self.due if times[text] != 1]
        found += [f"{row.body} went early" for row in rows if row.created_at < self.due[row.body]]
        if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
            found.append("the numbers have gaps")
        states = set(db.session.execute(select(ScheduledMessage.state)).scalars())
        if states != {"sent"}:
            found.append(f"not at rest: {states}")
        return found


@click.command()
@click.option("--seed", type=int, default=lambda: random.randrange(10**6))
@click.option("--kills", type=click.IntRange(1), default=200, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(seed: int, kills: int, database: str) -> None:
    """Kill, count, and exit with 1 if a message is missing, twice, or early."""
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
        killing = Killing(seed)
        found = killing.run(kills)
        db.session.remove()
        db.engine.dispose()
    click.echo(f"{killing.kills} kills, {len(killing.due)} messages; wrong: {found or 'nothing'}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
