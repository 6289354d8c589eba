"""`wellchat import` and `wellchat import verify`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.cast import Cast
from tests.imports.conftest import OldChat, messages_in, thread_of
from wellchat.imports import cli, staging


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
        "checked: read 3 · made 2 · same 0 · changed 0 · refused 0 · threads 0",
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
    assert "no more" not in wellchat(app, path, "--undo").stdout


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
