"""Measure an import: `python -m bench imports --messages 100000 --database sqlite`.

The file has a hundred messages for each pair, or `--of-a-pair`, in two booking chats that interleave. It is
made first, and not measured.
"""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
import orjson
from sqlalchemy import event

from tests.services import Services, database_on
from wellchat import clock, create_app
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.imports import running, staging
from wellchat.imports.cli import _chunks
from wellchat.imports.slices import claim
from wellchat.imports.verifying import verify

PAIRS_OF_ONE = 20  # of a professional
START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = [
    "see",
    "you",
    "on",
    "friday",
    "at",
    "three",
    "the",
    "colour",
    "turned",
    "out",
    "lovely",
    "thank",
    "you",
    "so",
    "much",
    "for",
    "the",
    "quick",
    "answer",
]


def lines(messages: int, of_a_pair: int) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file."""
    chance = random.Random(7)
    pairs = max(1, messages // of_a_pair)
    for number in range(-(-pairs // PAIRS_OF_ONE)):
        yield {"type": "user", "external_id": f"p-{number}", "name": f"Pro {number}", "role": "professional"}
    for pair in range(pairs):
        client, professional = f"c-{pair}", f"p-{pair // PAIRS_OF_ONE}"
        two = {"client": client, "professional": professional}
        yield {"type": "user", "external_id": client, "name": f"Client {pair}", "role": "client"}
        for chat in range(2):
            booking = {"kind": "booking", "external_id": f"B-{pair}-{chat}"}
            yield {"type": "subject", **booking, "title": f"Visit {chat}", **two}
            yield {"type": "chat", "source": "old", "chat": f"{pair}-{chat}", **two, "subject": booking}
        at = START + timedelta(seconds=pair)
        for number in range(min(of_a_pair, messages)):
            at += timedelta(minutes=chance.randint(1, 600), microseconds=chance.randint(0, 999_999))
            yield {
                "type": "message",
                "source": "old",
                "chat": f"{pair}-{number % 2}",
                "id": f"m-{pair}-{number}",
                "from": (client, professional)[chance.randint(0, 1)],
                "sent_at": at.isoformat(),
                "body": " ".join(chance.choices(WORDS, k=chance.randint(3, 30))),
            }


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print how long it took, on the clock and on the processor of this process."""
    began, processor = time.monotonic(), time.process_time()
    yield
    spent = time.monotonic() - began
    click.echo(f"{what:10} {spent:8.1f} s   processor {time.process_time() - processor:8.1f} s")


@click.command()
@click.option("--messages", type=click.IntRange(100), default=100_000, show_default=True)
@click.option("--of-a-pair", type=click.IntRange(10), default=100, show_default=True, help="Messages.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(messages: int, database: str, of_a_pair: int) -> None:
    """Bring over a made-up file into an empty installation, and verify it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wellchat-bench-")))
        path = folder / "old.jsonl"
        with path.open("wb") as file:
            file.writelines(orjson.dumps(each) + b"\n" for each in lines(messages, of_a_pair))
        click.echo(
            f"{messages:,} messages, {of_a_pair} of a pair, {path.stat().st_size / 1e6:.0f} MB, {database}"
        )
        settings: dict[str, Any] = {"INSTANCE": folder, "RATE_LIMITS": False}
        if database == "postgresql":
            services = Services({})
            stack.callback(services.close)
            settings["DATABASE_URL"] = stack.enter_context(
                database_on(services.postgresql(), "wellchat_bench")
            )
        app = create_app(read_settings({}, **settings), TESTING=True)
        stack.enter_context(app.app_context())
        flask_migrate.upgrade()
        _bring(path, messages)
        db.session.remove()
        db.engine.dispose()


def _bring(path: Path, messages: int) -> None:
    statements = [0]

    def count(*_: Any, **__: Any) -> None:
        statements[0] += 1

    row = staging.begin(name=path.name, now=clock.now())
    with measured("reading"), path.open("rb") as file:
        for first, chunk in _chunks(file):
            staging.take_lines(import_id=row.id, first=first, lines=chunk, now=clock.now())
    running.run(import_id=row.id, now=clock.now(), by_worker=False)
    job = claim(row.id, clock.now(), by_command=True)
    assert job is not None
    work = running.work(job, clock.now)
    steps = ("users", "connections", "subjects", "chats", "strays", "messages", "finish", "clear")
    state = staging.find(row.id)
    for step in steps:
        if step == "messages":
            event.listen(db.engine, "before_cursor_execute", count)
        with measured(step):
            while state.step == step:
                state = next(work, state)
        if step == "messages":
            event.remove(db.engine, "before_cursor_execute", count)
    click.echo(f"made {state.made:,}, statements per 1,000 messages: {statements[0] / messages * 1000:.1f}")
    click.echo(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    with measured("verifying"):
        click.echo(verify(path, folder=None, zone=None, now=clock.now()).line)
