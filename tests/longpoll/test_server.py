"""The web server itself."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.history import world
from tests.history.test_live import serving
from tests.services import fetch, wait_for
from wellchat.changes.queries import cursor_now
from wellchat.clock import now
from wellchat.longpoll.server import MAX_IDLE, RESERVED_FILES
from wellchat.longpoll.worker import LINGER

pytestmark = pytest.mark.slow


def test_a_large_unread_body_ends_its_connection_and_says_so(valkey_url: str, tmp_path: Path) -> None:
    """A program that keeps its connections must not send its next message down one that is dead."""
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        for size, ends in ((70_000, True), (400_000, True), (1_000, False)):
            line = http.client.HTTPConnection(place.url.removeprefix("http://"), timeout=20)
            line.request("POST", "/api/threads", b"x" * size, {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (401, ends), size
            line.request("GET", "/healthz")  # on a new line where the server said so, else on the old one
            assert line.getresponse().status == 200


POLLS = 60


def test_polls_wait_without_a_thread_and_keep_their_connection(valkey_url: str, tmp_path: Path) -> None:
    """Ten times as many as there are threads; each is woken, and its connection takes the next request."""
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "6", "WELLCHAT_MAX_WAITING_PER_PERSON": "60"}
    with serving(few, tmp_path, workers=1) as place:
        with place.app.app_context():
            client, professional = world.people(now(), clients=1, professionals=1)
            cursor = str(cursor_now(professional.id))
        address = place.url.removeprefix("http://")
        lines = [http.client.HTTPConnection(address, timeout=20) for _ in range(POLLS)]
        theirs, mine = ({"Authorization": f"Bearer {each.token}"} for each in (professional, client))
        for number, line in enumerate(lines):
            wait = 20 if number % 3 else 0.5  # these come back by themselves
            line.request("GET", f"/api/updates?since={cursor}&wait={wait}", headers=theirs)
        hanging = POLLS * 2 // 3
        wait_for(
            lambda: f"wellchat_polls_waiting {hanging}.0" in fetch(f"{place.url}/metrics")[1],
            what="the polls",
        )
        send = http.client.HTTPConnection(address, timeout=20)
        sent = {**mine, "Content-Type": "application/json"}
        send.request("POST", "/api/threads", json.dumps({"with": professional.id}), sent)
        thread_id = json.loads(send.getresponse().read())["thread"]["id"]
        said = json.dumps({"body": "Hello", "client_key": "1"})
        send.request("POST", f"/api/threads/{thread_id}/messages", said, sent)
        assert send.getresponse().status == 201
        for number, line in enumerate(lines):
            answer = line.getresponse()
            news = answer.read()
            assert (answer.status, bool(news)) == ((200, True) if number % 3 else (204, False)), number
            line.request("GET", "/healthz")
            assert line.getresponse().read()
        assert "wellchat_polls_waiting 0.0" in fetch(f"{place.url}/metrics")[1]


def connections(place: world.Place, number: int, *, timeout: float = 20) -> list[http.client.HTTPConnection]:
    lines = [
        http.client.HTTPConnection(place.url.removeprefix("http://"), timeout=timeout) for _ in range(number)
    ]
    for line in lines:
        line.connect()
    return lines


def hang(place: world.Place, lines: list[http.client.HTTPConnection], *, wait: float) -> None:
    with place.app.app_context():
        person = world.people(now(), clients=1, professionals=0)[0]
        path = f"/api/updates?since={cursor_now(person.id)}&wait={wait}"
    for line in lines:
        line.request("GET", path, headers={"Authorization": f"Bearer {person.token}"})


def test_idle_connections_leave_room_for_requests(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4", "WELLCHAT_MAX_WAITING": "40"}
    few["WELLCHAT_MAX_WAITING_PER_PERSON"] = "40"
    with serving(few, tmp_path, workers=1) as place:
        hanging = connections(place, 40)
        hang(place, hanging, wait=20)
        wait_for(lambda: "wellchat_polls_waiting 40.0" in fetch(f"{place.url}/metrics")[1], what="the polls")
        idle = []
        for _ in range(MAX_IDLE + 20):
            idle += connections(place, 1, timeout=12)  # long before idle ones are ended
            idle[-1].request("GET", "/healthz")
            answer = idle[-1].getresponse()
            assert answer.read()
            assert answer.status == 200


def test_silent_connections_take_no_thread(valkey_url: str, tmp_path: Path) -> None:
    """Browsers open connections ahead of what they may have to ask, and others do for ill."""
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4"}
    with serving(few, tmp_path, workers=1, grace=20) as place:
        port = int(place.url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(8)]
        (line,) = connections(place, 1, timeout=9)  # gunicorn would listen for 5 s to each, four at a time
        line.request("GET", "/healthz")
        assert line.getresponse().read()
        silent[0].sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert silent[0].recv(1 << 16).startswith(b"HTTP/1.0 200")
        place.web.process.terminate()
        assert (
            silent[1].recv(1) == b""
        )  # and none holds up a stop: it is let go long before its 15 s are over


def test_half_sent_requests_take_no_thread(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "4"}
    with serving(few, tmp_path, workers=1) as place:
        port = int(place.url.rpartition(":")[2])
        half = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(12)]
        for line in half:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        (kept,) = connections(place, 1, timeout=14)  # three times four
        _ask(kept)
        # Also the next request of a connection that was kept, and a head that comes in many parts.
        assert kept.sock is not None
        kept.sock.sendall(b"GET /healthz HTTP/1.1\r\n")
        for byte in b"X-Slow: yes\r\n":
            half[0].sendall(bytes([byte]))
        half[1].shutdown(socket.SHUT_WR)
        half[2].close()
        _ask(connections(place, 1, timeout=14)[0])
        assert half[1].recv(1) == b"", "what will never be complete is closed"
        kept.sock.sendall(b"Host: a\r\n\r\n")
        assert kept.sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
        for line in (half[0], *half[3:]):
            line.sendall(b"\r\n")
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 200")


def test_a_client_that_does_not_close_delays_nobody(valkey_url: str, tmp_path: Path) -> None:
    with serving({"WELLCHAT_REDIS_URL": valkey_url}, tmp_path, workers=1) as place:
        # Once may be slow because the machine is; who waits for clients is slow each time.
        assert any(_answers_beside_lines_that_stay(place) < LINGER for _ in range(4))


def _answers_beside_lines_that_stay(place: world.Place) -> float:
    """Return the seconds until an answer."""
    port = int(place.url.rpartition(":")[2])
    lines = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(10)]
    for line in lines:
        line.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    for line in lines:
        assert line.recv(1 << 16).startswith(b"HTTP/1.0 200")
    began = time.monotonic()
    assert fetch(f"{place.url}/healthz")[0] == 200
    took = time.monotonic() - began
    wait_for(lambda: all(is_over(line) for line in lines), what="the end of the lines")
    return took


def is_over(line: socket.socket) -> bool:
    """Whether the other side takes nothing more."""
    try:
        line.sendall(b"x")
    except OSError:
        return True
    return False


def test_max_waiting_raises_the_limit_of_open_files(valkey_url: str, tmp_path: Path) -> None:
    many = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "16", "WELLCHAT_MAX_WAITING": "400"}
    many["WELLCHAT_MAX_WAITING_PER_PERSON"] = "400"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with serving(many, tmp_path, workers=1) as place:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            hang(place, connections(place, 350), wait=20)
            wait_for(
                lambda: "wellchat_polls_waiting 350.0" in fetch(f"{place.url}/metrics")[1], what="the polls"
            )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# The limit of open files, which a process can only lower, and how many polls are to wait.
FILES = ((4_096, 10_000), (4_096, 300), (1_024, 10_000), (600, 10_000))


def test_the_limits_fit_the_open_files() -> None:
    asked = (
        "import resource; from wellchat.longpoll.server import connection_limits\n"
        f"for files, wanted in {FILES}:\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))\n"
        "    print(*connection_limits(256, wanted))"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    for (files, wanted), line in zip(FILES, said.splitlines(), strict=True):
        waiting, idle = map(int, line.split())
        assert 50 < idle <= MAX_IDLE
        assert 50 < waiting <= wanted
        assert waiting + idle + 256 + RESERVED_FILES <= files


def test_a_process_without_free_files_goes_on(valkey_url: str, tmp_path: Path) -> None:
    few = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_THREADS": "16"}
    with serving(few, tmp_path, workers=1) as place:
        server = place.web.process.pid
        children = Path(f"/proc/{server}/task/{server}/children")
        worker = children.read_text()
        resource.prlimit(int(worker), resource.RLIMIT_NOFILE, (100, 100))
        lines = connections(place, 150)
        with suppress(OSError):  # for some there may be no file
            hang(place, lines, wait=1)
        time.sleep(0.5)
        for line in lines:
            line.close()
        wait_for(lambda: "wellchat_polls_waiting 0.0" in metrics_of(place), what="their end")
        assert children.read_text() == worker


def metrics_of(place: world.Place) -> str:
    try:
        return fetch(f"{place.url}/metrics")[1]
    except OSError:
        return ""


def test_connections_are_balanced_between_the_processes(
    postgresql_url: str, valkey_url: str, tmp_path: Path
) -> None:
    """They stay for long, so one that took them all would do all the work, beside others that do none."""
    settings = {"WELLCHAT_REDIS_URL": valkey_url, "WELLCHAT_DATABASE_URL": postgresql_url}
    with serving(settings, tmp_path, workers=2) as place:
        wait_for(lambda: place.web.output.count("answers on") == 2, what="both processes")
        parent = place.web.process.pid
        workers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        assert len(workers) == 2
        free = workers[1]
        before = _sockets(free)
        os.kill(
            int(free), signal.SIGSTOP
        )  # so that the other one takes all that come, as when one has just begun
        try:
            lines = connections(place, 40)
            for line in lines:
                _ask(line)
        finally:
            os.kill(int(free), signal.SIGCONT)
        lines += connections(place, 10)
        for line in lines * 3:  # some are sent away with an answer, and come again
            _ask(line)
        assert 18 <= _sockets(free) - before <= 32, "about half of fifty"


def _ask(line: http.client.HTTPConnection) -> None:
    line.request("GET", "/healthz")
    answer = line.getresponse()
    assert (answer.status, bool(answer.read())) == (200, True)


def _sockets(pid: str) -> int:
    return sum("socket:" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())
