"""`wellchat import` and `wellchat import verify`."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Cast, Talk
from tests.imports.conftest import OldChat, messages_in, thread_of
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.imports import cli, running, staging, undoing
from wellchat.imports.models import ImportThread
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.threads import open_thread


def wellchat(app: Flask, *args: Any) -> Any:
    return app.test_cli_runner().invoke(args=["import", *map(str, args)])


@pytest.mark.each_database
def test_an_operator_follows_the_page(app: Flask, old: OldChat, known: Cast) -> None:
    (old.folder / "plan.txt").write_text("a plan")
    old.chat("one")
    old.says("one", 1)
    old.says("one", 2, by="p-1", files=[{"path": "plan.txt"}])
    path = old.write()
    files = ("--files", old.folder)
    checked = wellchat(app, path, "--check", *files)
    assert (checked.exit_code, checked.stdout.splitlines()[0]) == (
        0,
        "checked: read 3 · made 2 · same 0 · changed 0 · refused 0",
    )
    ran = wellchat(app, path, *files)
    assert "done: read 3 · made 2 · same 0" in ran.stdout
    again = wellchat(app, path, *files, "--json")
    assert {name: json.loads(again.stdout)[name] for name in ("made", "same")} == {"made": 0, "same": 2}
    for command in (("verify", path, *files), (path, "--verify", *files)):
        verified = wellchat(app, *command)
        assert (verified.exit_code, verified.stdout) == (
            0,
            "chats 1 → threads 1 · messages 2 = 2 · files 1 = 1 · refused 0 · differing 0\n",
        )
    assert wellchat(app, path, "--open").stdout.startswith("open: ")
    assert thread_of("Cara Client").closed_at is None
    undone = wellchat(app, path, "--undo")
    assert (undone.exit_code, undone.stdout) == (0, "undone: messages 2 · runs of this file 2\n")


@pytest.mark.each_database
@pytest.mark.parametrize("had_thread", [True, False])
def test_an_undo_takes_back_all_runs_of_the_file(
    app: Flask, old: OldChat, known: Cast, now: datetime, had_thread: bool
) -> None:
    if had_thread:
        connect(client_id=known.cara.id, professional_id=known.paul.id, now=now)
        open_thread(viewer=known.cara, with_id=known.paul.id, now=now)
    old.chat("one")
    for number in range(3):
        old.says("one", number)
    path = old.write()
    assert "made 3" in wellchat(app, path).stdout
    assert "same 3" in wellchat(app, path).stdout
    old.says("one", 9)
    newer = old.write("newer.jsonl")
    assert "made 1" in wellchat(app, newer).stdout
    refused = wellchat(app, path, "--undo")
    assert (refused.exit_code, "(newer.jsonl) came later." in refused.stderr) == (1, True)
    assert len(messages_in(thread_of("Cara Client"))) == 4
    assert wellchat(app, newer, "--undo").stdout.startswith("undone: messages 1 · ")
    assert thread_of("Cara Client").closed_at is not None, "the earlier runs hold it"
    wellchat(app, path, "--check")
    assert wellchat(app, path, "--undo").stdout == "undone: messages 3 · runs of this file 3\n"
    threads = db.session.execute(select(Thread).execution_options(populate_existing=True)).scalars().all()
    assert [(each.last_seq, each.closed_at) for each in threads] == ([(0, None)] if had_thread else [])
    assert db.session.execute(select(Message)).scalars().all() == []
    assert db.session.execute(select(ImportThread)).scalars().all() == []
    assert "nothing to take back" in wellchat(app, path, "--undo").stderr


@pytest.mark.each_database
def test_an_open_after_an_undo_of_a_later_run_opens_what_the_earlier_one_holds(
    app: Flask, old: OldChat, known: Cast, now: datetime
) -> None:
    old.chat("one")
    old.says("one", 1)
    path = old.write()
    wellchat(app, path)
    wellchat(app, path)
    later = staging.latest_of(hashlib.sha256(path.read_bytes()).hexdigest())
    assert later is not None
    undoing.undo(import_id=later.id, now=now)
    running.go_on(import_id=later.id, now=now)
    assert thread_of("Cara Client").closed_at is not None
    assert wellchat(app, path, "--open").exit_code == 0
    assert (thread_of("Cara Client").closed_at, len(messages_in(thread_of("Cara Client")))) == (None, 1)


@pytest.mark.each_database
def test_an_undo_of_a_run_that_brought_nothing_leaves_what_people_wrote(
    app: Flask, old: OldChat, known: Cast, now: datetime
) -> None:
    old.chat("one")
    old.says("one", 1)
    path = old.write()
    wellchat(app, path)
    wellchat(app, path)
    wellchat(app, path, "--open")
    Talk(known, now).says(known.paul, "Welcome")
    later = staging.latest_of(hashlib.sha256(path.read_bytes()).hexdigest())
    assert later is not None
    undoing.undo(import_id=later.id, now=now)
    running.go_on(import_id=later.id, now=now)
    assert [each.body for each in messages_in(thread_of("Cara Client"))][1:] == ["Welcome"]
    refused = wellchat(app, path, "--undo")
    assert (refused.exit_code, "Somebody has written since" in refused.stderr) == (1, True)
    assert (thread_of("Cara Client").last_seq, thread_of("Cara Client").closed_at) == (2, None)


@pytest.mark.each_database
def test_a_stopped_command_goes_on(
    app: Flask, old: OldChat, known: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "CHUNK_LINES", 2)
    old.chat("one")
    for number in range(6):
        old.says("one", number)
    path, real = old.write(), staging.take_lines

    def stopped(**given: Any) -> Any:
        if given["first"] > 3:
            raise KeyboardInterrupt
        return real(**given)

    monkeypatch.setattr(staging, "take_lines", stopped)
    assert wellchat(app, path).exit_code != 0
    monkeypatch.setattr(staging, "take_lines", real)
    assert "made 6" in wellchat(app, path).stdout
    assert len(messages_in(thread_of("Cara Client"))) == 6


def test_what_is_wrong_is_said(app: Flask, old: OldChat, known: Cast) -> None:
    old.chat("one")
    old.says("one", 1, sent_at="2025-01-31T12:00:00")
    path, report = old.write(), old.folder / "report.jsonl"
    checked = wellchat(app, path, "--check", "--report", report)
    assert checked.exit_code == 1
    assert "line 2: refused: a time without an offset from UTC: name the zone of the file" in checked.stderr
    assert [json.loads(each)["line"] for each in report.read_text().splitlines()] == [2]
    assert f"1 line was refused. The whole report is {report}." in checked.stderr
    ran = wellchat(app, path)
    assert (ran.exit_code, "written by --report FILE" in ran.stderr) == (1, True)
    assert wellchat(app, path, "--check", "--zone", "Europe/Berlin").exit_code == 0
    assert wellchat(app, path, "--undo").stdout.startswith("undone: "), "its lines are forgotten"
    for args, words in (
        ((path, "--undo"), "nothing to take back"),
        ((path, "--open"), "has not run"),
        ((path, "--zone", "Mars/Olympus"), "There is no such time zone"),
        (("verify", path, "--zone", "Mars/Olympus"), "There is no such time zone"),
        ((old.folder / "none.jsonl",), "does not exist"),
    ):
        answer = wellchat(app, *args)
        assert (answer.exit_code != 0, words in answer.stderr) == (True, True), answer.output
    assert wellchat(app, "verify", path).exit_code == 0
