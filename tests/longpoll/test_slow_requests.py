"""Requests that come slowly or never whole hold no thread, have a deadline, and take nobody's place."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.history import world
from tests.history.test_live import serving
from tests.services import fetch, wait_for
from wellchat.changes.queries import cursor_now
from wellchat.clock import now
from wellchat.longpoll.addresses import Places
from wellchat.longpoll.bodies import IN_MEMORY, Incoming
from wellchat.longpoll.reading import MAX_LARGE_BODIES

pytestmark = pytest.mark.slow
METRICS_TOKEN = "0123456789abcdef"
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow"
HALF_BODY = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nname="
HALF_CHUNK = b"POST /sign-in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nname="
KINDS = (HALF_HEAD, HALF_BODY, HALF_CHUNK, HALF_BODY)


@contextmanager
def half_open(place: world.Place, number: int) -> Iterator[list[socket.socket]]:
    port = int(place.url.rpartition(":")[2])
    with ExitStack() as stack:
        lines = []
        for i in range(number):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            line.sendall(KINDS[i % len(KINDS)])
            lines.append(line)
        yield lines


def metrics_of(place: world.Place) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    return dict(line.rsplit(" ", 1) for line in fetch(f"{place.url}/metrics", headers)[1].splitlines())


def incoming(place: world.Place) -> tuple[int, int]:
    """How many heads and bodies the server waits for."""
    found = metrics_of(place)
    heads, bodies = (
        found.get(f'wellchat_requests_incoming{{part="{part}"}}', "0") for part in ("head", "body")
    )
    return int(float(heads)), int(float(bodies))


def refused(place: world.Place, reason: str) -> int:
    found = metrics_of(place)
    return int(float(found.get(f'wellchat_requests_refused_total{{reason="{reason}"}}', "0")))


class Person:
    """Somebody who writes and polls over one real connection."""

    def __init__(self, place: world.Place, token: str, cursor: str) -> None:
        self.line = http.client.HTTPConnection(place.url.removeprefix("http://"), timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.cursor = cursor

    def call(self, method: str, path: str, said: object = None) -> tuple[int, dict[str, object]]:
        body = json.dumps(said) if said is not None else None
        self.line.request(method, path, body, self.headers)
        answer = self.line.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def hears(self, text: str) -> bool:
        while True:
            status, news = self.call("GET", f"/api/updates?since={self.cursor}&wait=20")
            if status == 204:
                return False
            self.cursor = str(news["cursor"])
            if text in json.dumps(news):
                return True


def test_two_people_write_while_a_thousand_requests_are_half_sent(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4", "WELLCHAT_REQUEST_PATIENCE": "25"}
    with serving(few, tmp_path, workers=1) as place:
        with place.app.app_context():
            client, professional = world.people(now(), clients=1, professionals=1)
            cursors = [str(cursor_now(each.id)) for each in (client, professional)]
        one, other = Person(place, client.token, cursors[0]), Person(place, professional.token, cursors[1])
        with half_open(place, 1000) as lines:
            wait_for(lambda: incoming(place) == (250, 750), what="a thousand half requests")
            status, made = one.call("POST", "/api/threads", {"with": professional.id})
            assert status == 201
            path = f"/api/threads/{made['thread']['id']}/messages"
            for number in range(10):
                for writer, reader in ((one, other), (other, one)):
                    said = f"Message {number} of {writer.headers['Authorization'][-4:]}"
                    assert writer.call("POST", path, {"body": said, "client_key": said})[0] == 201
                    assert reader.hears(said)
            assert incoming(place) == (250, 750), "all of them were open all the time"
            for i, line in enumerate(lines):
                answer = line.makefile("rb").read()  # until the server closes
                assert answer.startswith(b"HTTP/1.1 408 "), i
            assert incoming(place) == (0, 0)
            assert (refused(place, "slow_head"), refused(place, "slow_body")) == (250, 750)
        assert one.call("POST", path, {"body": "After", "client_key": "after"})[0] == 201


def test_a_body_that_comes_in_parts_is_read_whole(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4"}, tmp_path, workers=1) as place:
        with place.app.app_context():
            client, professional = world.people(now(), clients=1, professionals=1)
        one = Person(place, client.token, "")
        _, made = one.call("POST", "/api/threads", {"with": professional.id})
        text = "é" * 3000
        said = json.dumps({"body": text, "client_key": "1"}, ensure_ascii=False).encode()
        head = (
            f"POST /api/threads/{made['thread']['id']}/messages HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {client.token}\r\nContent-Type: application/json\r\n"
        ).encode()
        with half_open(place, 12):  # more than there are threads
            by_length = (head + b"Content-Length: %d\r\n\r\n" % len(said) + said, 201)
            middle = len(said) // 2
            chunks = b"".join(
                b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (said[:middle], said[middle:])
            )
            in_chunks = (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-A: b\r\n\r\n", 200)
            no_chunk = (head + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nHello\r\n0\r\n\r\n", 422)
            for sent, status in (by_length, in_chunks, no_chunk):
                with socket.create_connection((one.line.host, one.line.port), timeout=20) as line:
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for start in range(0, len(sent), 700):
                        line.sendall(sent[start : start + 700])
                        wait_for(lambda: fetch(f"{place.url}/healthz")[0] == 200)
                    answer = line.recv(1 << 16)
                    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
        with socket.create_connection((one.line.host, one.line.port), timeout=20) as line:
            # The next request stands in the same packet as the end of the one before, itself in part.
            line.sendall(by_length[0][:-10])
            wait_for(lambda: incoming(place)[1] == 1, what="the first body")
            line.sendall(by_length[0][-10:] + b"GET /healthz HTTP/1.1\r\nHost")
            answer = line.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200 "), "the same message again"
            while not answer.endswith(b"}"):
                answer += line.recv(1 << 16)
            wait_for(lambda: incoming(place) == (1, 0), what="the half head")
            line.sendall(b": a\r\n\r\n")
            assert b"200 OK" in line.recv(1 << 16)


def test_a_client_that_expects_100_hears_it_before_its_body(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        port = int(place.url.rpartition(":")[2])
        head = b"POST /api/threads HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(head % 2)
            assert line.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
            line.sendall(b"{}")
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(head % 900_000)
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 401 "), "nobody asks for a body that is not read"


def test_large_bodies_have_a_limit_of_their_own(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4"}, tmp_path, workers=1) as place:
        port = int(place.url.rpartition(":")[2])
        head = b"POST /api/threads HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
        with ExitStack() as stack:
            for number in range(MAX_LARGE_BODIES + 1):
                line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
                line.sendall(head + b"x" * (IN_MEMORY + 1))
                if number < MAX_LARGE_BODIES:
                    wait_for(lambda n=number: incoming(place)[1] == n + 1, what="it")
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 503 ")
            assert fetch(f"{place.url}/healthz")[0] == 200


def test_one_address_takes_its_share_of_the_places_only(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4", "WELLCHAT_MAX_WAITING": "40"}
    with serving({**few, "WELLCHAT_ADDRESS_SHARE": "10"}, tmp_path, workers=1) as place:
        port = int(place.url.rpartition(":")[2])
        with ExitStack() as stack:
            others = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
                for _ in range(70)
            ]
            answer = others[-1].makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"\r\nRetry-After: 10\r\n" in answer
            near = ("127.0.0.2", 0)  # another address, for which there is room
            with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=near) as line:
                line.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
                said = b""
                while b"wellchat_requests_refused_total" not in said:
                    said += line.recv(1 << 16)
                assert b'wellchat_requests_refused_total{reason="address"}' in said
        wait_for(lambda: _answers(place), what="its places, given back")


def _answers(place: world.Place) -> bool:
    try:
        return fetch(f"{place.url}/healthz")[0] == 200
    except OSError:
        return False


def test_behind_a_proxy_all_clients_share_its_address(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_MAX_WAITING": "40", "WELLCHAT_TRUSTED_PROXIES": "1"}
    # Behind a proxy nobody seems to be near.
    few["WELLCHAT_METRICS_TOKEN"] = METRICS_TOKEN
    with (
        serving({**few, "WELLCHAT_ADDRESS_SHARE": "1"}, tmp_path, workers=1) as place,
        half_open(place, 60),
    ):
        wait_for(lambda: incoming(place) == (15, 45), what="all of them")
        assert refused(place, "address") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    places = Places(1)
    give_back = places.take((one, 1))
    assert give_back is not None
    assert (places.take((other, 2)) is None) == same
    give_back()
    assert places.take((one, 3)) is not None
    assert places.take("") is not None, "a Unix socket has no address"
    assert places.take("") is not None


def test_the_servers_own_pages_have_security_headers_and_repeat_nothing(
    valkey_url: str, tmp_path: Path
) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        with place.app.app_context():
            client = world.people(now(), clients=1, professionals=0)[0]
            cursor = cursor_now(client.id)
        port = int(place.url.rpartition(":")[2])
        poll = f"GET /api/updates?since={cursor} HTTP/1.1\r\nHost: a\r\n"
        poll += f"Authorization: Bearer {client.token}\r\n\r\n"
        for sent, status in (
            (b"<script> / HTTP/1.1\r\n\r\n", 400),
            (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 200 + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"b" * 40_000, 431),
            (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: <b>\r\n\r\n", 501),
            (poll.encode(), 204),
            (poll.encode(), 204),
            (b"GET /sign-in HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
                line.sendall(sent)
                got = b""
                # It may come in pieces; each of them has a head, and a refusal is short.
                while b"\r\n\r\n" not in got and (piece := line.recv(1 << 16)):
                    got += piece
                head, _, body = got.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % status), sent[:40]
            lines = [each.partition(b": ")[0].lower() for each in head.split(b"\r\n")[1:]]
            for name in (b"content-security-policy", b"x-content-type-options", b"x-frame-options"):
                assert lines.count(name) == 1, (name, status)
            assert b"server" not in lines
            assert b"no-store" in head
            if status not in (200, 204):
                assert b"<" not in body


def test_a_pace_is_an_average() -> None:
    request = SimpleNamespace(body=SimpleNamespace(reader=None))
    body = Incoming(None, request, 1 << 20)
    body.began_at, body.received = 100.0, 0
    assert not body.is_too_slow(110.0, pace=1024, patience=10)
    assert body.is_too_slow(110.5, pace=1024, patience=10)
    body.received = 20 * 1024
    assert not body.is_too_slow(120.0, pace=1024, patience=10)
    assert body.is_too_slow(121.0, pace=1024, patience=10)
