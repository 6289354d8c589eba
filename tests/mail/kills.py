"""Kill runs of digests with SIGKILL: `python -m tests.mail.kills --seed 7 --kills 500 --database postgresql`.

In each round people write to each other, and a process that mails what they missed is killed at a step and a
time that the seed chooses. The mail server keeps what it was given. In the end every message must be in
exactly one mail, or in one that the ledger shows as unknown.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate

from tests.mail.world import DELAY, NOON, World
from tests.services import MailServer, Services, database_on
from wellchat import create_app
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.digests import runs as digests
from wellchat.digests.kinds import DIGEST
from wellchat.mail import actions, transport
from wellchat.messaging.models import Thread

# What a process is about to do when it dies; from due to remembered, in this order.
STEPS: dict[str, tuple[Any, str]] = {
    "deciding": (DIGEST, "decide"),
    "decided": (digests, "claim"),
    "counted": (actions, "create_claimed"),
    "written": (actions, "send_claimed"),
    "claiming": (actions, "_claim"),  # again, what was put off
    "claimed": (actions, "_attempt"),
    "made": (transport.SmtpConnection, "send"),
    "sent": (actions, "_settle"),
}
PEOPLE = 4  # threads, each of two people of its own
EVERY = timedelta(hours=2)
WORD = re.compile(r"\bword-(\d+)-ends\b")


@dataclass
class Tally:
    """What was counted at the end."""

    kills: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    mails: int = 0
    unknown: int = 0  # mails, as the ledger has them
    in_unknown: int = 0  # messages that only such a mail may have brought
    twice: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.twice and not self.forgotten


class Killing:
    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.tally = Tally()
        self.now = NOON
        self.said: dict[int, tuple[str, str, int]] = {}  # number -> thread, reader, seq
        others = [
            world.open_thread(world.user(f"Client {n}"), world.user(f"Coach {n}", "professional"))
            for n in range(PEOPLE)
        ]
        self.threads: list[Thread] = [world.thread, *others]

    def run(self, kills: int) -> Tally:
        while self.tally.kills.total() < kills:
            self.write()
            if self.chance.random() < 0.3:
                self.world.server.replies = ["451 4.3.0 later"] * self.chance.randint(1, 3)
            self.kill(self.now + DELAY)
            if self.chance.random() < 0.5:
                self.kill(self.now + DELAY + timedelta(minutes=5))  # and who comes to mend it, too
            self.now += EVERY
        self.world.server.replies = []
        for minutes in range(0, 24 * 60, 30):
            at = self.now + timedelta(minutes=minutes)
            digests.sweep(at)
            actions.sweep(at)
        return self.count()

    def write(self) -> None:
        for thread in self.chance.sample(self.threads, self.chance.randint(1, len(self.threads))):
            for _ in range(self.chance.randint(1, 3)):
                people = [self.world.users[thread.client_id], self.world.users[thread.professional_id]]
                sender = self.chance.choice(people)
                reader = people[1 - people.index(sender)]
                number = len(self.said)
                message = self.world.say(sender, f"word-{number}-ends", self.now, thread)
                self.said[number] = (thread.id, reader.id, message.seq)

    def kill(self, now: datetime) -> None:
        step, nth = self.chance.choice(list(STEPS)), self.chance.randint(1, 4)
        db.session.remove()
        db.engine.dispose()
        if (child := os.fork()) == 0:
            die_at(step, nth)
            try:
                digests.sweep(now)
                actions.sweep(now)
            finally:
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == -signal.SIGKILL:
            self.tally.kills[step] += 1
        elif status != 0:
            raise RuntimeError(f"the process ended with {status}")

    def count(self) -> Tally:
        tally, mails = self.tally, self.world.mails()
        brought: Counter[int] = Counter()
        for message in self.world.server.messages:
            part = message.get_body(("plain",))
            brought.update({int(number) for number in WORD.findall(str(part.get_content()))} if part else ())
        unknown = [mail for mail in mails if mail.state == "unknown"]
        shown = {
            (cover["thread_id"], mail.user_id, seq)
            for mail in unknown
            for cover in mail.covers
            for seq in range(cover["first_seq"], cover["last_seq"] + 1)
        }
        tally.messages, tally.mails, tally.unknown = (
            len(self.said),
            len(self.world.server.messages),
            len(unknown),
        )
        tally.twice = sorted(number for number, times in brought.items() if times > 1)
        missing = [number for number in self.said if not brought[number]]
        tally.forgotten = [number for number in missing if self.said[number] not in shown]
        tally.in_unknown = len(missing) - len(tally.forgotten)
        left = [mail.state for mail in mails if mail.state in ("queued", "sending")]
        if left:
            raise RuntimeError(f"not at rest: {left}")
        return tally


def die_at(step: str, nth: int) -> None:
    owner, name = STEPS[step]
    real, calls = getattr(owner, name), 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    setattr(owner, name, dying)


@click.command()
@click.option("--seed", type=int, default=lambda: random.randrange(10**6))
@click.option("--kills", type=click.IntRange(1), default=500, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(seed: int, kills: int, database: str) -> None:
    """Kill, count, and exit with 1 if a message was in two mails or in none."""
    click.echo(f"seed {seed}, {kills} kills, {database}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-kills-")))
        settings: dict[str, Any] = {
            "INSTANCE": folder,
            "RATE_LIMITS": False,
            "MAIL_FROM": "hello@studio.example",
        }
        services = Services({})
        stack.callback(services.close)
        if database == "postgresql":
            settings["DATABASE_URL"] = stack.enter_context(
                database_on(services.postgresql(), "wellchat_kills")
            )
        server = stack.enter_context(MailServer())
        app = create_app(read_settings({}, **settings, SMTP_URL=server.url), TESTING=True)
        stack.enter_context(app.app_context())
        flask_migrate.upgrade()
        tally = Killing(World(app, server), seed).run(kills)
        db.session.remove()
        db.engine.dispose()
    for step in STEPS:
        click.echo(f"  killed when {step:9} {tally.kills[step]:4}")
    click.echo(f"{tally.messages} messages, {tally.mails} mails arrived")
    click.echo(f"in two mails: {len(tally.twice)}; forgotten: {len(tally.forgotten)}")
    click.echo(
        f"{tally.unknown} mails of unknown fate, all in the ledger; "
        f"{tally.in_unknown} messages are in those only"
    )
    sys.exit(0 if tally.is_clean else 1)


if __name__ == "__main__":
    main()
