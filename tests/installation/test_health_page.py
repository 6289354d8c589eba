"""Owners see how the database does, and machines measure it: sizes, pool, locks, slow statements, queues."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Cast, Talk
from tests.services import wait_for
from wellchat import __version__
from wellchat.claims import FAILED, UNKNOWN
from wellchat.db import db, transaction
from wellchat.doctor import run_checks
from wellchat.installation.database import MOST_TABLES, health
from wellchat.installation.waiting import QUEUES, check_waiting, waiting
from wellchat.mail.models import Mail
from wellchat.slow_statements import slow_statements

PATH = "/oversight/health"


def figure(page: str, name: str) -> float:
    found = re.search(rf"^wellchat_{re.escape(name)} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else math.nan


@pytest.mark.each_database
def test_an_owner_sees_it_and_nobody_else(
    app: Flask, cast: Cast, talk: Talk, browse: Callable[..., Any]
) -> None:
    talk.says(talk.cara, "Zq7canary")
    slow_statements().note("SELECT users.name FROM users WHERE users.email = ?", 2.5)
    page = browse(cast.ada).get(PATH)
    assert page.status_code == 200
    assert "SELECT users.name FROM users WHERE users.email = ?" in page.text
    assert "2.5 s" in page.text
    assert "messages" in page.text
    assert "of at most 30 in use" in page.text
    for word in ("Zq7canary", talk.cara.email, talk.paul.name):
        assert word not in page.text
    assert browse(cast.paul).get(PATH).status_code == 404


@pytest.mark.each_database
def test_sizes_and_tables_are_those_of_the_database(app: Flask, talk: Talk, engine: str) -> None:
    found = health()
    assert found.size > 100_000
    assert 5 < len(found.tables) <= MOST_TABLES
    assert [each.size for each in found.tables] == sorted((each.size for each in found.tables), reverse=True)
    assert (found.wal is not None, found.connections is not None) == (engine == "sqlite", engine != "sqlite")
    assert health(tables=False).tables == []
    assert found.pool["in_use"] >= 0


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_statement_that_waits_for_a_lock_is_seen(
    app: Flask, cast: Cast, background: Callable[..., Any], browse: Callable[..., Any]
) -> None:
    began = threading.Event()

    def change(name: str) -> None:
        with db.engine.begin() as connection:
            began.set()
            connection.execute(text("UPDATE users SET name = name WHERE id = :id"), {"id": name})

    with db.engine.begin() as holder:
        holder.execute(text("UPDATE users SET name = name WHERE id = :id"), {"id": cast.paul.id})
        waits = background(lambda: change(cast.paul.id))
        began.wait()
        (lock,) = wait_for(lambda: health(tables=False).locks, what="the lock")
        assert lock.blockers == 1
        assert "UPDATE users" in lock.statement
        assert cast.paul.id not in lock.statement
        assert "behind one session" in browse(cast.ada).get(PATH).text
        assert figure(app.test_client().get("/metrics").text, "database_locks_waiting") == 1
    waits.result(10)
    assert health(tables=False).locks == []


@pytest.mark.each_database
def test_queues_tell_what_is_due_and_what_ended_badly(app: Flask, cast: Cast, now: datetime) -> None:
    with transaction() as session:
        for state, minutes in (("queued", -5), ("queued", -1), ("queued", 60), (UNKNOWN, 0), (FAILED, 0)):
            mail = Mail(user_id=cast.paul.id, address="a@example.org", name="welcome", state=state)
            mail.due_at = now + timedelta(minutes=minutes) if state == "queued" else None
            mail.created_at = now
            session.add(mail)
    assert check_waiting(app).startswith("nothing is due")
    found = waiting(QUEUES[0], now)
    assert (found.due, found.oldest, found.bad) == (2, 300.0, {UNKNOWN: 1, FAILED: 1})
    page = app.test_client().get("/metrics").text
    assert figure(page, 'queue_due{queue="mails"}') == 2
    assert figure(page, 'queue_oldest_seconds{queue="mails"}') >= 300
    assert figure(page, 'queue_rows{queue="mails",state="unknown"}') == 1
    assert figure(page, 'queue_rows{queue="pushes",state="failed"}') == 0
    assert figure(page, "database_bytes") > 100_000
    assert figure(page, "disk_free_bytes") > 0


def test_the_doctor_says_in_json_what_is_due_for_long(app: Flask, cast: Cast, now: datetime) -> None:
    with transaction() as session:
        mail = Mail(user_id=cast.paul.id, address="a@example.org", name="welcome", state="queued")
        mail.created_at, mail.due_at = now, now - timedelta(minutes=25)
        session.add(mail)
    report = json.loads(json.dumps(run_checks(app).as_data()))
    assert (report["ok"], report["version"]) == (False, __version__)
    (check,) = [each for each in report["checks"] if each["name"] == "waiting"]
    assert "mails: 1 are due, the oldest for 25 minutes" in check["detail"]
    assert "sweep" in check["detail"]


def test_switched_off_it_is_absent(make_app: Callable[..., Flask]) -> None:
    off = make_app(FEATURES=("-installation",))
    assert PATH not in {rule.rule for rule in off.url_map.iter_rules()}
