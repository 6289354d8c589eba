"""`wellchat mail receive` as a pipe, `wellchat mail serve` for LMTP, and `wellchat mail received`."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import forking
from tests.databases import migrate
from tests.mail.world import World
from tests.replies.raw import address_of, bodies, raw_mail, reply
from tests.services import Command, MailServer, free_port, wait_for
from wellchat.db import db
from wellchat.replies.lmtp import DATA_LIMIT

Pipe = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def env(make_app: Callable[..., Flask], tmp_path: Path, smtp: MailServer) -> dict[str, str]:
    """Return the settings of an installation of its own, with `world` in it."""
    return {
        "WELLCHAT_INSTANCE": str(tmp_path),
        "WELLCHAT_DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}",
        "WELLCHAT_SECRET_KEY": "0123456789abcdef" * 2,
        "WELLCHAT_REPLY_ADDRESS": "reply@studio.example",
        "WELLCHAT_BASE_URL": "https://chat.example",
    }


@pytest.fixture
def world(env: dict[str, str], make_app: Callable[..., Flask], smtp: MailServer) -> Iterator[World]:
    settings = {name.removeprefix("WELLCHAT_"): value for name, value in env.items()}
    app = make_app(**settings | {"INSTANCE": Path(settings["INSTANCE"])})
    with app.app_context():
        migrate(app)
        yield World(app, smtp)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def pipe(env: dict[str, str]) -> Pipe:
    """pipe(raw, *options, **environment) runs the command as a process."""

    def run(raw: bytes, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        db.session.rollback()
        return forking.run(
            "wellchat", "mail", "receive", *options, given=raw, env={**os.environ, **env, **environment}
        )

    return run


@pytest.mark.slow
def test_receive_exits_with_the_status_of_the_verdict(world: World, pipe: Pipe) -> None:
    to = address_of(world.coach, world.thread)
    raw = raw_mail(author=world.coach.email, to=f'"Ana" <{to}>')
    taken = pipe(raw)
    assert (taken.returncode, taken.stdout, taken.stderr) == (0, "Taken.\n", "")
    assert pipe(raw).stdout == "Taken before.\n"
    assert pipe(raw_mail(author=world.coach.email, to=to, Precedence="bulk")).returncode == 0
    stranger = pipe(raw_mail(author="eve@example.com", to=to))
    assert stranger.returncode == 77
    assert stranger.stderr.startswith("Only the person whom we wrote to")
    nobody = pipe(raw_mail(author=world.coach.email, to="reply+nobody@studio.example"))
    assert (nobody.returncode, nobody.stdout) == (67, "")
    assert pipe(b"").returncode == 65
    assert bodies(world) == ["Yes, at nine."]


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", ["--recipient", "ORIGINAL_RECIPIENT", "RECIPIENT", "Delivered-To", "X-Original-To", "Cc"]
)
def test_the_recipient_is_read_from_environment_or_headers(world: World, pipe: Pipe, way: str) -> None:
    to = address_of(world.coach, world.thread)
    plain = {"author": world.coach.email, "to": "undisclosed-recipients:;"}
    if way.startswith("--"):
        done = pipe(raw_mail(**plain), way, to, "--sender", world.coach.email)
    elif way.isupper():
        done = pipe(raw_mail(**plain), **{way: to})
    else:
        done = pipe(raw_mail(**plain, **{way.replace("-", "_"): to}))
    assert done.returncode == 0, done.stderr
    assert bodies(world) == ["Yes, at nine."]


@pytest.mark.slow
def test_the_envelope_s_recipient_is_the_one_that_counts(world: World, pipe: Pipe) -> None:
    to = address_of(world.coach, world.thread)
    assert (
        pipe(raw_mail(author=world.coach.email, to=to), "--recipient", "else@studio.example").returncode == 67
    )
    assert pipe(raw_mail(author=world.coach.email, to=to), SENDER="MAILER-DAEMON").stdout.startswith(
        "Dropped"
    )


@pytest.mark.slow
def test_an_internal_error_asks_to_try_again(
    world: World, pipe: Pipe, env: dict[str, str], tmp_path: Path
) -> None:
    """For any other status a mail server returns the mail to its author."""
    to = address_of(world.coach, world.thread)
    raw = raw_mail(author=world.coach.email, to=to)
    for trouble in (
        {"WELLCHAT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"},
        {"WELLCHAT_DATABASE_URL": f"sqlite:///{tmp_path / 'no' / 'such.db'}"},
        {"WELLCHAT_POLL_INTERVAL": "x"},
        {"WELLCHAT_SECRET_KEY": "weak"},
    ):
        assert pipe(raw, **trouble).returncode == 75, trouble
    assert pipe(raw).returncode == 0


@pytest.mark.slow
def test_a_huge_mail_is_read_to_its_end(world: World, pipe: Pipe) -> None:
    to = address_of(world.coach, world.thread)
    done = pipe(raw_mail(author=world.coach.email, to=to, body=b"x" * 27_000_000))
    assert done.returncode == 0
    assert "too large" in done.stdout


@pytest.mark.slow
def test_killed_at_any_moment_and_handed_over_again(world: World, env: dict[str, str]) -> None:
    """The mail server waits for the status, and tries again if there is none."""
    to = address_of(world.coach, world.thread)
    for number in range(3):
        raw = raw_mail(author=world.coach.email, to=to, body=f"Words {number}", message_id=f"<{number}@x>")
        db.session.rollback()
        for patience in (0.05 + 0.1 * number, 60):
            process, output = forking.start(
                "wellchat", "mail", "receive", given=raw, env={**os.environ, **env}
            )
            try:
                assert process.wait(patience) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            output.close()
    assert bodies(world) == [f"Words {number}" for number in range(3)]


# LMTP


@pytest.fixture
def lmtp(world: World, env: dict[str, str]) -> Iterator[tuple[Command, int]]:
    port = free_port()
    db.session.rollback()
    command = Command("wellchat", "mail", "serve", "--port", str(port), env=env)
    command.wait_until_says("takes mails by LMTP")
    yield command, port
    command.stop()


def speak(port: int, sender: str, recipients: list[str], raw: bytes) -> tuple[list[int], list[bytes]]:
    """Return the codes at RCPT, and the lines after the text: one for each recipient that was accepted."""
    with smtplib.LMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        codes = [client.rcpt(recipient)[0] for recipient in recipients]
        taken = codes.count(250)
        if not taken:
            return codes, []
        lines = [client.data(raw)]
        lines += [client.getreply() for _ in range(taken - 1)]
        return codes, [f"{code} {words.decode()}".encode() for code, words in lines]


@pytest.mark.slow
def test_lmtp_answers_each_recipient(world: World, lmtp: tuple[Command, int]) -> None:
    _, port = lmtp
    own = address_of(world.coach, world.thread)
    other = address_of(world.client, world.thread)
    raw = raw_mail(author=world.coach.email, to=own)
    codes, lines = speak(port, world.coach.email, [own, "reply+nobody@studio.example", other], raw)
    assert codes == [250, 550, 250]
    assert [line[:9] for line in lines] == [b"250 2.0.0", b"550 5.7.1"]
    assert speak(port, world.coach.email, [own], raw)[1] == [b"250 2.0.0 Taken before."]
    assert speak(port, "", [own], raw_mail(author=world.coach.email, to=own))[1][0].startswith(
        b"250 2.0.0 Dropped"
    )
    assert bodies(world) == ["Yes, at nine."]


@pytest.mark.slow
def test_lmtp_takes_long_lines_and_refuses_for_each_recipient(
    world: World, lmtp: tuple[Command, int]
) -> None:
    _, port = lmtp
    own, other = (address_of(each, world.thread) for each in (world.coach, world.client))
    long = "All in one line, as some programs write. " * 150
    raw = raw_mail(author=world.coach.email, to=own, body=long)
    assert max(map(len, raw.splitlines())) > 5_000
    assert speak(port, world.coach.email, [own], raw)[1] == [b"250 2.0.0 Taken."]
    assert bodies(world) == [long.strip()]
    large = raw_mail(author=world.coach.email, to=own, body=("x" * 2**20 + "\n") * (DATA_LIMIT // 2**20))
    codes, lines = speak(port, world.coach.email, [own, other, own], large)
    assert (codes, {line[:3] for line in lines}, len(lines)) == ([250] * 3, {b"552"}, 3)
    assert bodies(world) == [long.strip()]


@pytest.mark.slow
def test_lmtp_takes_many_mails_at_once(world: World, lmtp: tuple[Command, int]) -> None:
    _, port = lmtp
    to = address_of(world.coach, world.thread)
    answers: list[Any] = []

    def deliver(number: int) -> None:
        raw = raw_mail(
            author=world.coach.email, to=to, body=f"Words {number % 20}", message_id=f"<{number % 20}@x>"
        )
        answers.append(speak(port, world.coach.email, [to], raw))

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 40
    assert all(lines[0].startswith(b"250") for _, lines in answers)
    assert sorted(map(str, bodies(world))) == sorted(f"Words {number}" for number in range(20))


def threads_of(command: Command) -> int:
    """Make a thread for each mail."""
    return len(list(Path(f"/proc/{command.process.pid}/task").iterdir()))


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # in the very instant of its end: ask again
        return False
    return False


@pytest.mark.slow
def test_lmtp_finishes_mails_under_way_when_it_is_stopped(world: World, lmtp: tuple[Command, int]) -> None:
    command, port = lmtp
    to = address_of(world.coach, world.thread)
    blocker = world.app.config["DATABASE_URL"].removeprefix("sqlite:///")
    import sqlite3

    with sqlite3.connect(blocker, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # the mail has to wait for this
        answers: list[Any] = []
        raw = raw_mail(author=world.coach.email, to=to)
        thread = threading.Thread(target=lambda: answers.append(speak(port, world.coach.email, [to], raw)))
        idle = threads_of(command)
        thread.start()
        wait_for(lambda: threads_of(command) > idle, what="the mail at the database")
        command.process.send_signal(signal.SIGTERM)
        wait_for(lambda: refuses(port), what="the end of listening")
        other.execute("ROLLBACK")
    thread.join(30)
    assert [lines for _, lines in answers] == [[b"250 2.0.0 Taken."]]
    assert command.stop() == 0
    assert bodies(world) == ["Yes, at nine."]


@pytest.mark.slow
def test_lmtp_asks_to_try_again_while_the_database_is_away(world: World, env: dict[str, str]) -> None:
    port = free_port()
    to, raw = address_of(world.coach, world.thread), b""
    raw = raw_mail(author=world.coach.email, to=to)
    away = env | {"WELLCHAT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
    command = Command("wellchat", "mail", "serve", "--port", str(port), env=away)
    try:
        command.wait_until_says("takes mails by LMTP")
        assert speak(port, world.coach.email, [to], raw)[1] == [b"451 4.3.0 Try again later."]
    finally:
        command.stop()


# Looking


def test_received_lists_what_came_in(app: Flask, smtp: MailServer) -> None:
    app.config.update(SMTP_URL=smtp.url, REPLY_ADDRESS="reply@studio.example")
    world = World(app, smtp)
    reply(world)
    reply(world, body="")
    run = app.test_cli_runner().invoke
    rows = json.loads(run(args=["mail", "received", "--json"]).output)
    assert {row["outcome"] for row in rows} == {"taken", "refused"}
    assert {row["email"] for row in rows} == {world.coach.email}
    db.session.rollback()
    assert "no text of yours" in run(args=["mail", "received", world.coach.email.upper()]).output
    assert run(args=["mail", "received", "nobody@example.com"]).output == ""
