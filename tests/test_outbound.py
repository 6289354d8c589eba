"""The client for addresses that somebody else chose."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from wellchat.outbound import Answer, NoAnswer, NotAllowed, Reach, Unreachable, call, check_address, is_public

CLOSED = Reach()
OPEN = Reach(anywhere=True)
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOT_PUBLIC = [
    "https://127.0.0.1/x", "https://10.0.0.8/x", "https://192.168.1.1/x", "https://172.16.0.1/", "https://0.0.0.0/x",
    "https://169.254.169.254/x", "https://100.64.0.1/x", "https://224.0.0.1/x", "https://255.255.255.255/",
    "https://[::1]/x", "https://[fd00::1]/x", "https://[fe80::1]/x", "https://[fe80::1%25eth0]/x",
    "https://[::ffff:127.0.0.1]/x", "https://[64:ff9b::7f00:1]/x", "https://[2002:7f00:1::]/x", "https://[::]/x",
]  # fmt: skip
NO_ADDRESS = [
    "http://hook.example.com/x", "ftp://hook.example.com/x", "file:///x", "https://", "https:///x", "hook",
    "", "https://user@hook.example.com/x", "https://user:word@hook.example.com/x",
    "https://hook.example.com:8443/x",
    "https://hook.example.com:99999/x", "https://hook.example.com:x/", "https://hook.example.com/a b",
    "https://hook.example.com/\r\nX: y", "https://hook.exa\tmple.com/", "https://ex\u00e4mple.com/x",
    "//hook.example.com/x",
    "https://hook.example.com\\@127.0.0.1/", "https://[::1/", "https://[v1.x]/",
]  # fmt: skip
# How a resolver may read what looks like a name.
NUMBERS = ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "localhost."]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that were connected to. None of them answers."""
    reached: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return reached


def resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let each lookup give the next of the answers. Return the list of names that were asked for."""
    asked: list[str] = []

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


def test_no_address_in_a_network_of_ours_is_called(connected: list[Any]) -> None:
    for address in NOT_PUBLIC:
        with pytest.raises(NotAllowed, match="not public"):
            call("POST", address, reach=CLOSED)
    for host in NUMBERS:
        with pytest.raises((NotAllowed, Unreachable)):
            call("POST", f"https://{host}/x", reach=CLOSED)
    assert connected == []


def test_what_is_no_plain_https_address_is_refused(connected: list[Any]) -> None:
    for address in NO_ADDRESS:
        with pytest.raises(NotAllowed):
            check_address(address, CLOSED)
    assert connected == []


def test_ports_are_named(connected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_address("https://hook.example.com:8443/x", Reach(ports=(443, 8443))).port == 8443
    with pytest.raises(NotAllowed, match="Port 443"):
        check_address("https://hook.example.com:443/x", Reach(ports=(8443,)))
    resolves_to(monkeypatch, ["93.184.216.34"])
    with pytest.raises(Unreachable):
        call("POST", "https://hook.example.com:8443/x", reach=Reach(ports=(8443,)))
    assert connected == [("93.184.216.34", 8443)]


def test_one_private_address_among_public_ones_is_enough(
    connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one is used would be luck. It may also be the third of a name, of which two are tried."""
    for private in ("10.0.0.1", "::1", "fe80::1%eth0"):
        resolves_to(monkeypatch, ["93.184.216.34", "93.184.216.35", private])
        with pytest.raises(NotAllowed, match="not public"):
            call("POST", "https://hook.example.com/x", reach=CLOSED)
    assert connected == []


def test_what_was_looked_at_is_connected_to(connected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time gains nothing: there is no second time."""
    asked = resolves_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(Unreachable):
        call("POST", "https://hook.example.com/x", reach=CLOSED)
    assert (asked, connected) == (["hook.example.com"], [("93.184.216.34", 443)])


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Run a server that answers every request in this way. Yield its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.close_connection = True
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def _plain(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"ok")


def test_an_answer_is_read_as_far_as_it_was_asked_for() -> None:
    def much(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(16_384):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    with server(much) as address:
        answer = call("POST", address, reach=OPEN, body=b"x", most=1000)
    assert (answer.status, answer.body, answer.is_whole) == (200, b"x" * 1000, False)
    with server(_plain) as address:
        answer = call("POST", address, reach=OPEN, body=b"x", most=2)
    assert (answer.body, answer.is_whole) == (b"ok", True)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[str] = []

    def away(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(307)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server(away) as address:
        answer = call("POST", f"{address}/here?a=1", reach=OPEN, body=b"x")
    assert (answer.status, asked) == (307, ["/here?a=1"])


def test_a_slow_answer_is_cut_off() -> None:
    stop = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        stop.wait(10)

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"so far")
        stop.wait(10)

    try:
        with server(silent) as address, pytest.raises(NoAnswer):
            call("POST", address, reach=OPEN, body=b"x", timeout=0.3)
        with server(half) as address:
            answer = call("POST", address, reach=OPEN, body=b"x", timeout=0.3)
        # It has said what it had to say.
        assert (answer.status, answer.body, answer.is_whole) == (200, b"so far", False)
    finally:
        stop.set()


def test_a_connection_that_is_reset_gave_no_answer() -> None:
    def reset(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    with server(reset) as address, pytest.raises(NoAnswer):
        call("POST", address, reach=OPEN, body=b"x")
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        call("POST", address, reach=OPEN, body=b"x")


def test_how_long_to_wait_is_read_from_seconds_and_dates() -> None:
    def asked(text: str, now: datetime | None = NOW) -> int | None:
        return Answer(503, {"retry-after": text}, b"", True).retry_after(3600, now)

    later = (NOW + timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert [asked("120"), asked("9" * 5000), asked(later), asked(later, None)] == [120, 3600, 300, None]
    assert [asked("-1"), asked(""), asked("soon"), asked("Mon, 99 Foo 2026 25:61:61 GMT")] == [None] * 4
    assert asked("Mon, 04 May 2026 11:00:00 GMT") == 0


@pytest.mark.parametrize(
    "address",
    [
        *(
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "5f00:ffff::1",
            "100::1",
            "64:ff9b:1::1",
            "4000::1",
            "1fff::1",
        ),
        *("2001::1", "2001:1ff::1", "2001:db8::1", "2002:101:101::1", "2620:4f:8000::1", "::ffff:1.1.1.1"),
        *("::1.1.1.1", "fec0::1", "fc00::1", "ff02::1", "::", "e000::1"),
    ],
)
def test_special_ipv6_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["2001:200::1", "2003::1", "2a00:1450:4001::1", "2620:4f:7fff::1", "3ffe::1", "3fff:1000::1"]
)
def test_ipv6_addresses_beside_special_ranges_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
