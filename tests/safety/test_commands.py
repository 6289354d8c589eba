"""`wellchat user list|show|disable|enable|role|sign-out`."""

from __future__ import annotations

import json

import pytest

from wellchat.accounts.actions import create_token
from wellchat.accounts.queries import user_by_token
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.safety.models import Measure


@pytest.fixture
def run(app, cast):
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["user", *words])


def test_list_and_show(run, cast):
    found = json.loads(run("list", "--json").output)
    assert [each["email"] for each in found] == sorted(each["email"] for each in found)
    assert len(found) == 5
    assert run("list", "--role", "professional", "--find", "paul").output == (
        "paul@example.com\tPaul Professional\tprofessional\n"
    )
    shown = json.loads(run("show", "ADA@example.com", "--json").output)
    assert (shown["id"], shown["admin_roles"], shown["disabled_at"]) == (cast.ada.id, ["owner"], None)
    assert "admin_roles   owner\n" in run("show", "ada@example.com").output


def test_disable_needs_a_reason_and_enable_restores(run, cast, fresh):
    assert run("disable", "paul@example.com").exit_code == 2
    assert run("disable", "paul@example.com", "--reason", "x").exit_code == 1
    done = run("disable", "paul@example.com", "--reason", "Lost his phone", "--json")
    assert (done.exit_code, json.loads(done.output)["disabled_at"] is not None) == (0, True)
    assert run("list", "--disabled").output.startswith("paul@example.com\t")
    (measure,) = db.session.query(Measure)
    assert (measure.reason, measure.by_id) == ("Lost his phone", None)
    (row,) = db.session.query(AuditEvent).filter_by(kind="person.disabled")
    assert row.actor_kind == "operator"
    assert run("enable", "paul@example.com").output == "Enabled.\n"
    assert fresh(cast.paul).is_active


def test_sign_out_ends_tokens(run, cast, now):
    token = create_token(user_id=cast.paul.id, now=now)
    assert run("sign-out", "paul@example.com").output == "Signed out everywhere.\n"
    assert user_by_token(token, now=now) is None


def test_role_makes_administrators_with_duties_and_back(run, cast, fresh):
    assert run("role", "olga@example.com", "moderator,support").output == "Is now moderator, support.\n"
    assert fresh(cast.olga).admin_roles == "support moderator"
    assert run("role", "olga@example.com", "client").exit_code == 0
    assert (fresh(cast.olga).role, fresh(cast.olga).admin_roles) == ("client", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("disable", "nobody@example.com", "--reason", "A reason"), 1, "Nobody here has the address"),
        (("show", "nobody@example.com"), 1, "Nobody here has the address"),
        (("role", "paul@example.com", "emperor"), 2, "choose from"),
        (("role", "paul@example.com", ","), 2, "choose from"),
        (("role", "paul@example.com", "admin"), 2, "choose from"),
        (("role", "cara@example.com", "professional"), 1, "They have conversations"),
        (("role", "ada@example.com", "support"), 1, "last owner"),
        (("disable", "ada@example.com", "--reason", "A reason"), 1, "last owner"),
        (("list", "--role", "emperor"), 2, "emperor"),
    ],
)
def test_what_cannot_be_done_says_why_in_one_line(run, words, code, said):
    done = run(*words)
    assert done.exit_code == code
    assert said in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1
    assert db.session.query(Measure).count() == 0
