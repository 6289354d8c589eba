"""`wellchat init`: five answers, each checked, become a file of settings and an administrator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forking
from tests.services import MailServer, wait_for
from tests.test_first_steps import Terminal
from wellchat import create_app
from wellchat.accounts.queries import user_by_email
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.demo.queries import is_loaded

ADA = ("--admin-email", "ada@example.com", "--admin-name", "Ada Admin")

pytestmark = pytest.mark.slow


def init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "WELLCHAT_INSTANCE": str(folder / "instance")}
    return forking.run("wellchat", "init", "--to", str(folder / "wellchat.env"), *words, env=env)


def loaded(folder: Path) -> dict[str, str]:
    """What a shell has that loads the file."""
    command = f"set -a; . {folder}/wellchat.env; set +a; env -0"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, env={}).stdout
    pairs = (line.partition("=") for line in said.split("\0"))
    return {name: value for name, _, value in pairs if name.startswith("WELLCHAT_")}


def test_answers_become_settings_and_an_administrator_who_can_enter(tmp_path: Path, smtp: MailServer) -> None:
    url = "https://chat.example.org/"
    done = init(tmp_path, *ADA, "--base-url", url, "--smtp", f"{smtp.url}?x='a b'", "--empty")
    assert done.returncode == 0, done.stderr
    file = tmp_path / "wellchat.env"
    assert file.stat().st_mode & 0o777 == 0o600
    settings = loaded(tmp_path)
    assert settings["WELLCHAT_SMTP_URL"] == f"{smtp.url}?x='a b'"
    assert settings["WELLCHAT_BASE_URL"] == "https://chat.example.org"
    assert settings["WELLCHAT_MAIL_FROM"] == "ada@example.com"
    assert settings["WELLCHAT_SECRET_KEY"] == (tmp_path / "instance" / "secret_key").read_text()
    path = re.search(r"https://chat\.example\.org(/reset-password/\S+)", done.stdout)
    assert path, done.stdout
    app = create_app(read_settings(settings))
    with app.app_context():
        ada = user_by_email("ada@example.com")
        assert (ada.name, ada.role, ada.may("settings"), is_loaded()) == ("Ada Admin", "admin", True, False)
        db.session.remove()
    assert "https://chat.example.org/oversight/first-steps" in done.stdout
    page = app.test_client().get(path[1]).text
    assert ("Choose a new password" in page, "signed out" in page) == (True, False), "there was none before"
    # A second time nothing is overwritten without a word, and nobody is made twice.
    before = file.read_text()
    refused = init(tmp_path, *ADA)
    assert (refused.returncode, "--force overwrites it" in refused.stderr) == (1, True)
    assert file.read_text() == before
    again = init(tmp_path, *ADA, "--force", "--base-url", "http://127.0.0.1:8244")
    assert (again.returncode, "up --no-demo --port 8244\n" in again.stdout) == (0, True)
    assert "--port" not in done.stdout
    assert "WELLCHAT_SMTP_URL" not in file.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--admin-email is needed where nobody can be asked"),
        ((*ADA, "--base-url", "chat.example.org"), "--base-url: must be an http:// or https:// address"),
        ((*ADA, "--database", "mysql://x/y"), "--database: must start with sqlite:/// or postgresql"),
        ((*ADA, "--database", "postgresql://x@127.0.0.1:1/y"), "--database: (psycopg.OperationalError)"),
        ((*ADA, "--smtp", "smtp://127.0.0.1:1"), "--smtp: [Errno 111] Connection refused"),
        ((*ADA, "--smtp", "mail.example.org"), "--smtp: WELLCHAT_SMTP_URL: must start with one of smtp://"),
        (("--admin-email", "ada", "--admin-name", "Ada"), "--admin-email: This is not an email address"),
        (("--admin-email", "a@example.com", "--admin-name", " "), "--admin-name: Enter a name"),
    ],
)
def test_an_answer_that_does_not_work_is_refused_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    ended = init(tmp_path, *words)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert not (tmp_path / "wellchat.env").exists()


def test_at_a_terminal_it_asks_until_an_answer_works(tmp_path: Path) -> None:
    env = {"WELLCHAT_INSTANCE": str(tmp_path / "instance")}
    terminal = Terminal(sys.executable, "-m", "wellchat", "init", env=env, cwd=tmp_path)
    answers = [
        ("1. Address", ""),
        ("2. Database", ""),
        ("3. Mail server", "smtp://127.0.0.1:1"),
        ("Connection refused", ""),
        ("4. Your email", "ada@example.com"),
        ("Your name", "Ada Admin"),
        ("5. Put a demo", "n"),
    ]
    for asked, answer in answers:
        wait_for(lambda asked=asked: asked in terminal.read(), seconds=60, what=f"{asked}: {terminal.said}")
        os.write(terminal.line, answer.encode() + b"\n")
    wait_for(lambda: "/reset-password/" in terminal.read(), seconds=60, what=f"the end: {terminal.said}")
    assert terminal.process.wait(timeout=30) == 0
    assert loaded(tmp_path) == {
        "WELLCHAT_INSTANCE": str(tmp_path / "instance"),
        "WELLCHAT_BASE_URL": "http://127.0.0.1:8000",
    }
