"""`wellchat host check`: each of six things is right, or named with the line that mends it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from tests.sso.conftest import Host
from wellchat import clock
from wellchat.host_setup.checks import CHECKS, Finding, look, visit
from wellchat.host_setup.hooks import Wrong
from wellchat.mail.outbox_key import outbox_key
from wellchat.sso.keys import create_key

SCRIPT = '<script async src="{here}/embed/v1.js" nonce="n1" data-token-url="/t"></script>'
TAGS = SCRIPT + "<wellchat-inbox></wellchat-inbox>"


class Site:
    """A site that answers what it is told: path -> (status, headers, body). It sends the date `ahead`."""

    def __init__(self) -> None:
        site = self
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self.ahead = timedelta()
        self.cookies: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.cookies.append(self.headers.get("Cookie"))
                status, headers, body = site.answers.get(self.path.partition("?")[0], (404, {}, ""))
                self.send_response_only(status)
                for name, value in {"Date": format_datetime(clock.now() + site.ahead), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def here(app: Flask, site: Site, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of wellchat, by way of a proxy that tests can spoil: the site, as `localhost`."""
    address = site.url.replace("127.0.0.1", "localhost")
    monkeypatch.setitem(app.config, "BASE_URL", address)
    site.answers["/embed/hub"] = (200, {"Content-Security-Policy": f"frame-ancestors {site.url}"}, "")
    site.answers["/api/host/events/cursor"] = (401, {}, "")
    site.answers["/"] = (200, {}, TAGS.format(here=address))
    site.answers["/t"] = (401, {}, "")
    return address


@pytest.fixture
def shop(app: Flask, here: str) -> Host:
    key, secret = create_key(alg="HS256", name="shop", now=clock.now())
    return Host(here, key.kid, str(secret), clock.now())


def found(site: Site, **more: Any) -> dict[str, Finding]:
    return {each.name: each for each in look(visit(site.url, with_browser=False, **more), clock.now())}


def test_a_host_that_is_ready_has_six_good_lines(app: Flask, site: Site, shop: Host) -> None:
    done = app.test_cli_runner().invoke(args=["host", "check", site.url, "--no-browser"])
    assert done.exit_code == 0, done.output
    assert [line.split()[:2] for line in done.output.splitlines()] == [
        ["ok", name] for name in ("csp", "frame", "token", "clock", "webhook", "mail")
    ]
    assert "wellchat-inbox" in done.output
    assert f"/outbox?key={outbox_key()}" in done.output
    site.answers["/t"] = (200, {}, json.dumps({"token": shop.token(sub="c-9")}))
    with_cookie = found(site, cookie="session=abc")
    assert (with_cookie["token"].ok, "c-9" in with_cookie["token"].detail) == (True, True)
    assert site.cookies.count("session=abc") == 2, "for the page and for the token, not for wellchat"
    site.answers["/"] = (200, {}, "<p>Sign in</p>")
    assert "as a stranger it has no element of it; --cookie looks as somebody" in found(site)["frame"].detail
    assert "also with this cookie" in found(site, cookie="session=xyz")["frame"].detail


@pytest.mark.parametrize(
    ("policy", "by"),
    [
        ("script-src 'self'; frame-src {here}", "script-src"),
        ("default-src {here}; frame-src 'none'", "frame-src"),
        ("default-src 'self'", "default-src"),
        ("script-src {here}; script-src-elem 'self'", "script-src-elem"),
        ("script-src {here} 'strict-dynamic'; frame-src {here}", "script-src"),
        ("script-src {here}/other/; frame-src {here}", "script-src"),
        ("script-src http://localhost:1; frame-src {here}", "script-src"),
        ("script-src 'nonce-n2'; frame-src {here}", "script-src"),
        ("script-src http:; child-src *.localhost", "child-src"),
        ("script-src {here}; frame-src {here}", ""),
        ("script-src 'nonce-n1' 'strict-dynamic'; frame-src *", ""),
        ("script-src localhost:*; frame-src {here}/embed/", ""),
        ("script-src {here}; frame-src {here}; connect-src {here}", "connect-src"),
        ("script-src {here}; frame-src {here}; default-src 'none'; connect-src 'self'", ""),
        ("img-src 'none'", ""),
    ],
)
def test_a_policy_that_keeps_wellchat_out_is_named(
    site: Site, shop: Host, here: str, policy: str, by: str
) -> None:
    status, _, body = site.answers["/"]
    site.answers["/"] = (status, {"Content-Security-Policy": policy.format(here=here)}, body)
    csp = found(site)["csp"]
    assert csp.ok == (not by)
    assert csp.detail.startswith(by)
    assert csp.ok or csp.mend.startswith(
        f"Content-Security-Policy: script-src 'self' {here}; frame-src {here}"
    )


