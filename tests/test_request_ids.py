"""The id of a request is in its answer, its log lines and the security log; few may send one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.audit.conftest import events
from wellchat import request_ids
from wellchat.audit.actions import record
from wellchat.logs import JSONFormatter, TextFormatter

GIVEN = "a1b2c3d4-5e6f"


@pytest.fixture(autouse=True)
def fresh_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids as they are made outside of tests."""
    numbers = iter(range(10**15, 2 * 10**15))
    monkeypatch.setattr(request_ids, "new_request_id", lambda: str(next(numbers)))


def test_each_answer_has_an_id_of_its_own(client: Any) -> None:
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert request_ids.GOOD.fullmatch(first)


def test_a_problem_names_it(client: Any) -> None:
    answer = client.get("/api/threads")
    assert answer.status_code == 401
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("proxies", "sent", "is_taken"),
    [
        (0, GIVEN, False),
        (1, GIVEN, True),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "with blank and more", False),
        (1, "line\tbreak-12345", False),
        (1, "", False),
    ],
)
def test_only_a_trusted_proxy_sets_it(
    app: Flask, client: Any, proxies: int, sent: str, is_taken: bool
) -> None:
    app.config["TRUSTED_PROXIES"] = proxies
    answer = client.get("/healthz", headers={"X-Request-ID": sent})
    assert (answer.headers["X-Request-ID"] == sent) is is_taken


def test_it_is_in_the_security_log(app: Flask, now: datetime) -> None:
    app.config["TRUSTED_PROXIES"] = 1
    with app.test_request_context("/", headers={"X-Request-ID": GIVEN}):
        app.preprocess_request()
        record("access.refused", now=now)
    assert events()[0].request_id == GIVEN


# Log lines


def entry(message: str, *args: object, fails: bool = False) -> logging.LogRecord:
    info = None
    if fails:
        try:
            raise ValueError("first\nWARNING wellchat: forged")
        except ValueError as error:
            info = (ValueError, error, error.__traceback__)
    return logging.LogRecord("wellchat.x", logging.WARNING, "", 0, message, args, info)


@pytest.fixture
def in_request(app: Flask) -> Iterator[str]:
    with app.test_request_context("/"):
        app.preprocess_request()
        yield str(request_ids.request_id())


def test_a_line_of_text_cannot_be_forged(in_request: str) -> None:
    line = TextFormatter().format(entry("said %s", "a\nERROR wellchat: forged\x1b[2J\u2028\u202e"))
    assert line == (
        f"WARNING wellchat.x [{in_request}]: said a\\nERROR wellchat: forged\\x1b[2J\\u2028\\u202e"
    )
    trace = TextFormatter().format(entry("failed", fails=True)).splitlines()
    assert len(trace) > 3
    assert all(each.startswith("  ") for each in trace[1:])


def test_a_line_of_json_is_one_line(in_request: str) -> None:
    text = JSONFormatter().format(entry("said %s", "a\nb\u2028", fails=True))
    assert text.isascii()
    assert "\n" not in text
    line = json.loads(text)
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "wellchat.x", "said a\nb\u2028")
    assert line["request_id"] == in_request
    assert "ValueError" in line["traceback"]
    assert line["time"].endswith("Z")


def test_outside_of_a_request_there_is_no_id() -> None:
    assert TextFormatter().format(entry("done")) == "WARNING wellchat.x: done"
    assert "request_id" not in json.loads(JSONFormatter().format(entry("done")))


def test_the_setting_decides(make_app: Callable[..., Flask], capsys: pytest.CaptureFixture[str]) -> None:
    make_app(LOG="json")
    handlers = logging.root.handlers[:]
    logging.root.handlers.clear()
    try:
        logging.getLogger("wellchat.x").warning("said\nit")
    finally:
        logging.root.handlers[:] = handlers
        make_app()
    assert json.loads(capsys.readouterr().err)["message"] == "said\nit"
