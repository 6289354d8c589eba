"""What security tools find at fixed addresses, and what browsers may report."""

from __future__ import annotations

import io
import json
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from wellchat.clock import moment
from wellchat.config import SettingsError, read_settings
from wellchat.disclosure.csp_reports import CspReport, read_reports
from wellchat.disclosure.pages import _logged
from wellchat.metrics import POLICY_REPORTS

OLD = {
    "csp-report": {
        "document-uri": "https://chat.example/threads/0123abc?q=secret",
        "violated-directive": "script-src-elem 'self'",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://elsewhere.example/x.js?token=secret#a",
        "source-file": "https://chat.example/assets/1/app.js",
    }
}
NEW = {
    "type": "csp-violation",
    "url": "https://chat.example/search",
    "body": {"documentURL": "https://chat.example/search?q=secret", "effectiveDirective": "img-src",
             "blockedURL": "inline"},
}  # fmt: skip


def test_security_txt_names_whom_to_tell_for_less_than_a_year(app: Flask, client: Any, now: datetime) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    app.config["SECURITY_CONTACT"] = "mailto:security@chat.example"
    answer = client.get("/.well-known/security.txt")
    assert answer.mimetype == "text/plain"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@chat.example"
    assert timedelta(days=30) < moment(fields["Expires"]) - now < timedelta(days=365)
    assert fields["Canonical"].endswith("/.well-known/security.txt")


@pytest.mark.parametrize(
    ("given", "contact"),
    [
        ("help@chat.example", "mailto:help@chat.example"),
        ("mailto:help@chat.example", "mailto:help@chat.example"),
        ("https://chat.example/security", "https://chat.example/security"),
        ("somebody", None),
        ("http://chat.example", None),
        ("a@b\nEvil: yes", None),
    ],
)
def test_the_contact_is_a_uri(given: str, contact: str | None) -> None:
    if contact is None:
        with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
            read_settings({"WELLCHAT_SECURITY_CONTACT": given})
    else:
        assert contact == read_settings({"WELLCHAT_SECURITY_CONTACT": given}).SECURITY_CONTACT


def test_password_managers_are_led_to_the_page(client: Any, browse: Any, cast: Any) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.location) == (303, "/settings#password")
    assert 'id="password"' in browse(cast.cara).get("/settings").text


def test_pages_say_where_broken_policies_are_reported(client: Any) -> None:
    headers = client.get("/sign-in").headers
    assert "report-uri /reports; report-to csp" in headers["Content-Security-Policy"]
    assert headers["Reporting-Endpoints"] == 'csp="/reports"'


@pytest.mark.parametrize(("report", "kind"), [(OLD, "script-src-elem"), ([NEW, NEW], "img-src")])
def test_a_report_is_counted_and_the_first_of_its_kind_logged(
    client: Any, caplog: Any, report: Any, kind: str
) -> None:
    _logged.clear()
    before = POLICY_REPORTS.labels(kind)._value.get()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            answer = client.post("/reports", data=json.dumps(report), content_type="application/csp-report")
            assert (answer.status_code, answer.data) == (204, b"")
    count = len(report) if isinstance(report, list) else 1
    assert POLICY_REPORTS.labels(kind)._value.get() - before == 2 * count
    lines = [record.getMessage() for record in caplog.records if "a browser blocked" in record.getMessage()]
    assert len(lines) == 1
    assert "secret" not in lines[0]
    assert "0123abc" not in lines[0]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"3", b"{}", b"\xff", b'{"csp-report": []}', b'[[], {"body": {"blockedURL": 4}}]'],
)
def test_what_is_no_report_changes_nothing(client: Any, everything: Any, body: bytes) -> None:
    before = everything()
    assert client.post("/reports", data=body, content_type="application/reports+json").status_code == 204
    assert read_reports(body) == []
    assert everything() == before


def test_a_report_that_is_too_large_is_refused(client: Any) -> None:
    answer = client.post("/reports", data=b"x" * 70_000, content_type="application/reports+json")
    assert answer.status_code == 413
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    stream = io.BytesIO(b"x" * 70_000)
    answer = client.post("/reports", input_stream=stream, environ_overrides=chunked)
    assert answer.status_code == 413


def test_what_an_extension_of_the_reader_does_is_left_out() -> None:
    by_extension = {**OLD["csp-report"], "source-file": "moz-extension://0d1e/content.js"}
    assert read_reports(json.dumps({"csp-report": by_extension}).encode()) == []


def test_nobody_makes_up_directives() -> None:
    made_up = {**OLD["csp-report"], "effective-directive": "x" * 500}
    assert [report.directive for report in read_reports(json.dumps({"csp-report": made_up}).encode())] == [
        "other"
    ]
    assert (
        read_reports(json.dumps([NEW] * 500).encode())
        == [CspReport("img-src", "inline", "https://chat.example/search")] * 50
    )