def test_the_policy_of_a_meta_tag_counts_too(site: Site, shop: Host) -> None:
    meta = '<meta http-equiv="content-security-policy" content="frame-src \'none\'">'
    site.answers["/"] = (200, {}, meta + site.answers["/"][2])
    assert found(site)["csp"].detail.startswith("frame-src")


@pytest.mark.parametrize(
    ("status", "headers", "word", "mend"),
    [
        (404, {}, "answers 404", "WELLCHAT_EMBED_ORIGINS="),
        (
            200,
            {"Content-Security-Policy": "frame-ancestors 'none'"},
            "does not name",
            "WELLCHAT_EMBED_ORIGINS=",
        ),
        (200, {"X-Frame-Options": "DENY"}, "proxy", "proxy_hide_header"),
    ],
)
def test_a_frame_that_may_not_be_shown_is_named(
    site: Site, shop: Host, status: int, headers: dict[str, str], word: str, mend: str
) -> None:
    site.answers["/embed/hub"] = (status, headers, "")
    frame = found(site)["frame"]
    assert (frame.ok, word in frame.detail, mend in frame.mend) == (False, True, True)


def test_a_token_that_is_no_good_is_named(site: Site, shop: Host) -> None:
    for status, body, cookie, word in (
        (404, "", "", "404"),
        (500, "", "", "500"),
        (200, "no json", "", "no token"),
        (200, '["a"]', "", "no token"),
        (200, {"token": shop.token()}, "", "a stranger"),
        (200, {"token": shop.token(exp=shop.now * 1000)}, "s=1", "time_not_in_seconds"),
        (200, {"token": shop.token(aud="https://other.example")}, "s=1", "wrong_audience"),
        (401, "", "s=1", "401"),
    ):
        site.answers["/t"] = (status, {}, body if isinstance(body, str) else json.dumps(body))
        token = found(site, cookie=cookie)["token"]
        assert (token.ok, word in token.detail, bool(token.mend)) == (False, True, True), (body, token)


def test_no_key_a_wrong_clock_and_no_events_are_named(
    app: Flask, site: Site, here: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.ahead = timedelta(seconds=100)
    site.answers["/api/host/events/cursor"] = (404, {}, "")
    wrong = found(site)
    assert "host init" in wrong["token"].mend
    assert "s ahead of ours" in wrong["clock"].detail
    assert wrong["webhook"].mend == "WELLCHAT_FEATURES=events"
    done = app.test_cli_runner().invoke(args=["host", "check", site.url, "--no-browser", "--json"])
    assert done.exit_code == 1
    assert [each["ok"] for each in json.loads(done.output.splitlines()[0])] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]
    real = replace(visit(site.url, with_browser=False), here="https://chat.example.org")
    with pytest.raises(Wrong, match="no mail server"):
        CHECKS["mail"](real, now)
    monkeypatch.setitem(app.config, "SMTP_URL", "smtp://127.0.0.1:1")
    with pytest.raises(Wrong, match="nobody can answer"):
        CHECKS["mail"](real, now)
    monkeypatch.setitem(app.config, "MAIL_FROM", "chat@example.org")
    with pytest.raises(Wrong, match="refused"):
        CHECKS["mail"](real, now)
    with pytest.raises(Wrong, match="no http frame"):
        CHECKS["frame"](replace(real, origin="https://shop.example", here="http://chat.example.org"), now)


def test_a_site_that_does_not_answer_is_one_line(app: Flask) -> None:
    for url in ("http://127.0.0.1:9/", "shop.example"):
        done = app.test_cli_runner().invoke(args=["host", "check", url])
        assert (done.exit_code, len(done.output.splitlines())) == (1, 1), done.output
