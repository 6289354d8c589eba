"""The collector of errors hears the place of an error, and no word, form, cookie, query or local variable."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import brotli
import pytest
from flask import Flask, g

from wellchat import create_app, error_reports
from wellchat.accounts.actions import create_user
from wellchat.clock import now
from wellchat.config import read_settings

CANARIES = {
    part: f"Zq7canary{part}"
    for part in ("form", "query", "cookie", "header", "local", "message", "cause", "log", "name", "task")
}


class Collector(ThreadingHTTPServer):
    """Keeps the bytes of each envelope."""

    def __init__(self) -> None:
        self.envelopes: Queue[str] = Queue()
        super().__init__(("127.0.0.1", 0), Receive)

    @property
    def dsn(self) -> str:
        return f"http://0123456789abcdef@127.0.0.1:{self.server_port}/1"


class Receive(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}.get(
            self.headers["Content-Encoding"] or ""
        )
        said = f"{self.path}\n{self.headers}\n" + (unpack(body) if unpack else body).decode()
        self.server.envelopes.put(said)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def reporting(collector: Collector, app: Flask) -> Iterator[Flask]:
    """An application that reports, on the database of the other one."""
    given = {"DATABASE_URL": app.config["DATABASE_URL"], "INSTANCE": app.config["INSTANCE"]}
    made = create_app(read_settings({}, SENTRY_DSN=collector.dsn, **given))
    yield made
    if "error_reports" in made.extensions:
        error_reports.close(made)


def envelope(collector: Collector, app: Flask) -> tuple[str, dict[str, Any]]:
    error_reports.close(app)
    said = collector.envelopes.get(timeout=10)
    assert collector.envelopes.empty()
    return said, json.loads(said.splitlines()[-1])


def test_an_error_of_a_request_arrives_without_anything_of_people(
    collector: Collector, reporting: Flask
) -> None:
    with reporting.app_context():
        paul = create_user(email="zq7canary@example.org", name=CANARIES["name"], role="client", now=now())

    def fails() -> str:
        words = CANARIES["local"]
        g._login_user = paul
        try:
            raise KeyError(CANARIES["cause"])
        except KeyError as cause:
            raise ValueError(CANARIES["message"] + words) from cause

    reporting.view_functions["accounts_api.post_token"] = fails
    client = reporting.test_client()
    client.set_cookie("session", CANARIES["cookie"])
    answer = client.post(
        f"/api/tokens?q={CANARIES['query']}",
        json={"email": "zq7canary@example.org", "password": CANARIES["form"]},
        headers={"X-Other": CANARIES["header"], "Authorization": f"Bearer {CANARIES['header']}"},
    )
    assert answer.status_code == 500
    said, event = envelope(collector, reporting)
    assert "canary" not in said.lower()
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("KeyError", "ValueError")
    last = error["stacktrace"]["frames"][-1]
    assert (last["filename"], last["function"]) == ("tests/test_error_reports.py", "fails")
    assert event["transaction"] == "/api/tokens"
    assert event["user"] == {"id": paul.id}
    assert event["tags"]["request_id"] == answer.headers["X-Request-ID"]
    assert event["release"].startswith("wellchat@")
    assert set(event) <= error_reports.ALLOWED


def test_a_task_that_failed_is_told_without_its_arguments(collector: Collector, reporting: Flask) -> None:
    try:
        raise RuntimeError(CANARIES["task"])
    except RuntimeError:
        logging.getLogger("celery.app.trace").exception("Task %s raised", CANARIES["log"])
    logging.getLogger("wellchat.x").error("no exception: %s", CANARIES["log"])
    said, event = envelope(collector, reporting)
    assert "canary" not in said.lower()
    assert event["logger"] == "celery.app.trace"
    assert event["exception"]["values"][0]["type"] == "RuntimeError"


def test_without_the_setting_nothing_of_it_is_loaded(make_app: Callable[..., Flask]) -> None:
    code = "import sys; from wellchat import create_app; create_app(); print('sentry_sdk' in sys.modules)"
    settings = {"WELLCHAT_INSTANCE": str(make_app().config["INSTANCE"])}
    found = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
    handlers = [each for name in error_reports.SOURCES for each in logging.getLogger(name).handlers]
    assert not any(isinstance(each, error_reports.Reporter) for each in handlers)
