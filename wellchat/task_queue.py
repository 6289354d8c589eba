"""Sends doorbells to the worker: task messages that carry ids. The row in the database is the job.

A message is sent after the commit, by a thread of its own, so that no request waits for it or fails with it.
If the broker is down, the sweep finds the row.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator

from celery import Celery
from flask import Flask

from wellchat.background_publisher import BackgroundPublisher
from wellchat.db import after_commit, current_transaction

log = logging.getLogger(__name__)

BROKER_TIMEOUT = 0.25  # seconds that task messages wait for a slow broker
RETRY_AFTER = 5.0  # seconds without trying, after the broker failed
BATCH_DELAY = 0.05  # seconds a message waits for others: building one costs a fifth of sending a chat message
EXPIRES = 60.0  # seconds after which nobody works off a task message: by then the sweep has found the row
# Redis hands out what has a lower number first, and 0 is what beat sends. So the sweep never waits behind the
# messages of an outage. Workers of every version listen to all priorities.
PRIORITY = 3
MAX_IDS = 20  # of one message, so that one worker does not do in a row what several could do at once

celery = Celery("wellchat")
_retry_at = 0.0  # monotonic seconds; until then nothing is sent


def enqueue(task: str, **ids: str) -> None:
    """Send `task` to the worker, with one id or none, after the surrounding transaction has been committed.

    Calls with equal arguments in one transaction send one message. Messages of one task are merged:
    `thread_id="a"` reaches the task as `thread_ids=["a", ...]`. Never raises for the broker.
    """
    if current := current_transaction():
        messages: set[tuple[str, str]] = current.notes.setdefault("task_messages", set())
        message = (task, repr(sorted(ids.items())))
        if message in messages:
            return
        messages.add(message)
    after_commit(lambda: send_soon(task, ids))


def send_soon(task: str, ids: dict[str, str]) -> None:
    """Hand a task message to the thread that sends. Does nothing without a broker.

    `enqueue` calls it after the commit; tests put their own in its place.
    """
    if celery.conf.broker_url:
        _publisher.put((task, ids))


def _send(messages: list[tuple[str, dict[str, str]]]) -> None:
    global _retry_at
    # Every failure takes BROKER_TIMEOUT, and meanwhile messages pile up. The sweep finds their rows.
    if time.monotonic() < _retry_at:
        return
    try:
        for task, ids in _merged(messages):
            celery.send_task(
                task, kwargs=ids, retry=False, ignore_result=True, expires=EXPIRES, priority=PRIORITY
            )
    except Exception as error:
        _retry_at = time.monotonic() + RETRY_AFTER
        log.warning("the broker does not answer (%s); the sweep takes over for a while", error)


def _merged(messages: list[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield (task, ids) of as few messages as have the same effect, each id once, in order."""
    # Dictionaries as ordered sets.
    values_of: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for task, ids in messages:
        name, value = next(iter(ids.items()), ("", ""))
        values_of[task, name][value] = None
    for (task, name), values in values_of.items():
        if not name:
            yield task, {}
            continue
        all_ids = list(values)
        for start in range(0, len(all_ids), MAX_IDS):
            yield task, {f"{name}s": all_ids[start : start + MAX_IDS]}


_publisher = BackgroundPublisher(_send, delay=BATCH_DELAY)


def broker_url(url: str | None) -> str | None:
    """Return a Redis URL as Celery writes it: `unix:///path` becomes `redis+socket:///path`."""
    if url and url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://")
    return url


def init_app(app: Flask) -> None:
    """Configure Celery from the application's settings."""
    celery.conf.update(
        broker_url=broker_url(app.config["BROKER_URL"]),
        broker_connection_retry_on_startup=True,
        # One try. kombu would try for seconds, and what is enqueued meanwhile would wait.
        broker_transport_options={
            "socket_timeout": BROKER_TIMEOUT,
            "socket_connect_timeout": BROKER_TIMEOUT,
            "max_retries": 0,
        },
        task_ignore_result=True,
        # A killed worker's task runs again, so every task may run twice.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        timezone="UTC",
    )
    app.extensions["celery"] = celery
