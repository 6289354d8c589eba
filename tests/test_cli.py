"""The operator's commands, as real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import forking
from tests.cast import Cast, gather
from tests.databases import migrate
from tests.services import Command, MailServer, fetch, free_port, wait_for

GREETING = "wellchat is on"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def run(*words: str, instance: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {
        "WELLCHAT_INSTANCE": str(instance),
        **{f"WELLCHAT_{name}": value for name, value in settings.items()},
    }
    return forking.run("wellchat", *words, env={**os.environ, **env})


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "in stance"


@pytest.fixture
def cast(instance: Path, make_app: Callable[..., Flask], now: datetime) -> Cast:
    """People in the database of the folder: a house that is lived in, into which no demo is loaded."""
    app = make_app(INSTANCE=instance)
    with app.app_context():
        migrate(app)
        return gather(now)


@pytest.fixture
def start(instance: Path) -> Iterator[Callable[..., Command]]:
    """`start("up")`: the command in the background, ended with the test; its address is `.url`."""
    running = []

    def start(*words: str, anew: bool = False, **env: str) -> Command:
        port = free_port()
        command = Command(
            "wellchat",
            *words,
            env={"WELLCHAT_INSTANCE": str(instance), "PORT": str(port), **env},
            cwd=instance.parent,
            anew=anew,
        )
        command.url = f"http://127.0.0.1:{port}"
        running.append(command)
        return command

    yield start
    for command in running:
        command.process.kill()
        command.process.wait()


def children_of(pid: int) -> set[int]:
    """Every process below this one."""
    rows = [
        line.split() for line in subprocess.check_output(["ps", "-eo", "pid=,ppid="], text=True).splitlines()
    ]
    found: set[Any] = set()
    todo = {pid}
    while todo:
        todo = {int(child) for child, parent in rows if int(parent) in todo} - found
        found |= todo
    return found


def gone(pids: set[int]) -> bool:
    states = subprocess.run(
        ["ps", "-o", "stat=", "-p", ",".join(map(str, pids))], capture_output=True, text=True
    ).stdout
    return all(state.startswith("Z") for state in states.split())


# up


def test_up_runs_everything_and_a_restart_keeps_it(start: Callable[..., Command], instance: Path) -> None:
    first = start("up", anew=True)
    first.wait_until_says(GREETING)
    assert fetch(f"{first.url}/readyz")[0] == 200
    assert f"{GREETING} {first.url}" in first.output
    assert "Their password is" in first.output
    wait_for(lambda: "workers that listen: 1" in run("doctor", instance=instance).stdout, what="the worker")
    assert first.url in run("doctor", instance=instance).stdout, "other commands link to where it answers"
    open_to_others = [
        file.name for file in instance.rglob("*") if file.is_file() and file.stat().st_mode & 0o077
    ]
    assert open_to_others == [], "files that others may read"
    parts = children_of(first.process.pid)
    assert first.stop(signal.SIGINT) == 0
    assert gone(parts)

    again = start("up")
    again.wait_until_says(GREETING)
    assert "Loading the demo" not in again.output
    with sqlite3.connect(instance / "wellchat.db") as database:
        assert database.execute("SELECT count(*) FROM messages").fetchone()[0] > 50
    assert again.stop(signal.SIGTERM) == 0


def test_up_without_the_demo_says_how_to_create_an_account(
    start: Callable[..., Command], instance: Path
) -> None:
    command = start("up", "--no-demo")
    command.wait_until_says(GREETING)
    wait_for(lambda: "Ctrl-C" in command.output, what="the rest of the greeting")
    assert "wellchat user create you@example.com" in command.output
    assert "Their password is" not in command.output
    assert "/become/" not in fetch(f"{command.url}/sign-in")[1]
    assert len([line for line in command.said if line]) == 5, "nothing but the greeting, which has five lines"
    assert command.stop() == 0
    with sqlite3.connect(instance / "wellchat.db") as database:
        assert database.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_all_parts_log_at_the_given_level(start: Callable[..., Command]) -> None:
    command = start("up", "--no-demo", WELLCHAT_LOG_LEVEL="INFO")
    command.wait_until_says(GREETING)
    wait_for(lambda: "Booting worker" in command.output, what="the web server's words")
    wait_for(lambda: "Task sweep" in command.output, what="the worker's words")
    assert command.stop() == 0


@pytest.mark.parametrize(
    ("level", "said"), [("ERROR", []), ("WARNING", ["WARNING wellchat: WELLCHAT_TYPO is not a setting"])]
)
def test_a_command_logs_at_the_given_level(instance: Path, level: str, said: list[str]) -> None:
    assert run("db", "upgrade", instance=instance).returncode == 0
    ended = run("sweep", instance=instance, LOG_LEVEL=level, TYPO="1")
    assert ended.returncode == 0
    # In brackets: the id of the run.
    lines = [re.sub(r" \[\w+\]:", ":", line) for line in ended.stderr.splitlines()]
    assert [line.partition(" of wellchat")[0] for line in lines] == said


def test_up_on_a_public_address_does_not_open_the_demo(start: Callable[..., Command]) -> None:
    command = start("up", WELLCHAT_BASE_URL="https://chat.example.com")
    command.wait_until_says(GREETING)
    wait_for(lambda: "Ctrl-C" in command.output, what="the rest of the greeting")
    assert "wellchat demo --remove" in command.output
    assert "Their password is" not in command.output
    assert "/become/" not in fetch(f"{command.url}/sign-in")[1]
    assert command.stop() == 0


def test_a_hanging_poll_does_not_hold_up_the_stop(
    start: Callable[..., Command], cast: Cast, instance: Path
) -> None:
    command = start("up")
    command.wait_until_says(GREETING)
    token = run("token", "create", cast.cara.email, instance=instance).stdout.strip().split()[-1]
    headers = f"Authorization: Bearer {token}\r\nHost: x\r\n\r\n"
    port = int(command.url.rsplit(":", 1)[1])
    cursor = json.loads(_ask(port, f"GET /api/me HTTP/1.0\r\n{headers}"))["cursor"]
    answers: list[str] = []
    poll = f"GET /api/updates?since={cursor}&wait=25 HTTP/1.0\r\n{headers}"
    waiting = threading.Thread(target=lambda: answers.append(_ask(port, poll, body=False)))
    waiting.start()
    hanging = "wellchat_polls_waiting 1.0"
    wait_for(lambda: hanging in fetch(f"{command.url}/metrics")[1], seconds=20, what="the poll")
    assert command.stop(signal.SIGINT, seconds=15) == 0  # the poll would hang for 25
    waiting.join(timeout=5)
    assert answers[0].splitlines()[0].split()[1] == "204"


def _ask(port: int, request: str, *, body: bool = True) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return answer.partition("\r\n\r\n")[2] if body else answer


def test_a_part_that_dies_stops_the_rest(start: Callable[..., Command], cast: Cast) -> None:
    command = start("up")
    command.wait_until_says(GREETING)
    parts = children_of(command.process.pid)
    (web,) = [pid for pid in parts if _is(pid, "serve") and not _is(_parent(pid), "serve")]
    os.kill(web, signal.SIGKILL)
    command.process.wait(timeout=15)
    assert command.process.returncode not in (0, None)
    assert "web stopped (rc=-9); stopping the rest" in command.output
    wait_for(lambda: gone(parts), what="the end of the parts")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _is(pid: int, word: str) -> bool:
    """Whether it is the command of that name, which a forked part has for a name only."""
    process = Path(f"/proc/{pid}")
    words = process.joinpath("cmdline").read_bytes().split(b"\0")
    return word.encode() in words or process.joinpath("comm").read_text().strip() == word


@pytest.mark.skipif(sys.platform != "linux", reason="left out: only Linux ends children with their parent")
def test_nothing_outlives_a_killed_up_and_the_next_one_starts(
    start: Callable[..., Command], cast: Cast
) -> None:
    command = start("up")
    command.wait_until_says(GREETING)
    parts = children_of(command.process.pid)
    command.process.kill()
    wait_for(lambda: gone(parts), what="the end of the parts")
    again = start("up")
    again.wait_until_says(GREETING)
    assert again.stop() == 0


def test_a_second_up_on_the_same_folder_is_refused(
    start: Callable[..., Command], cast: Cast, instance: Path
) -> None:
    start("up").wait_until_says(GREETING)
    second = run("up", "--port", str(free_port()), instance=instance)
    assert (second.returncode, len(second.stderr.splitlines())) == (1, 1)
    assert "already running" in second.stderr


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_in_use_is_reported_in_one_line(command: str, instance: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(command, "--port", str(port), instance=instance)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"Error: cannot listen on 127.0.0.1:{port} (Address already in use); set PORT to another one"
    )


# serve


def test_serve_answers_and_stops(start: Callable[..., Command], instance: Path) -> None:
    assert run("db", "upgrade", instance=instance).returncode == 0
    command = start("serve", "--workers", "1", "--threads", "8", anew=True)
    command.wait_until_says("wellchat answers on")
    assert fetch(f"{command.url}/healthz")[0] == 200
    assert fetch(f"{command.url}/sign-in")[0] == 200
    assert command.stop() == 0


def test_serve_refuses_more_than_one_process_on_sqlite(instance: Path) -> None:
    ended = run("serve", "--workers", "2", instance=instance)
    assert ended.returncode == 2
    assert "PostgreSQL" in ended.stderr


# doctor


def test_doctor_reports_a_healthy_installation(instance: Path, valkey_url: str, smtp: MailServer) -> None:
    settings = {"REDIS_URL": valkey_url, "SMTP_URL": smtp.url, "SECRET_KEY": "0123456789abcdef"}
    assert run("db", "upgrade", instance=instance, **settings).returncode == 0
    ended = run("doctor", "--json", instance=instance, **settings)
    report: dict[str, Any] = json.loads(ended.stdout)
    assert (ended.returncode, report["ok"]) == (0, True)
    checks = ("instance", "zone data", "files", "database", "migrations", "redis", "broker", "mail")
    of_features = (
        "audit",
        "embed",
        "factors",
        "mail templates",
        "replies",
        "scanner",
        "secrets",
        "sign-on",
        "waiting",
    )
    assert {c["name"]: c["ok"] for c in report["checks"]} == dict.fromkeys((*checks, *of_features), True)
    assert report["settings"]["SECRET_KEY"] == "***"


def test_doctor_reports_what_fails(instance: Path) -> None:
    settings = {
        "REDIS_URL": f"redis://:geheim@127.0.0.1:{free_port()}",
        "SMTP_URL": f"smtp://user:geheim@127.0.0.1:{free_port()}",
        "DATABSE_URL": "a slip",
    }
    ended = run("doctor", instance=instance, **settings)
    assert ended.returncode == 1
    failed = {line.split()[1] for line in ended.stdout.splitlines() if line.startswith("FAIL")}
    of_features = {"audit", "factors", "secrets", "sign-on", "waiting"}
    assert failed == {"migrations", "redis", "broker", "mail"} | of_features
    assert "WELLCHAT_DATABSE_URL" in ended.stdout
    assert "geheim" not in ended.stdout + ended.stderr
    assert "wellchat db upgrade" in ended.stderr


def test_doctor_reports_postgresql(instance: Path, postgresql_url: str) -> None:
    assert run("db", "upgrade", instance=instance, DATABASE_URL=postgresql_url).returncode == 0
    ended = run("doctor", instance=instance, DATABASE_URL=postgresql_url)
    assert ended.returncode == 0
    assert "synchronous_commit on" in ended.stdout


# sweep, restored, and how commands end


def test_sweep_prints_what_it_did(instance: Path) -> None:
    assert run("db", "upgrade", instance=instance).returncode == 0
    ended = run("sweep", "--json", instance=instance)
    assert ended.returncode == 0
    done = json.loads(ended.stdout)
    # The migration is an act, which the security log seals.
    assert (done.pop("audit_sealed"), done.pop("audit_heads")) == (1, 1)
    assert all(count == 0 for count in done.values())


def test_restored_begins_a_new_epoch(instance: Path, cast: Cast) -> None:
    def epochs() -> list[str]:
        with sqlite3.connect(instance / "wellchat.db") as database:
            return [name for (name,) in database.execute("SELECT name FROM epochs ORDER BY id")]

    before = epochs()
    done = run("restored", "--json", instance=instance)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"epoch": epochs()[-1]})
    assert epochs()[:-1] == before
    assert epochs()[-1] not in before


@pytest.mark.parametrize(
    ("words", "settings", "status", "said"),
    [
        (["sweep"], {"EMAIL_DELAY": "soon"}, 1, "WELLCHAT_EMAIL_DELAY"),
        (["doctor"], {"SECRET_KEY": "secret"}, 1, "WELLCHAT_SECRET_KEY: too weak"),
        (["up"], {"BASE_URL": "here"}, 1, "WELLCHAT_BASE_URL"),
        (["serve"], {"THREADS": "1"}, 1, "WELLCHAT_THREADS"),
        (["doctor", "--loud"], {}, 2, "No such option"),
        (["serve", "--port", "x"], {}, 2, "not a valid integer"),
        (["nothing"], {}, 2, "No such command"),
    ],
)
def test_an_error_is_reported_in_one_line(
    words: list[str], settings: dict[str, str], status: int, said: str, instance: Path
) -> None:
    ended = run(*words, instance=instance, **settings)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert said in ended.stderr
    if status == 1:
        assert len(ended.stderr.splitlines()) == 1


def test_an_unreachable_database_is_reported_in_one_line(instance: Path) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    ended = run(
        "user",
        "create",
        "a@example.com",
        "--name",
        "A",
        "--role",
        "client",
        "--password",
        "long enough now",
        instance=instance,
        DATABASE_URL=url,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: the database does not answer")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/x.db", "postgresql://nobody@127.0.0.1:1/none", "postgres://nobody@127.0.0.1:1/none"],
)
def test_a_sweep_without_a_database_fails_with_one_line(instance: Path, url: str) -> None:
    ended = run("sweep", instance=instance, DATABASE_URL=url)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: the database does not answer")
    assert len(ended.stderr.splitlines()) == 1


def test_a_sweep_without_a_schema_fails_with_one_line(instance: Path, postgresql_url: str) -> None:
    ended = run("sweep", instance=instance, DATABASE_URL=postgresql_url)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)


@pytest.mark.parametrize(
    "words",
    [
        ["subject", "put", "lead", "1", "--title", "T", "--professional", "paul@example.com", "--starts-at"],
        ["digest", "send", "--now"],
    ],
)
def test_a_time_outside_the_calendar_is_wrong_usage(instance: Path, cast: Cast, words: list[str]) -> None:
    ended = run(*words, "0001-01-01T00:00:00+14:00", instance=instance)
    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.parametrize(
    "url", ["smtp://{at}?starttls=on", "smtp://{at}?starttls=1", "smtp://user:geheim@{at}"]
)
def test_doctor_connects_to_the_mail_server_as_a_mail_does(
    instance: Path, smtp: MailServer, url: str
) -> None:
    """This one knows neither encryption nor users."""
    ended = run(
        "doctor", "--json", instance=instance, SMTP_URL=url.format(at=smtp.url.removeprefix("smtp://"))
    )
    checks = {check["name"]: check["ok"] for check in json.loads(ended.stdout)["checks"]}
    assert (ended.returncode, checks["mail"]) == (1, False)
