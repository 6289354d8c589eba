"""No line of the log holds words of people, mail addresses or secrets; each names its request and person."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy.exc import OperationalError

from tests.cast import Cast
from wellchat import logs
from wellchat.log_privacy import scrubbed, trace_text
from wellchat.request_ids import job, request_id
from wellchat.web import signed_in

WORDS = "I am so afraid of the operation"
ADDRESS = "canary.person@example.org"
SECRET = "dGhpc0lzQVNlY3JldA0-Zz9_Q"


class Lines(logging.Handler):
    """Keep each line as it would be printed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.JSONFormatter())
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    logs.LOGGER.addHandler(handler)
    yield handler
    logs.LOGGER.removeHandler(handler)


def _fail(thread_id: str) -> None:
    raise LookupError(f"cannot read {WORDS} of {ADDRESS} in {thread_id}")


def test_an_error_of_a_page_names_request_and_person_and_quotes_nobody(
    app: Flask, browse: Callable[..., Any], cast: Cast, lines: Lines
) -> None:
    @signed_in
    def fails(thread_id: str) -> tuple[str, int]:
        try:
            _fail(thread_id)
        except LookupError:
            logging.getLogger("wellchat.x").exception("failed on %s for %s", request.url_rule, ADDRESS)
        return "", 500

    before = app.view_functions["messaging.thread"]
    app.view_functions["messaging.thread"] = fails
    try:
        answered = browse(cast.paul).get(f"/threads/{SECRET}?q={ADDRESS}")
    finally:
        app.view_functions["messaging.thread"] = before
    (line,) = lines.found
    assert line["person"] == cast.paul.id
    assert line["request_id"] == answered.headers["X-Request-ID"]
    assert line["traceback"].endswith("LookupError")
    assert "in _fail" in line["traceback"]
    for canary in (WORDS, "canary", SECRET, cast.paul.name, cast.paul.email):
        assert canary not in json.dumps(line)


def test_a_job_and_a_command_have_an_id_and_no_person(app: Flask, lines: Lines) -> None:
    with job():
        logging.getLogger("wellchat.x").warning("done")
        assert request_id() == lines.found[0]["request_id"]
    assert request_id() is None
    assert "person" not in lines.found[0]


def test_a_cause_is_told_and_a_server_may_speak() -> None:
    fault = OperationalError("SELECT 1", {}, Exception("server closed the connection"), hide_parameters=True)
    try:
        try:
            raise fault
        except OperationalError as error:
            raise KeyError(WORDS) from error
    except KeyError as error:
        text = trace_text(error)
    assert "server closed the connection" in text
    assert text.endswith("KeyError")
    assert WORDS not in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"mail to <{ADDRESS}> refused", "mail to <***> refused"),
        ("redis://user:pa55word@host:6379/0", "redis://***:6379/0"),
        (f"GET /reset/{SECRET}", "GET /reset/***"),
        ("mail 0h3k5v7x9bcde cannot be made", "mail 0h3k5v7x9bcde cannot be made"),
        (
            "wellchat.booking_notices.actions.announce failed",
            "wellchat.booking_notices.actions.announce failed",
        ),
        ("task 0b2c1fd0-1111-4222-8333-123456789abc", "task 0b2c1fd0-1111-4222-8333-123456789abc"),
    ],
)
def test_addresses_and_secrets_are_hidden_and_ids_stay(text: str, left: str) -> None:
    assert scrubbed(text) == left


def test_an_error_page_shows_the_number_of_its_request(client: Any) -> None:
    answer = client.get("/there-is-nothing-here")
    assert answer.status_code == 404
    assert answer.headers["X-Request-ID"] in answer.text
