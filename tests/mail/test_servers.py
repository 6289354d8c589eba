"""Mail servers as operators have them: with a password, with STARTTLS, with TLS from the first byte."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.mail.world import NOON, World
from tests.services import free_port
from wellchat.mail import actions


class Sink:
    def __init__(self) -> None:
        self.taken = 0

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802
        self.taken += 1
        return "250 taken"


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """For `localhost`, trusted by this test alone."""
    if not shutil.which("openssl"):
        pytest.skip("left out: no openssl here to make a certificate with")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    wish = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-keyout",
        str(key),
        "-out",
        str(cert),
        *wish,
    ]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def listening(sink: Sink, **options: Any) -> Iterator[int]:
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def deliver(world: World, url: str) -> str | None:
    world.app.config["SMTP_URL"] = url
    mail = actions.queue_mail(
        user_id=None, address="ana@example.com", name="welcome", context={"name": "Ana"}, now=NOON
    )
    return actions.deliver(mail_id=mail.id, now=NOON)


def check_password(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    is_right = (data.login, data.password) == (b"ana@home", b"p:w/d@1")
    return AuthResult(success=is_right, handled=False)  # handled: the server would not say a word


def test_the_password_in_the_url_signs_in(world: World, sink: Sink) -> None:
    for port in listening(sink, authenticator=check_password, auth_required=True, auth_require_tls=False):
        assert deliver(world, f"smtp://ana%40home:p%3Aw%2Fd%401@127.0.0.1:{port}") == "sent"
        assert deliver(world, f"smtp://ana%40home:wrong@127.0.0.1:{port}") == "queued"
    assert sink.taken == 1
    assert "cannot be used" in world.mails()[-1].reason + world.mails()[0].reason


def test_a_server_with_starttls_is_spoken_to_encrypted(
    world: World, sink: Sink, certificate: ssl.SSLContext
) -> None:
    for port in listening(sink, tls_context=certificate, require_starttls=True):
        assert deliver(world, f"smtp://localhost:{port}?starttls=1") == "sent"
        assert deliver(world, f"smtp://localhost:{port}") == "queued", "the operator's slip, not the mail's"
    assert sink.taken == 1


def test_a_server_without_starttls_is_not_spoken_to_in_the_clear(world: World, sink: Sink) -> None:
    for port in listening(sink):
        assert deliver(world, f"smtp://localhost:{port}?starttls=1") == "queued"
    assert sink.taken == 0


def test_a_certificate_of_somebody_else_is_refused(
    world: World, sink: Sink, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    for port in listening(sink, tls_context=certificate):
        assert deliver(world, f"smtp://localhost:{port}?starttls=1") == "queued"
    assert sink.taken == 0
