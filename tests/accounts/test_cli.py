"""`wellchat user create` and `wellchat token create`."""

from __future__ import annotations

import json

import pytest

from tests.accounts.conftest import account
from wellchat import clock
from wellchat.accounts.credentials import authenticate
from wellchat.accounts.queries import user_by_token
from wellchat.changes.models import ChangeLog
from wellchat.db import db


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def run(*words: str, given: str | None = None):
        return runner.invoke(args=list(words), input=given)

    return run


def test_user_create_takes_the_password_as_an_option(run):
    made = run(
        "user",
        "create",
        "Eve@Example.com",
        "--name",
        "Eve",
        "--role",
        "client",
        "--password",
        "three warm words",
    )
    assert made.exit_code == 0
    eve = account("eve@example.com")
    assert made.output == f"{eve.id}\n"
    assert eve.verified_at is not None
    assert db.session.get(ChangeLog, eve.id) is not None
    assert authenticate(email="eve@example.com", password="three warm words").id == eve.id


def test_user_create_reads_the_password_from_standard_input(run):
    made = run(
        *("user", "create", "eve@example.com", "--name", "Eve", "--role", "admin", "--json"),
        given="from a pipe\n",
    )
    assert json.loads(made.output)["role"] == "admin"
    assert authenticate(email="eve@example.com", password="from a pipe") is not None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("eve@example.com", "--name", "Eve", "--role", "emperor", "--password", "three warm words"), 2),
        (("eve@example.com", "--name", "Eve", "--password", "three warm words"), 2),
        (("--name", "Eve", "--role", "client", "--password", "three warm words"), 2),
        (("no address", "--name", "Eve", "--role", "client", "--password", "three warm words"), 1),
        (("eve@example.com", "--name", "", "--role", "client", "--password", "three warm words"), 1),
        (("eve@example.com", "--name", "Eve", "--role", "client"), 1),
        (
            (
                "eve@example.com",
                "--name",
                "Eve",
                "--role",
                "client",
                "--password",
                "pw",
                "--time-zone",
                "Mars",
            ),
            1,
        ),
        (("cara@example.com", "--name", "Eve", "--role", "client", "--password", "three warm words"), 1),
    ],
)
def test_user_create_refuses_invalid_values(run, cast, words, code):
    failed = run("user", "create", *words, given="")
    assert failed.exit_code == code, failed.output
    assert account("eve@example.com") is None
    if code == 1:
        assert failed.stdout == ""
        assert len(failed.stderr.strip().splitlines()) == 1


def test_token_create_prints_a_working_token(run, cast):
    made = run("token", "create", "cara@example.com", "--name", "cron")
    user, _ = user_by_token(made.output.strip(), now=clock.now())
    assert user.id == cast.cara.id
    assert "token" in json.loads(run("token", "create", "cara@example.com", "--json").output)


def test_token_create_refuses_an_unknown_address(run, cast):
    failed = run("token", "create", "nobody@example.com")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert "nobody@example.com" in failed.stderr
