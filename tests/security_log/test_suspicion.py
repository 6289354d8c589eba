"""What makes owners suspicious, and that they are told once, on either database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.audit.conftest import events
from tests.cast import Cast
from wellchat import sweeps
from wellchat.audit import kinds
from wellchat.audit.actions import record
from wellchat.audit.kinds import AuditKind
from wellchat.audit.models import FAILED
from wellchat.audit.origin import Origin, current_origin
from wellchat.audit.sealing import seal
from wellchat.db import db
from wellchat.mail.models import Mail
from wellchat.security_log import rules, suspicion

HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
EXAMPLES = {f"example.{signal}": AuditKind(signal, signal=signal) for signal in kinds.SIGNALS}


@pytest.fixture(autouse=True)
def example_kinds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One kind for each signal, so that the rules are tested whatever the features call theirs."""
    registry = app.extensions["features"]
    monkeypatch.setitem(registry.__dict__, "audited", registry.audited | EXAMPLES)


@pytest.fixture
def act(app: Flask) -> Callable[..., None]:
    """act(signal, at=..., network=..., ...): one row, as a request from there would write it."""

    def write(
        signal: str, *, at: datetime, network: str = HERE, actor_id: str | None = None, **more: Any
    ) -> None:
        origin = Origin(actor_id, "", network, "")
        before = current_origin.set(lambda: origin)
        try:
            record(f"example.{signal}", now=at, **more)
        finally:
            current_origin.reset(before)

    return write


def raised(now: datetime) -> list[str]:
    seal(now)
    suspicion.sweep(now)
    return sorted(str(row.detail["rule"]) for row in events("suspicion.raised"))


def fail(act: Any, person: Any, at: datetime, network: str = HERE) -> None:
    act(kinds.SIGN_IN_FAILED, at=at, network=network, person_id=person.id, outcome=FAILED)


@pytest.mark.each_database
def test_many_failures_on_one_account_are_told_once_with_a_mail_to_owners(
    app: Flask, cast: Cast, now: datetime, act: Any, change: Any
) -> None:
    change(cast.rita, role="admin", admin_roles="support")
    ada_id, paul = cast.ada.id, cast.paul
    for number in range(9):
        fail(act, cast.cara, now + timedelta(seconds=number), network=f"10.0.{number}.0/24")
    assert raised(now) == []
    fail(act, cast.cara, now + timedelta(seconds=9))
    assert raised(now) == ["failures"]
    (row,) = events("suspicion.raised")
    assert (row.severity, row.actor_kind) == ("high", "system")
    for number in range(30):
        fail(act, cast.cara, now + timedelta(seconds=10 + number))
    assert raised(now) == ["failures"]
    fail(act, paul, now)
    assert raised(now) == ["failures"]
    sweeps.run(now)
    (mail,) = db.session.execute(select(Mail).where(Mail.name == "suspicion")).scalars()
    assert (mail.user_id, mail.state) == (ada_id, "sent")


@pytest.mark.each_database
def test_failures_that_are_spread_out_are_none(app: Flask, cast: Cast, now: datetime, act: Any) -> None:
    for number in range(20):
        fail(act, cast.cara, now + timedelta(minutes=2 * number))
    assert raised(now) == []


@pytest.mark.each_database
def test_a_network_that_fails_on_five_accounts(app: Flask, cast: Cast, now: datetime, act: Any) -> None:
    for number, person in enumerate((cast.cara, cast.paul, cast.olga, cast.rita)):
        fail(act, person, now + timedelta(minutes=number))
    fail(act, cast.ada, now, network=THERE)
    assert raised(now) == []
    fail(act, cast.ada, now + timedelta(minutes=5))
    assert raised(now) == ["accounts"]


