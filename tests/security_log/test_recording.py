"""What is recorded without anybody's doing: refusals, limits, commands, starts, migrations."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.audit.conftest import events
from tests.browsing import Browser
from tests.cast import Cast, Talk
from tests.databases import migrate, migrated
from tests.services import Live, Services, fetch
from wellchat import create_app
from wellchat.accounts import passwords
from wellchat.accounts.personal_data import erase_person
from wellchat.audit import counting
from wellchat.audit.counting import write_counts
from wellchat.audit.models import AuditCount, pseudonym
from wellchat.clock import now as clock_now
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.security_log.starts import record_migration, record_start
from wellchat.web import limiter

Browse = Callable[..., Browser]


@pytest.fixture(autouse=True)
def nothing_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_pending", counting.Pending())
    # No minute ends within a test, whenever it runs.
    this = counting._minute_of(clock_now())
    monkeypatch.setattr(counting, "_minute_of", lambda _now: this)


def later() -> datetime:
    return clock_now() + timedelta(minutes=2)


@pytest.mark.each_database
def test_people_who_try_the_pages_of_administrators_are_on_record(
    app: Flask, cast: Cast, browse: Browse
) -> None:
    cara = browse(cast.cara)
    for _ in range(3):
        assert cara.get("/oversight").status_code == 404
    cara.get("/oversight/no-such-page")
    cara.get("/no-such-page")
    assert browse().get("/oversight").status_code == 302
    assert browse(cast.ada).get("/oversight").status_code == 200
    write_counts(later())
    (row,) = events("access.refused")
    assert (row.actor, row.outcome, row.network) == (pseudonym(cast.cara.id), "refused", "127.0.0.0/24")
    assert row.detail["route"] == "GET /oversight"
    assert db.session.execute(select(AuditCount)).all() == []


def test_who_asks_for_things_of_others_is_on_record(
    app: Flask, cast: Cast, talk: Talk, browse: Browse
) -> None:
    olga = browse(cast.olga)
    for path in (f"/threads/{talk.id}", f"/api/threads/{talk.id}/messages", "/static/none.js", "/verify/x"):
        olga.get(path)
    browse(talk.cara).get(f"/threads/{talk.id}")
    write_counts(later())
    rows = events("access.refused")
    assert {row.actor for row in rows} == {pseudonym(cast.olga.id)}
    assert {row.detail["route"] for row in rows} == {
        "GET /threads/<thread_id>",
        "GET /api/threads/<thread_id>/messages",
    }


def test_refused_input_is_on_record_without_its_words(app: Flask, cast: Cast, browse: Browse) -> None:
    browse(cast.cara).post("/settings", data={"name": "", "time_zone": "Kanarienvogel"})
    browse().post("/sign-in", data={"email": "Kanarienvogel"}, forged=True)
    browse(cast.olga).get("/settings")
    write_counts(later())
    rows = events("input.refused")
    assert {(row.actor, row.detail["route"]) for row in rows} == {
        (pseudonym(cast.cara.id), "POST /settings"),
        (None, "POST /sign-in"),
    }
    assert "Kanarienvogel" not in str([row.detail for row in rows])


def test_a_wrong_token_is_on_record(app: Flask, cast: Cast, browse: Browse) -> None:
    browse().get("/api/me")
    browse().get("/api/me", headers={"Authorization": "Bearer wrong"})
    write_counts(later())
    (row,) = events("access.refused")
    assert (row.actor_kind, row.actor, row.network) == ("stranger", None, "127.0.0.0/24")


@pytest.mark.each_database
def test_a_refused_act_is_on_record(app: Flask, talk: Talk, browse: Browse) -> None:
    answer = browse(talk.cara).get("/api/threads?userId=somebody")
    assert answer.status_code == 403
    write_counts(later())
    (row,) = events("access.refused")
    assert row.detail["route"] == "GET /api/threads"


@pytest.mark.slow
def test_a_process_that_is_stopped_writes_down_its_last_counts(services: Services, tmp_path: Path) -> None:
    """It writes once in a second at the most. What came since is written when SIGTERM ends it in order."""
    live = Live({"WELLCHAT_REDIS_URL": services.valkey(), "WELLCHAT_RATE_LIMITS": "off"}, tmp_path)
    app = create_app(read_settings(live.env), TESTING=True)
    with app.app_context():
        migrate(app)
        db.engine.dispose()
    live.start_web()
    with ThreadPoolExecutor(4) as pool:
        wrong = {"Authorization": "Bearer nonsense"}
        answers = list(pool.map(lambda _: fetch(f"{live.url}/api/me", wrong)[0], range(40)))
    live.stop()
    assert answers == [401] * 40
    with app.app_context():
        counted = db.session.execute(select(AuditCount.times)).scalars().all()
        db.session.remove()
        db.engine.dispose()
    assert sum(counted) == 40


@pytest.mark.usefixtures("still_clock")
def test_a_limit_is_one_row_a_minute_with_a_count(
    make_app: Any, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    app = migrated(make_app(RATE_LIMITS=True))
    app.test_client_class = Browser
    monkeypatch.setattr(counting, "WRITE_EVERY", timedelta())
    limiter.reset()
    with app.app_context():
        client = app.test_client()
        form = {"email": "x@example.com"}
        statuses = [client.post("/forgot-password", data=form).status_code for _ in range(20)]
        limiter.enabled = False  # it is one for all applications of this process
        refused = statuses.count(429)
        assert refused > 5
        assert events("limit.reached") == []
        write_counts(later())
        rows = events("limit.reached")
        db.session.remove()
    assert len(rows) <= 2  # the minute may have ended meanwhile
    assert sum(int(str(row.detail["times"])) for row in rows) == refused
    assert {row.detail["route"] for row in rows} == {"POST /forgot-password"}
    assert {row.actor_kind for row in rows} == {"stranger"}


def test_a_flood_of_refusals_is_no_flood_of_writes(
    app: Flask, cast: Cast, browse: Browse, queries: Any
) -> None:
    cara = browse(cast.cara)
    cara.get("/oversight")
    with queries() as first:
        cara.get("/oversight/emails")
    with queries() as again:
        cara.get("/oversight/emails")
    assert again.count < first.count


@pytest.mark.each_database
def test_a_log_that_fails_changes_no_answer(
    app: Flask, cast: Cast, browse: Browse, tamper: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cara = browse(cast.cara)
    usual = cara.get("/oversight").status_code
    tamper("ALTER TABLE audit_counts RENAME TO away")
    try:
        with caplog.at_level(logging.ERROR):
            assert cara.get("/oversight/emails").status_code == usual == 404
    finally:
        tamper("ALTER TABLE away RENAME TO audit_counts")
    assert "could not be counted" in caplog.text


@pytest.mark.each_database
def test_counts_of_an_erased_person_go(app: Flask, cast: Cast, browse: Browse, now: datetime) -> None:
    browse(cast.cara).get("/oversight")
    assert len(db.session.execute(select(AuditCount)).all()) == 1
    db.session.rollback()
    erase_person(user_id=cast.cara.id, now=now)
    assert db.session.execute(select(AuditCount)).all() == []


@pytest.mark.each_database
def test_nobody_gets_in_while_the_log_takes_no_row(
    app: Flask, talk: Talk, browse: Browse, change: Any, tamper: Any
) -> None:
    change(talk.cara, password_hash=passwords.hash_password("three warm words"))
    form = {"email": "cara@example.com", "password": "three warm words"}
    tamper("ALTER TABLE audit_people RENAME TO away")
    stranger = browse()
    try:
        with suppress(DBAPIError):
            assert stranger.post("/sign-in", data=form).status_code == 503
    finally:
        db.session.rollback()
        tamper("ALTER TABLE away RENAME TO audit_people")
    assert stranger.get("/api/me").status_code == 401
    assert stranger.post("/sign-in", data=form).status_code == 303
    assert stranger.get("/api/me").status_code == 200


# Commands


@pytest.mark.each_database
def test_commands_about_people_are_on_record_without_their_secrets(app: Flask, talk: Talk) -> None:
    run = app.test_cli_runner().invoke
    options = ["--name", "Zoe Zebra", "--role", "client", "--password", "a-Canary-Password-77"]
    assert run(args=["user", "create", "zoe@example.com", *options]).exit_code == 0
    assert run(args=["user", "export", "cara@example.com"]).exit_code == 0
    assert run(args=["token", "create", "cara@example.com", "--name", "Canary"]).exit_code == 0
    assert run(args=["mail", "log", "cara@example.com"]).exit_code == 0
    assert run(args=["user", "export", "nobody@example.com"]).exit_code == 1
    rows = events("operator.command")
    assert sorted(str(row.detail["command"]) for row in rows) == [
        "mail log", "token create", "user create", "user export", "user export",
    ]  # fmt: skip
    (made,) = [row for row in rows if row.detail["command"] == "user create"]
    assert made.detail["options"] == "name password role"
    assert made.actor_kind == "operator"
    assert {row.person for row in rows} == {None, pseudonym(talk.cara.id)}
    for canary in ("Zebra", "Canary", "zoe@"):
        assert canary not in str([vars(row) for row in rows])


def test_a_command_that_cannot_be_recorded_does_not_run(app: Flask, talk: Talk, tamper: Any) -> None:
    run = app.test_cli_runner().invoke
    tamper("ALTER TABLE audit_people RENAME TO away")
    try:
        refused = run(args=["token", "create", "cara@example.com"])
    finally:
        tamper("ALTER TABLE away RENAME TO audit_people")
    assert refused.exit_code != 0
    assert refused.output == ""


@pytest.mark.each_database
def test_exports_and_erasures_of_people_are_on_record(app: Flask, talk: Talk) -> None:
    run = app.test_cli_runner().invoke
    run(args=["user", "export", "cara@example.com"])
    run(args=["user", "erase", "cara@example.com", "--yes"])
    assert [row.kind for row in events() if row.kind.startswith("person.")] == [
        "person.exported",
        "person.erased",
    ]
    assert {row.person for row in events() if row.kind.startswith("person.")} == {pseudonym(talk.cara.id)}


# Starts


@pytest.mark.each_database
def test_a_start_names_its_version_and_a_change_of_settings(app: Flask) -> None:
    record_start("web")
    record_start("worker")
    app.config["NAME"] = "Another name"
    record_start("web")
    first, second, third = (row.detail for row in events("system.started"))
    assert first["version"] == "0.2.0"
    assert first["settings"] == second["settings"] != third["settings"]
    assert "Another" not in str(third)


@pytest.mark.each_database
def test_a_migration_is_on_record(app: Flask) -> None:
    record_migration("0012", "0015")
    record_migration("0015", "0015")
    (row,) = events("system.migrated")
    assert (row.detail["from"], row.detail["to"], row.actor_kind) == ("0012", "0015", "operator")


def test_a_start_without_a_schema_is_not_held_up(make_app: Any, caplog: pytest.LogCaptureFixture) -> None:
    with make_app().app_context(), caplog.at_level(logging.WARNING):
        record_start("web")
    assert caplog.text == ""
