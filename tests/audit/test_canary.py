"""No word of a message, no password and no token is in the security log, or in what leaves it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.browsing import Browser
from tests.cast import Talk
from wellchat import sweeps
from wellchat.audit.counting import write_counts
from wellchat.audit.sealing import keep_head
from wellchat.db import db

WORD = "Kanarienvogel"
OTHERS = ("people", "addresses", "state", "heads", "gaps", "counts", "suspicions")
TABLES = ("audit", *(f"audit_{name}" for name in OTHERS))


@pytest.mark.each_database
def test_no_word_and_no_secret_comes_into_the_log(
    app: Flask,
    talk: Talk,
    api: Any,
    browse: Callable[..., Browser],
    now: datetime,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="wellchat")
    app.config["AUDIT_TO"] = f"file:{tmp_path / 'log'}"
    cara, program = browse(talk.cara), api(talk.cara)
    thread = f"/api/threads/{talk.id}"
    secrets = [WORD, program.headers["Authorization"].split()[1]]
    # Everything that takes words, by pages, by calls and by commands.
    assert program.post(f"{thread}/messages", json={"body": WORD, "client_key": "k1"}).status_code == 201
    assert program.patch(f"{thread}/messages/1", json={"body": f"{WORD} 2"}).status_code == 200
    program.get(f"/api/search?q={WORD}")
    program.put(f"{thread}/typing", json={})
    cara.post(f"/threads/{talk.id}/messages", data={"body": WORD, "client_key": "k2"})
    program.post("/api/search", json={"q": WORD})
    cara.get(f"/search?q={WORD}")
    for path in ("/", "/search"):
        assert WORD not in cara.get(cara.post(path, data={"q": WORD}).location).request.url
    cara.post("/settings", data={"name": WORD, "bio": WORD, "time_zone": "UTC"})
    cara.post("/settings/password", data={"current_password": WORD, "new_password": f"{WORD}-77"})
    made = cara.post("/settings/tokens", data={"token_name": WORD})
    secrets += re.findall(r"<code[^>]*>([^<]{20,})<", made.text)
    for path in ("/sign-in", "/sign-up", "/forgot-password", "/prove"):
        form = {"email": f"{WORD}@example.com", "password": WORD, "name": WORD, "role": "client"}
        browse().post(path, data=form)
    browse().post("/api/tokens", json={"email": "cara@example.com", "password": WORD})
    program.get(f"{thread}?userId={WORD}")
    program.delete(f"{thread}/messages/1")
    cara.get(f"/oversight?q={WORD}")
    browse(talk.paul).get(f"/oversight/audit?person={WORD}")
    run = app.test_cli_runner().invoke
    run(
        args=["user", "create", f"{WORD}@example.com", "--name", WORD, "--role", "client", "--password", WORD]
    )
    run(args=["token", "create", "cara@example.com", "--name", WORD])
    run(args=["mail", "log", "--reason", WORD])
    run(args=["user", "export", "cara@example.com"])
    for minutes in (0, 3):
        sweeps.run(now + timedelta(minutes=minutes))
    write_counts(now + timedelta(minutes=5))
    sweeps.run(now + timedelta(minutes=6))
    keep_head(now)
    written = {table: str(db.session.execute(text(f"SELECT * FROM {table}")).all()) for table in TABLES} | {
        "lines": (tmp_path / "log").read_text(),
        "the log of the processes": "\n".join(record.getMessage() for record in caplog.records),
    }
    assert len(written["lines"].splitlines()) > 3
    found = [(where, secret) for where, what in written.items() for secret in secrets if secret in what]
    assert found == []
