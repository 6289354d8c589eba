"""The chain of the security log: what is refused, what is found, on either database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.audit.conftest import events
from wellchat.audit import sealing, trimming
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.audit.sealing import head, keep_head, seal
from wellchat.audit.verifying import verify
from wellchat.db import db, transaction

Written = Callable[[int], None]
Tamper = Callable[..., None]


def whole_log() -> list[str]:
    db.session.rollback()
    tables = ("audit", "audit_heads", "audit_gaps")
    found = [repr(row) for name in tables for row in db.session.execute(text(f"SELECT * FROM {name}"))]
    db.session.rollback()
    return sorted(found)


@pytest.mark.each_database
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 2",
        "UPDATE audit SET kind = 'limit.reached'",
        "UPDATE audit SET seq = 9 WHERE seq = 3",
        "UPDATE audit SET hash = 'x' WHERE seq = 3",
        "UPDATE audit SET seq = 9, hash = 'x', kind = 'limit.reached' WHERE seq IS NULL",
        "UPDATE audit SET hash = 'x' WHERE seq IS NULL",
        "DELETE FROM audit_heads",
        "UPDATE audit_heads SET hash = 'x'",
        "INSERT INTO audit SELECT 'another', at, kind, severity, outcome, actor_kind, actor, person,"
        " about_kind, about, network, device, request_id, detail, 5, previous, hash, key_id"
        " FROM audit WHERE seq = 3",
    ],
)
def test_the_database_refuses_every_change_but_the_sealing(
    app: Flask, written: Written, now: datetime, statement: str
) -> None:
    written(3)
    keep_head(now)
    record("access.refused", now=now, actor_kind=SYSTEM)
    before = whole_log()
    with pytest.raises(DBAPIError, match="only added to"), transaction() as session:
        session.execute(text(statement))
    assert whole_log() == before


def test_a_replacing_insert_is_refused_too(app: Flask, written: Written) -> None:
    written(1)
    (row,) = events()
    values = "id, at, kind, severity, outcome, actor_kind, detail"
    statement = f"INSERT OR REPLACE INTO audit ({values}) SELECT {values} FROM audit WHERE id = :id"
    with pytest.raises(DBAPIError, match="only added to"), transaction() as session:
        session.execute(text(statement), {"id": row.id})


@pytest.mark.each_database
def test_rows_are_numbered_from_one_and_verify(app: Flask, written: Written, now: datetime) -> None:
    written(5)
    assert [row.seq for row in events()] == [1, 2, 3, 4, 5]
    verdict = verify()
    assert (verdict.rows, verdict.findings, f"{verdict.seq}:{verdict.hash}") == (5, [], head())
    record("access.refused", now=now, actor_kind=SYSTEM)
    assert verify().waiting == 1
    seal(now)
    assert verify().seq == 6


SWAP = (
    "UPDATE audit SET seq = -1 WHERE seq = 3",
    "UPDATE audit SET seq = 3 WHERE seq = 4",
    "UPDATE audit SET seq = 4 WHERE seq = -1",
)
ADDED = (
    "INSERT INTO audit SELECT 'another', at, kind, severity, outcome, actor_kind, actor, person,"
    " about_kind, about, network, device, request_id, detail, 6, previous, hash, key_id"
    " FROM audit WHERE seq = 5",
    "UPDATE audit_state SET seq = 6",
)


@pytest.mark.each_database
@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (("UPDATE audit SET network = '192.0.2.0/24' WHERE seq = 3",), "row 3 .* was changed"),
        (("UPDATE audit SET at = '2020-01-01 00:00:00' WHERE seq = 3",), "row 3 .* was changed"),
        (("DELETE FROM audit WHERE seq = 3",), "row 3 is missing"),
        (("DELETE FROM audit WHERE seq IN (2, 3)",), "rows 2 to 3 are missing"),
        (("DELETE FROM audit WHERE seq = 1",), "row 1 is missing"),
        (SWAP, "row 3 .* was changed"),
        (ADDED, "row 6 .* was changed"),
        (("DELETE FROM audit WHERE seq = 5",), "the log ends at 4, was 5"),
        (("DELETE FROM audit WHERE seq = 5", "UPDATE audit_state SET seq = 4"), "the log ends at 4, was 5"),
        (("DELETE FROM audit",), "the log ends at 0, was 5"),
        (
            (
                "DELETE FROM audit WHERE seq = 3",
                "INSERT INTO audit_gaps SELECT 3, 3, previous, 'x' FROM audit WHERE seq = 4",
            ),
            "rows 3 to 3 are missing, and no row audit.trimmed says so",
        ),
    ],
)
def test_whatever_is_done_to_the_rows_is_found_and_named(
    app: Flask, written: Written, tamper: Tamper, now: datetime, change: tuple[str, ...], finding: str
) -> None:
    written(5)
    keep_head(now)
    assert verify().findings == []
    tamper(*change)
    found = verify().findings
    assert found
    assert any(re.search(finding, each) for each in found), found


@pytest.mark.each_database
@pytest.mark.parametrize("kept", [4, 0])
def test_who_changes_every_table_is_found_by_a_head_from_outside(
    app: Flask, written: Written, tamper: Tamper, now: datetime, kept: int
) -> None:
    written(5)
    keep_head(now)
    number, _, digest = head().partition(":")
    outside = int(number), digest
    last = next((row.hash for row in events() if row.seq == kept), "")
    tamper(
        f"DELETE FROM audit WHERE seq > {kept}",
        "DELETE FROM audit_heads",
        f"UPDATE audit_state SET seq = {kept}, hash = '{last}'",
    )
    assert verify().findings == []
    assert verify(head=outside).findings == [f"the log ends at {kept}, was 5"]
    for _ in range(5 - kept):
        record("access.refused", now=now, actor_kind=SYSTEM)
    seal(now)
    assert verify().findings == []
    assert verify(head=outside).findings == ["row 5 is not the row that was kept as a head"]


@pytest.mark.each_database
def test_sixteen_writers_and_two_that_seal_leave_no_gap_and_no_double(
    app: Flask, now: datetime, at_once: Any
) -> None:
    def work(number: int) -> None:
        for step in range(10):
            if number < 16:
                record("access.refused", now=now, actor_kind=SYSTEM, detail={"writer": number, "step": step})
            else:
                seal(now)

    at_once(18, work)
    seal(now)
    assert [row.seq for row in events()] == [*range(1, 161)]
    assert verify().findings == []


@pytest.mark.each_database
def test_sealing_goes_in_batches_and_costs_one_statement_when_nothing_is_due(
    app: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch, queries: Any
) -> None:
    monkeypatch.setattr(sealing, "DUE", sealing.DUE.limit(3))
    for _ in range(8):
        record("access.refused", now=now, actor_kind=SYSTEM)
    assert seal(now) == {"audit_sealed": 8}
    db.session.rollback()
    with queries() as counted:
        assert seal(now) == {"audit_sealed": 0}
    assert counted.count == 1
    assert verify().findings == []


@pytest.mark.each_database
def test_another_key_is_a_row_and_the_old_rows_need_the_old_key(
    app: Flask, written: Written, now: datetime
) -> None:
    written(2)
    app.config["AUDIT_KEY"] = ("first-key-of-the-log-1",)
    record("access.refused", now=now, actor_kind=SYSTEM)
    seal(now)
    assert [row.kind for row in events()].count("audit.key_changed") == 1
    assert verify().findings == []
    app.config["AUDIT_KEY"] = ("other-key-of-the-log-2",)
    record("access.refused", now=now, actor_kind=SYSTEM)
    seal(now)
    assert "is sealed with the key" in verify().findings[0]
    app.config["AUDIT_KEY"] = ("other-key-of-the-log-2", "first-key-of-the-log-1")
    assert verify().findings == []


@pytest.mark.each_database
def test_an_act_whose_row_cannot_be_written_does_not_happen(
    app: Flask, talk: Any, now: datetime, tamper: Tamper
) -> None:
    from wellchat.accounts.actions import update_profile

    def act() -> None:
        with transaction():
            update_profile(user_id=talk.cara.id, name="Another name", bio="", time_zone="UTC")
            record("access.refused", now=now, actor_id=talk.cara.id)

    tamper("ALTER TABLE audit_people RENAME TO away")
    try:
        with pytest.raises(DBAPIError):
            act()
    finally:
        db.session.rollback()
        tamper("ALTER TABLE away RENAME TO audit_people")
    db.session.expire_all()
    assert talk.cara.name == "Cara Client"


# Trimming


@pytest.mark.each_database
def test_rows_over_their_time_go_on_record_and_the_rest_still_verifies(app: Flask, now: datetime) -> None:
    for days, kind, actor_kind in (
        (900, "access.refused", "person"),
        (899, "audit.exported", "person"),  # of an administrator
        (898, "access.refused", "operator"),
        (897, "access.refused", "person"),
        (896, "access.refused", "person"),
        (10, "access.refused", "person"),
        (3000, "audit.exported", "person"),
    ):
        record(kind, now=now - timedelta(days=days), actor_kind=actor_kind, detail={"days": days})
    seal(now)
    assert trimming.trim(now, dry_run=True) == 4
    assert len(events()) == 7
    assert trimming.trim(now, actor_kind=SYSTEM) == 4
    assert [row.detail.get("days") for row in events() if row.seq] == [899, 898, 10]
    seal(now)
    verdict = verify()
    assert (verdict.findings, verdict.rows, verdict.trimmed) == ([], 4, 4)
    (told,) = events("audit.trimmed")
    assert told.detail["rows"] == 4
    assert trimming.trim(now) == 0


@pytest.mark.each_database
def test_trimming_waits_for_what_has_not_gone_out(app: Flask, now: datetime) -> None:
    record("access.refused", now=now - timedelta(days=900), actor_kind="person")
    seal(now)
    app.config["AUDIT_TO"] = "syslog:127.0.0.1:9"
    assert trimming.trim(now) == 0
    app.config["AUDIT_TO"] = "off"
    assert trimming.trim(now) == 1
    assert verify().findings == []


@pytest.mark.each_database
def test_the_tidying_trims_once_a_month(app: Flask, now: datetime) -> None:
    start = trimming.month_start(now)
    record("access.refused", now=now - timedelta(days=900), actor_kind="person")
    seal(now)
    assert trimming.tidy(start)["audit_trimmed"] == 1
    record("access.refused", now=now - timedelta(days=900), actor_kind="person")
    seal(now)
    assert trimming.tidy(start + timedelta(days=5))["audit_trimmed"] == 0
    assert trimming.tidy(start + timedelta(days=40))["audit_trimmed"] == 1
