"""Endpoints are addresses that strangers chose."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.push.push_service import PushService, drip
from wellchat.push import web_push

PRIVATE = [
    "https://127.0.0.1/x", "https://localhost/x", "https://10.0.0.8/x", "https://192.168.1.1/x", "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data", "https://0.0.0.0/x", "https://[::1]/x", "https://[fd00::1]/x",
    "https://[fe80::1]/x", "https://[::ffff:127.0.0.1]/x", "https://[64:ff9b::7f00:1]/x", "https://[2002:7f00:1::]/x",
    "https://100.64.0.1/x", "https://224.0.0.1/x", "https://2130706433/x", "https://0x7f.1/x",
]  # fmt: skip
ODD = [
    "http://push.example.com/x", "ftp://push.example.com/x", "file:///etc/passwd", "https://", "https:///x",
    "push", "https://user@push.example.com/x", "https://push.example.com:8443/x", "https://push.example.com:99999/x",
    "https://push.example.com:x/", "https://push.example.com/a b", "https://push.example.com/\r\nX: y",
    "https://exämple.com/x", "javascript:alert(1)", "//push.example.com/x",
]  # fmt: skip


@pytest.mark.parametrize("endpoint", PRIVATE)
def test_nothing_is_sent_to_a_private_address(
    app: Any, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    with pytest.raises((web_push.Gone, web_push.Temporary)):
        web_push.post(endpoint, b"x", {})


@pytest.mark.parametrize("endpoint", ODD)
def test_only_https_endpoints_are_taken(app: Any, endpoint: str) -> None:
    with pytest.raises(web_push.Gone):
        web_push.post(endpoint, b"x", {})


def test_an_operator_names_the_hosts_that_are_pushed_to(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUSH_HOSTS", ("push.example.com", "Example.net"))
    for host in ("push.example.com", "a.push.example.com", "PUSH.example.com", "example.net"):
        assert web_push.check_endpoint(f"https://{host}/x").hostname == host.lower()
    for host in ("example.com", "evilpush.example.com", "push.example.com.evil.example", "93.184.216.34"):
        with pytest.raises(ValueError, match="does not push there"):
            web_push.check_endpoint(f"https://{host}/x")


def test_a_public_name_that_resolves_to_a_private_address_is_refused(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One private address among public ones is enough: which one is used would be luck."""
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    with pytest.raises(web_push.Gone, match="not public"):
        web_push.post("https://push.example.com/x", b"x", {})


def test_the_connection_goes_to_the_address_that_was_checked(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves differently the second time gains nothing: there is no second time."""
    asked: list[str] = []
    reached: list[Any] = []

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        reached.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(web_push.Temporary):
        web_push.post("https://push.example.com/x", b"x", {})
    assert (asked, reached) == (["push.example.com"], [("93.184.216.34", 443)])


def test_a_service_that_answers_too_slowly_is_cut_off(
    app: Any, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_push, "TIMEOUT", 0.5)
    push_service.answers = [drip]
    before = time.monotonic()
    with pytest.raises(web_push.OutcomeUnknown):
        web_push.post(f"{push_service.url}/x", b"x", {})
    assert time.monotonic() - before < 30, "it drips for most of an hour"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def test_pushes_go_over_tls_to_a_verified_host_only(
    app: Any, push_service: PushService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    push_service.server.socket = context.wrap_socket(push_service.server.socket, server_side=True)
    address = f"https://localhost:{push_service.server.server_port}/x?y=1"
    with pytest.raises(web_push.Temporary, match="No safe connection"):
        web_push.post(address, b"sealed", {})
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    web_push.post(address, b"sealed", {"TTL": "60"})
    [pushed] = push_service.pushed
    assert (pushed.path, pushed.body, pushed.headers["ttl"]) == ("/x?y=1", b"sealed", "60")
    with pytest.raises(web_push.Temporary, match="No safe connection"):
        web_push.post(address.replace("localhost", "127.0.0.1"), b"sealed", {})


def test_no_socket_stays_open(app: Any, push_service: PushService) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        web_push.post(f"{push_service.url}/x", b"x", {})
    names = [thread.name for thread in threading.enumerate()]
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2, names
