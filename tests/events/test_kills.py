"""Killed at every statement: no event is missing, the feed has none twice, and numbers ascend."""

from __future__ import annotations

import os
import select
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask

from tests.cast import Cast, Talk
from tests.events.kills import Killing, Reader, die_at_statement, number_in_child
from tests.events.receiver import Receiver
from tests.events.test_webhooks import receiver
from wellchat.db import db
from wellchat.events.numbering import number
from wellchat.events.queries import cursor_now

__all__ = ["receiver"]

WRITERS = 24
EACH = 4  # messages of one writer


@pytest.mark.each_database
def test_a_numberer_killed_at_each_statement_loses_nothing(talk: Talk, cast: Cast, now: datetime) -> None:
    reader = Reader(cursor_now())
    killed = 0
    for nth in range(1, 40):
        talk.exchange("cp")
        if not number_in_child(nth, now):
            break
        killed += 1
        reader.read()
    number(now)
    reader.read()
    assert killed >= 5
    assert reader.faults() == []


def _number_and_die_until(stop: int, now: datetime) -> None:
    """Number in processes of which all but each eighth die, at one statement after the other.

    It ends when the other end of the pipe `stop` is closed.
    """
    round_ = 0
    while not select.select([stop], [], [], 0)[0]:
        if (child := os.fork()) == 0:
            die_at_statement(round_ % 8 or 1000)
            number(now)
            os._exit(0)
        os.waitpid(child, 0)
        round_ += 1


@pytest.mark.each_database
def test_24_writers_and_a_reader_while_the_numberer_is_killed(
    app: Flask, talk: Talk, cast: Cast, now: datetime
) -> None:
    db.session.remove()
    db.engine.dispose()
    stop, stopping = os.pipe()
    # A process of its own from before there are threads: it forks those that die.
    if (nursery := os.fork()) == 0:
        os.close(stopping)
        _number_and_die_until(stop, now)
        os._exit(0)
    try:
        reader = Reader(cursor_now())
        start = threading.Barrier(WRITERS)

        def write(writer: int) -> None:
            with app.app_context():
                start.wait(30)
                for _ in range(EACH):
                    talk.says(cast.cara if writer % 2 else cast.paul, "x")

        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(write, each) for each in range(WRITERS)]
            while not all(each.done() for each in writers):
                reader.read()
        for each in writers:
            each.result()
    finally:
        os.close(stopping)
        os.waitpid(nursery, 0)
        os.close(stop)
    number(now)
    reader.read()
    assert reader.faults() == []
    assert len(reader.ids) >= WRITERS * EACH


@pytest.mark.each_database
def test_killed_workers_lose_no_webhook(app: Flask, receiver: Receiver) -> None:
    """A short run of `python -m tests.events.kills`, which makes hundreds."""
    tally = Killing(int(os.environ.get("KILLS_SEED", "2026")), receiver).run(10)
    assert tally.faults == []
    assert len(tally.kills) >= 2
