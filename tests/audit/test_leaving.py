"""How the rows leave the database: lines in a file, at a syslog server; commands that read them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.audit.conftest import events
from wellchat.audit import chain, shipping
from wellchat.audit.actions import record
from wellchat.audit.checks import check_log
from wellchat.audit.models import SYSTEM
from wellchat.audit.sealing import head, keep_head, seal
from wellchat.audit.shipping import PAUSE, ship

Written = Callable[[int], None]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text().splitlines()]


@pytest.mark.each_database
def test_each_row_goes_out_once_in_order_and_verifies_outside(
    app: Flask, written: Written, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "BATCH", 3)
    app.config["AUDIT_TO"] = f"file:{tmp_path / 'log'}"
    written(8)
    assert ship(now) == {"audit_shipped": 8}
    assert ship(now) == {"audit_shipped": 0}
    rows = lines(tmp_path / "log")
    assert [row["seq"] for row in rows] == [*range(1, 9)]
    previous = ""
    for row in rows:
        covered = {name: row[name] for name in row if name not in ("previous", "hash")}
        assert chain.all_keys()[0].seal(previous, covered) == row["hash"]
        previous = row["hash"]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@pytest.mark.each_database
def test_a_target_that_fails_loses_nothing_and_holds_up_nothing(
    app: Flask, written: Written, now: datetime, tmp_path: Path
) -> None:
    folder = tmp_path / "missing"
    app.config["AUDIT_TO"] = f"file:{folder}/log"
    written(2)
    assert ship(now) == {"audit_shipped": 0}
    record("access.refused", now=now, actor_kind=SYSTEM)
    assert seal(now) == {"audit_sealed": 1}
    folder.mkdir()
    assert ship(now) == {"audit_shipped": 0}
    assert ship(now + PAUSE) == {"audit_shipped": 3}
    assert [row["seq"] for row in lines(folder / "log")] == [1, 2, 3]


def test_half_a_line_of_a_full_disk_stays_by_itself(
    app: Flask, written: Written, now: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text('{"seq": 1, "ki')
    app.config["AUDIT_TO"] = f"file:{path}"
    written(1)
    ship(now)
    torn, whole = path.read_text().splitlines()
    assert torn == '{"seq": 1, "ki'
    assert json.loads(whole)["seq"] == 1


@pytest.mark.each_database
def test_of_two_workers_one_ships(
    app: Flask, written: Written, now: datetime, tmp_path: Path, at_once: Any
) -> None:
    app.config["AUDIT_TO"] = f"file:{tmp_path / 'log'}"
    written(20)
    at_once(4, lambda _: ship(now))
    assert [row["seq"] for row in lines(tmp_path / "log")] == [*range(1, 21)]


@pytest.fixture
def syslog() -> Iterator[tuple[int, list[bytes]]]:
    """The port of a server that reads to the end, and what it has read, one entry for each connection."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as reader:
                    got.append(reader.read())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], got
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def test_syslog_gets_framed_messages(
    app: Flask, written: Written, now: datetime, syslog: tuple[int, list[bytes]]
) -> None:
    port, got = syslog
    app.config["AUDIT_TO"] = f"syslog:127.0.0.1:{port}"
    written(2)
    assert ship(now) == {"audit_shipped": 2}
    (data,) = got
    messages = []
    while data:
        length, _, data = data.partition(b" ")
        messages.append(data[: int(length)].decode())
        data = data[int(length) :]
    assert len(messages) == 2
    header, _, payload = messages[0].partition(" - access.refused - ")
    assert header.startswith("<109>1 20")
    assert json.loads(payload)["seq"] == 1


# Commands


@pytest.fixture
def run(app: Flask) -> Callable[..., Any]:
    return lambda *args: app.test_cli_runner().invoke(args=["audit", *args])


@pytest.mark.each_database
def test_the_commands_read_verify_and_keep_a_head(
    app: Flask, talk: Any, now: datetime, run: Callable[..., Any], tamper: Callable[..., None]
) -> None:
    at = now - timedelta(days=1)
    record("access.refused", now=at, actor_id=talk.cara.id, person_id=talk.paul.id, about=("thread", talk.id))
    record("limit.reached", now=now, actor_id=talk.paul.id)
    seal(now)
    keep_head(now)
    listed = run("list").output.splitlines()
    assert len(listed) == 2
    assert "Cara Client" in listed[0]
    assert "-> Paul Professional" in listed[0]
    assert f"thread {talk.id}" in listed[0]
    assert len(run("list", "--person", "cara@example.com").output.splitlines()) == 1
    assert len(run("list", "--person", "PAUL@example.com").output.splitlines()) == 2
    assert len(run("list", "--since", at.isoformat(), "--until", now.isoformat()).output.splitlines()) == 1
    assert json.loads(run("list", "--kind", "limit.reached", "--json").output)["kind"] == "limit.reached"
    for bad in (
        ("list", "--person", "nobody@example.com"),
        ("list", "--kind", "no.kind"),
        ("list", "--since", "soon"),
        ("verify", "--head", "x"),
        ("verify", "--head", "4:short"),
    ):
        assert run(*bad).exit_code > 0
        assert "Traceback" not in run(*bad).output
    known = run("head").output.strip()
    assert known == head()
    assert run("verify", "--head", known).exit_code == 0
    tamper("DELETE FROM audit WHERE seq = 2", "DELETE FROM audit_heads", "UPDATE audit_state SET seq = 1")
    refused = run("verify", "--head", known)
    assert refused.exit_code == 1
    assert "ends at 1, was 2" in refused.output


@pytest.mark.each_database
def test_an_export_is_on_record_and_has_every_row(app: Flask, now: datetime, run: Callable[..., Any]) -> None:
    for number in range(3):
        record("access.refused", now=now, actor_kind=SYSTEM, detail={"text": f"=cmd{number}"})
    exported = [json.loads(line) for line in run("export", "--kind", "access.refused").output.splitlines()]
    assert [row["kind"] for row in exported] == ["access.refused"] * 3
    assert len(events("audit.exported")) == 1
    first, *rows = run("export", "--csv").output.splitlines()
    assert first.startswith("seq,at,kind")
    assert len(rows) == 5


def test_a_spreadsheet_runs_nothing_of_a_device(app: Flask, client: Any, now: datetime) -> None:
    from wellchat.audit.csv_lines import csv_line
    from wellchat.audit.queries import Filters, stream

    with app.test_request_context("/", headers={"User-Agent": "=HYPERLINK(1) x"}):
        app.preprocess_request()
        record("access.refused", now=now)
    assert ",'=HYPERLINK(1)," in "".join(map(csv_line, stream(Filters())))
    assert ",=HYPERLINK" not in "".join(map(csv_line, stream(Filters())))


@pytest.mark.each_database
def test_the_doctor_says_where_the_log_goes_and_what_waits(app: Flask, now: datetime, tmp_path: Path) -> None:
    assert "go nowhere" in check_log(app)
    early = now - timedelta(minutes=11)
    record("access.refused", now=early, actor_kind=SYSTEM)
    with pytest.raises(ValueError, match="sealed for 11 minutes"):
        check_log(app)
    seal(now)
    assert "1 rows sealed" in check_log(app)
    app.config["AUDIT_TO"] = f"file:{tmp_path / 'log'}"
    with pytest.raises(ValueError, match="1 rows wait"):
        check_log(app)
    ship(now)
    assert "1 sent to" in check_log(app)
