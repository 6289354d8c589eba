"""A worker comes back after whatever Redis says, and what is due does not wait behind old task messages."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from flask import Flask
from redis import Redis

from tests.databases import migrated
from tests.faults.parts import Part, valkey
from tests.services import Command, wait_for
from wellchat import create_app, task_queue
from wellchat.clock import now
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.mail.actions import queue_mail
from wellchat.mail.models import Mail

pytestmark = pytest.mark.slow

OLD, FRESH = 300, 30


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Part]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = valkey(folder)
    server.start()
    server.wait_until_ready()
    yield server
    server.kill()


def done(worker: Command, task: str) -> int:
    return sum(f"Task {task}[" in line and "succeeded" in line for line in worker.said)


def state_of(app: Flask, mail_id: str) -> str:
    with app.app_context():
        return db.session.get_one(Mail, mail_id).state


def losses(worker: Command) -> int:
    return worker.output.count("Connection to broker lost")


def test_a_worker_after_an_outage_and_after_words_of_redis(
    broker: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker_socket = broker.folder / "valkey.sock"
    env = {"WELLCHAT_INSTANCE": str(tmp_path)}
    app = migrated(create_app(read_settings(env)))
    with app.app_context():
        address = {"user_id": None, "address": "a@example.com", "name": "welcome"}
        mail_id = queue_mail(**address, context={"name": "A", "url": "/"}, now=now(), wake_worker=False).id
    # A mail server that takes connections and never says a word.
    silent = socket.create_server(("127.0.0.1", 0), backlog=8)
    env["WELLCHAT_SMTP_URL"] = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
    env |= {"WELLCHAT_REDIS_URL": f"unix://{broker_socket}", "WELLCHAT_LOG_LEVEL": "INFO"}
    redis = Redis(unix_socket_path=str(broker_socket))
    sender = Celery(broker=f"redis+socket://{broker_socket}")
    monkeypatch.setattr(task_queue, "celery", sender)
    # Task messages of long ago, then some of now, and what beat sends comes last of all.
    monkeypatch.setattr(task_queue, "EXPIRES", 0.0)
    task_queue._send([("messaging.tell", {"thread_id": f"old{number}"}) for number in range(OLD)])
    monkeypatch.undo()
    monkeypatch.setattr(task_queue, "celery", sender)
    for number in range(FRESH):
        task_queue._send([("messaging.tell", {"thread_id": f"fresh{number}"})])
    sender.send_task("sweep", ignore_result=True)

    worker = Command("celery", "-A", "worker", "worker", "-P", "threads", "-c", "1", env=env)
    try:
        wait_for(lambda: done(worker, "sweep") == 1, seconds=60, what="the sweep")
        assert done(worker, "messaging.tell") < FRESH, "it waited behind them"
        wait_for(lambda: state_of(app, mail_id) == "sending", what="a mail that hangs and delays nothing")
        wait_for(lambda: done(worker, "messaging.tell") == FRESH, seconds=60, what="the fresh ones")
        for begin, end in (
            ("replicaof 127.0.0.1 1", "replicaof no one"),
            ("config set maxmemory 1", "config set maxmemory 0"),
        ):
            worker.process.send_signal(signal.SIGSTOP)
            sender.send_task("sweep", ignore_result=True)
            lost = losses(worker)
            redis.execute_command(begin)
            worker.process.send_signal(signal.SIGCONT)
            wait_for(
                lambda lost=lost: worker.output.count("Connection to broker lost") > lost, what="the loss"
            )
            redis.execute_command(end)
            before = done(worker, "sweep")
            sender.send_task("sweep", ignore_result=True)
            wait_for(lambda before=before: done(worker, "sweep") > before, seconds=60, what="it is back")
    finally:
        silent.close()
        worker.stop(signal.SIGTERM)
        sender.close()
        redis.close()
    assert done(worker, "messaging.tell") == FRESH, "the old ones are forgotten"
