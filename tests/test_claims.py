"""Claims and retries, as mails, pushes and files share them.

Their own tests claim rows, lose claims and crash.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from wellchat.claims import FAILED, QUEUED, Retries, each_safely
from wellchat.db import db, transaction

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RETRIES = Retries(MINUTE, HOUR, give_up_after=DAY)


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (5000, 60)])
def test_pauses_double_up_to_the_longest(attempts: int, minutes: int) -> None:
    assert RETRIES.pause(attempts) == minutes * MINUTE


def after_refusal(since: datetime, **more: Any) -> dict[str, Any]:
    return RETRIES.after_refusal(OSError("No."), attempts=2, since=since, now=NOW, **more)


def test_a_refused_row_is_queued_for_later() -> None:
    assert after_refusal(NOW - DAY) == {
        "state": QUEUED,
        "reason": "Try 2 was put off. No.",
        "due_at": NOW + 2 * MINUTE,
    }


def test_the_other_side_may_ask_for_a_longer_pause_but_not_for_a_shorter_one() -> None:
    assert after_refusal(NOW, pause=HOUR)["due_at"] == NOW + HOUR
    assert after_refusal(NOW, pause=MINUTE)["due_at"] == NOW + 2 * MINUTE


def test_a_row_that_is_refused_for_too_long_fails() -> None:
    assert after_refusal(NOW - DAY - MINUTE) == {
        "state": FAILED,
        "reason": "Given up after 2 tries. No.",
    }


@pytest.mark.each_database
def test_a_row_in_trouble_is_postponed_and_the_others_are_worked_off(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def work(row: str) -> str:
        if row == "bad":
            db.session.execute(db.text("SELECT nonsense"))
        with transaction():
            return f"{row} done"

    def postpone(row: str) -> str:
        # PostgreSQL refuses this, unless the failed statement's transaction has been rolled back.
        with transaction() as session:
            session.execute(db.text("SELECT 1"))
        return f"{row} later"

    rows = ("one", "bad", "two")
    assert [*each_safely(rows, work, postpone, what="row")] == ["one done", "bad later", "two done"]
    [record] = [record for record in caplog.records if record.name == "wellchat.claims"]
    assert record.getMessage() == "row bad failed; it is tried again later"


def test_work_is_done_only_as_far_as_results_are_taken(app: Flask) -> None:
    worked: list[int] = []
    results = each_safely(range(5), lambda row: worked.append(row), lambda _: None, what="row")
    next(results)
    next(results)
    assert worked == [0, 1], "a run that finds the mail server gone stops at once"
