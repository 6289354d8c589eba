"""Kill what numbers and sends events: `python -m tests.events.kills --seed 7 --kills 200`.

In each round people write, and a process that numbers events and sends webhooks is killed by signal 9 at a
statement, or around a call, that the seed chooses. A receiver counts by webhook-id, and a reader follows the
feed. In the end each event must have arrived, and must be in the feed once, in ascending order.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
from sqlalchemy import event, select

from tests.cast import Talk, gather
from tests.events.receiver import Receiver
from tests.services import Services, database_on
from wellchat import create_app, outbound
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.events import calling, sending, webhooks
from wellchat.events.models import HostEvent, WebhookDelivery
from wellchat.events.numbering import number
from wellchat.events.queries import EventCursor, EventPage, cursor_now, events_after

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=2)  # longer than a run that died keeps its webhook
STATEMENTS = 40  # of a run, or more


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_statement(nth: int) -> None:
    """Let this process die as it begins its nth statement, or its commit."""
    left = [nth]

    def count(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] <= 0:
            die()

    event.listen(db.engine, "before_cursor_execute", count)
    event.listen(db.engine, "commit", count)


def die_at_call(nth: int, *, after: bool) -> None:
    """Let this process die as it makes its nth call of a webhook, or once that was answered."""
    real, calls = outbound.call, 0

    def dying(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= nth and not after:
            die()
        answer = real(*args, **options)
        if calls >= nth:
            die()
        return answer

    outbound.call = dying


def in_child(prepare: Callable[[], None], work: Callable[[], Any]) -> bool:
    """Do the work in a process of its own. Return whether it was killed."""
    db.session.remove()
    db.engine.dispose()
    if (child := os.fork()) == 0:
        try:
            prepare()
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the process ended with {status}")
    return status == -signal.SIGKILL


@dataclass
class Reader:
    """A host that follows the feed."""

    cursor: EventCursor
    seqs: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def read(self) -> None:
        more = True
        while more:
            page = events_after(self.cursor, limit=7)
            assert isinstance(page, EventPage), page
            self.seqs += [each["seq"] for each in page.events]
            self.ids += [each["id"] for each in page.events]
            self.cursor, more = page.cursor, page.has_more
        db.session.rollback()

    def faults(self) -> list[str]:
        """Return what is wrong with what was read."""
        written = set(db.session.execute(select(HostEvent.id).where(HostEvent.seq > self.first)).scalars())
        found = []
        if self.seqs != list(range(self.first + 1, self.first + 1 + len(self.seqs))):
            found.append("the numbers have gaps, or do not ascend")
        if len(set(self.ids)) != len(self.ids):
            found.append("an event came twice")
        if set(self.ids) != written:
            found.append(f"{len(written - set(self.ids))} events are missing")
        return found

    def __post_init__(self) -> None:
        self.first = self.cursor.seq


@dataclass
class Tally:
    kills: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    arrived: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)


class Killing:
    def __init__(self, seed: int, receiver: Receiver) -> None:
        self.chance, self.receiver = random.Random(seed), receiver
        self.tally = Tally()
        self.now = START
        cast = gather(START)
        self.talk = Talk(cast, START)
        wanted = webhooks.Wanted(receiver.url, types=("message.sent",))
        self.webhook, _ = webhooks.create(wanted=wanted, now=START)
        self.reader = Reader(cursor_now())

    def run(self, kills: int) -> Tally:
        while self.tally.kills.total() < kills:
            self.talk.exchange("".join(self.chance.choice("cp") for _ in range(self.chance.randint(1, 6))))
            self.receiver.replies = [503] if self.chance.random() < 0.1 else []
            self.kill()
            self.reader.read()
            self.now += EVERY
        self.receiver.replies = []
        for hours in range(40):
            sending.sweep(self.now + timedelta(hours=hours))
        self.reader.read()
        return self.count()

    def kill(self) -> None:
        how, nth = self.chance.choice(("statement", "statement", "before a call", "after a call")), 1
        if how == "statement":
            nth = self.chance.randint(1, STATEMENTS)
            prepare: Callable[[], None] = lambda: die_at_statement(nth)  # noqa: E731
        else:
            nth = self.chance.randint(1, 4)
            prepare = lambda: die_at_call(nth, after=how == "after a call")  # noqa: E731
        if in_child(prepare, lambda: sending.sweep(self.now)):
            self.tally.kills[how] += 1

    def count(self) -> Tally:
        tally, counts = self.tally, self.receiver.counts()
        sent = select(HostEvent.id).where(HostEvent.type == "message.sent")
        written = set(db.session.execute(sent).scalars())
        tally.messages, tally.arrived = len(written), len(counts)
        tally.twice = sum(times > 1 for times in counts.values())
        tally.faults = self.reader.faults()
        if missing := written - set(counts):
            tally.faults.append(f"{len(missing)} events did not arrive")
        states = set(db.session.execute(select(WebhookDelivery.state)).scalars())
        if states != {"sent"}:
            tally.faults.append(f"not at rest: {states}")
        return tally


def number_in_child(nth: int, now: datetime) -> bool:
    """Number in a process that dies at its nth statement. Return whether it did."""
    return in_child(lambda: die_at_statement(nth), lambda: number(now))


@click.command()
@click.option("--seed", type=int, default=lambda: random.randrange(10**6))
@click.option("--kills", type=click.IntRange(1), default=200, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(seed: int, kills: int, database: str) -> None:
    """Kill, count, and exit with 1 if an event did not arrive, or the feed lacks one or has one twice."""
    click.echo(f"seed {seed}, {kills} kills, {database}")
    sending.PER_SECOND = calling.AT_ONCE * 1000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-kills-")))
        settings: dict[str, Any] = {"INSTANCE": folder, "RATE_LIMITS": False, "FEATURES": ("events",)}
        settings["WEBHOOK_ANYWHERE"] = True
        services = Services({})
        stack.callback(services.close)
        if database == "postgresql":
            settings["DATABASE_URL"] = stack.enter_context(
                database_on(services.postgresql(), "wellchat_kills")
            )
        receiver = stack.enter_context(Receiver())
        app = create_app(read_settings({}, **settings), TESTING=True)
        stack.enter_context(app.app_context())
        flask_migrate.upgrade()
        tally = Killing(seed, receiver).run(kills)
        db.session.remove()
        db.engine.dispose()
    for how, times in sorted(tally.kills.items()):
        click.echo(f"  killed at a {how:14} {times:4}")
    click.echo(f"{tally.messages} events, {tally.arrived} arrived, {tally.twice} of them more than once")
    click.echo("; ".join(tally.faults) or "none missing, none twice in the feed, ascending")
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
