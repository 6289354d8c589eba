"""Doorbells for the worker. A task carries ids; the row in the database is the job.

A bell is rung after commit, by a thread of its own: no request waits for it or fails with it. Where the broker is
down, the sweep finds the row instead.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator

from celery import Celery
from flask import Flask

from wellchat.background_publisher import BackgroundPublisher
from wellchat.db import after_commit, unit

log = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds that bells wait for a slow broker
SILENCE = 5.0  # seconds without trying, after the broker failed
LINGER = 0.05  # seconds a bell waits for others: putting a task together costs as much as a fifth of a send
MOST_IDS = 20  # of one message: what one worker does in a row while others wait for work

celery = Celery("wellchat")
_silent_until = 0.0


def enqueue(task: str, **ids: str) -> None:
    """Ring for `task`, about one id or none, once the surrounding transaction is durable; once, however often it asks.

    Bells of a kind go out together: `thread_id="a"` reaches the task as `thread_ids=["a", ...]`.
    """
    if current := unit():
        bells: set[tuple[str, str]] = current.notes.setdefault("bells", set())
        bell = (task, repr(sorted(ids.items())))
        if bell in bells:
            return
        bells.add(bell)
    after_commit(lambda: _ring(task, ids))


def _ring(task: str, ids: dict[str, str]) -> None:
    if celery.conf.broker_url:
        _publisher.put((task, ids))


def _carry(bells: list[tuple[str, dict[str, str]]]) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        for task, ids in _together(bells):
            celery.send_task(task, kwargs=ids, retry=False, ignore_result=True)
    except Exception as error:
        _silent_until = time.monotonic() + SILENCE
        log.warning("the broker does not answer (%s); the sweep takes over for a while", error)


def _together(bells: list[tuple[str, dict[str, str]]]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """As few messages as say the same, each id once."""
    gathered: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for task, ids in bells:
        name, value = next(iter(ids.items()), ("", ""))
        gathered[task, name][value] = None
    for (task, name), values in gathered.items():
        if not name:
            yield task, {}
            continue
        all_ids = list(values)
        for start in range(0, len(all_ids), MOST_IDS):
            yield task, {f"{name}s": all_ids[start : start + MOST_IDS]}


_publisher = BackgroundPublisher(_carry, delay=LINGER)


def broker_url(url: str | None) -> str | None:
    """Celery's spelling of a Redis URL: `unix:///path` is `redis+socket:///path` to it."""
    if url and url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://")
    return url


def init_app(app: Flask) -> None:
    celery.conf.update(
        broker_url=broker_url(app.config["BROKER_URL"]),
        broker_connection_retry_on_startup=True,
        # One try: kombu would go on for seconds, with every request that rings meanwhile waiting for it.
        broker_transport_options={"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "max_retries": 0},
        task_ignore_result=True,
        task_acks_late=True,  # a killed worker's task runs again; every task may run twice
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        timezone="UTC",
    )
    app.extensions["celery"] = celery