@pytest.mark.each_database
def test_an_administrator_from_a_network_not_seen_for_ninety_days(
    app: Flask, cast: Cast, now: datetime, act: Any
) -> None:
    def signs_in(who: Any, days: int, network: str) -> None:
        act(kinds.SIGN_IN, at=now - timedelta(days=days), network=network, actor_id=who.id)

    signs_in(cast.ada, 200, HERE)
    signs_in(cast.ada, 199, HERE)
    signs_in(cast.cara, 10, HERE)
    signs_in(cast.cara, 9, THERE)
    assert raised(now) == []
    signs_in(cast.ada, 8, THERE)
    assert raised(now) == ["network"]
    signs_in(cast.ada, 7, THERE)
    assert raised(now) == ["network"]
    signs_in(cast.ada, 6, HERE)
    assert raised(now) == ["network", "network"]


@pytest.mark.each_database
def test_an_export_after_a_reset_of_factors(app: Flask, cast: Cast, now: datetime, act: Any) -> None:
    act(kinds.FACTOR_RESET, at=now - timedelta(hours=25), person_id=cast.paul.id, actor_id=cast.ada.id)
    act(kinds.FACTOR_RESET, at=now - timedelta(hours=23), person_id=cast.cara.id, actor_id=cast.ada.id)
    act(kinds.EXPORT, at=now, actor_id=cast.paul.id)
    assert raised(now) == []
    act(kinds.EXPORT, at=now, actor_id=cast.cara.id)
    assert raised(now) == ["reset_export"]


@pytest.mark.each_database
@pytest.mark.parametrize(
    ("signal", "most", "apart", "rule"),
    [
        (kinds.LOOK, 20, timedelta(minutes=60), "looks"),
        (kinds.EXPORT, 5, timedelta(hours=4), "exports"),
        (kinds.READING, 200, timedelta(seconds=10), "reading"),
    ],
)
def test_an_administrator_who_reads_very_much(
    app: Flask, cast: Cast, now: datetime, act: Any, signal: str, most: int, apart: timedelta, rule: str
) -> None:
    for number in range(most):
        act(signal, at=now + number * apart, actor_id=cast.ada.id)
        act(signal, at=now + number * apart, actor_id=cast.cara.id)
    act(signal, at=now + most * apart, actor_id=cast.cara.id)
    assert raised(now) == []
    act(signal, at=now + most * apart, actor_id=cast.ada.id)
    assert raised(now) == [rule]


@pytest.mark.each_database
def test_a_broken_chain_is_told_once_a_day(
    app: Flask, cast: Cast, written: Any, tamper: Any, now: datetime
) -> None:
    written(30)
    assert suspicion.check_chain(now) == {"audit_findings": 0}
    tamper("UPDATE audit SET network = 'x' WHERE seq = 12")
    for hours in (0, 1, 2):
        suspicion.check_chain(now.replace(hour=3) + timedelta(hours=hours))
    (row,) = events("suspicion.raised")
    assert (row.detail["rule"], "row 12" in str(row.detail["found"])) == ("chain", True)
    assert db.session.execute(select(Mail).where(Mail.name == "suspicion")).scalars().all()


@pytest.mark.each_database
def test_the_worker_verifies_a_long_log_in_parts(
    app: Flask, cast: Cast, written: Any, tamper: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicion, "SLICE", 10)
    written(35)
    tamper("UPDATE audit SET network = 'x' WHERE seq = 25")
    found = [suspicion.check_chain(now)["audit_findings"] for _ in range(8)]
    assert found == [0, 0, 1, 0, 0, 0, 1, 0]


@pytest.mark.each_database
def test_judging_costs_one_statement_when_nothing_is_new(
    app: Flask, written: Any, now: datetime, queries: Any
) -> None:
    written(3)
    suspicion.sweep(now)
    db.session.rollback()
    with queries() as counted:
        suspicion.sweep(now)
    assert counted.count == 1


def test_every_rule_has_words() -> None:
    assert set(rules.RULES) == {
        "failures", "accounts", "network", "reset_export", "looks", "exports", "reading", "chain",
    }  # fmt: skip
