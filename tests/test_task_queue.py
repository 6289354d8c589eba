"""Task messages are sent after the commit and never delay a request; no work is lost with them."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from wellchat import task_queue
from wellchat.db import db, transaction
from wellchat.messaging.models import Message

ENQUEUE_AGAIN = """
import time
from wellchat import create_app
from wellchat.task_queue import enqueue
with create_app().app_context():
    for _ in range(5):
        began = time.monotonic()
        enqueue("sweep")
        print(time.monotonic() - began)
"""


@pytest.fixture
def sent(app, monkeypatch):
    """Return a list: for each task message, how many chat messages another connection saw at that moment."""
    seen = []

    def count_rows(_task, _ids):
        with db.engine.connect() as outside:
            seen.append(outside.execute(select(func.count()).select_from(Message)).scalar_one())

    monkeypatch.setattr(task_queue, "send_soon", count_rows)
    return seen


@pytest.mark.each_database
def test_a_task_message_is_sent_after_the_commit(sent, talk):
    """Trap 26: a worker that gets the message must find the row."""
    talk.says(talk.cara, "hello")
    assert sent == [1]


@pytest.mark.each_database
def test_a_rolled_back_transaction_enqueues_nothing(sent, talk):
    """Trap 26."""
    with contextlib.suppress(ZeroDivisionError), transaction():
        talk.says(talk.cara, "never mind")
        _ = 1 / 0
    assert sent == []


@pytest.mark.slow
@pytest.mark.parametrize("broker", ["hangs", "refuses"])
def test_a_broker_that_is_down_delays_one_request_briefly(broker, tmp_path: Path) -> None:
    """Trap 27: the sweep finds what could not be enqueued (see messaging/test_dispatch.py)."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if broker == "hangs":
            silent.listen(5)  # and never answers
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        env = {"WELLCHAT_INSTANCE": str(tmp_path), "WELLCHAT_BROKER_URL": url}
        done = subprocess.run(
            [sys.executable, "-c", ENQUEUE_AGAIN],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    first, *later = map(float, done.stdout.split())
    assert first < 10, "a fraction of a second, with room for a machine that has much else to do"
    assert min(later) < 0.05, "and nothing again for a while"


def test_no_task_has_a_countdown_or_a_date() -> None:
    """Trap 28: the broker delivers a task for later again and again, after its visibility timeout."""
    root = Path(__file__).parent.parent
    for source in [*root.glob("wellchat/**/*.py"), *root.glob("worker/*.py")]:
        found = re.findall(r"\b(countdown|eta)=|\.apply_async\(|\.retry\(", source.read_text())
        assert not found, f"{source} makes a task wait; a due time is a column"
