"""Doorbells for the worker. A task carries ids; the row in the database is the job.

A bell is rung after commit, never waits long and never fails a request: where the broker is down, the sweep finds
the row instead.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Celery
from flask import Flask

from wellchat.db import after_commit, unit

log = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds a request may lose to a slow broker
SILENCE = 5.0  # seconds without trying, after the broker failed

celery = Celery("wellchat")
_silent_until = 0.0


def enqueue(task: str, **ids: Any) -> None:
    """Ring for `task` with `ids` once the surrounding transaction is durable; once, however often it asks."""
    if current := unit():
        bells: set[tuple[str, str]] = current.notes.setdefault("bells", set())
        bell = (task, repr(sorted(ids.items())))
        if bell in bells:
            return
        bells.add(bell)
    after_commit(lambda: _ring(task, ids))


def _ring(task: str, ids: dict[str, Any]) -> None:
    global _silent_until
    if not celery.conf.broker_url or time.monotonic() < _silent_until:
        return
    try:
        celery.send_task(task, kwargs=ids, retry=False, ignore_result=True)
    except Exception as error:
        _silent_until = time.monotonic() + SILENCE
        log.warning("the broker does not answer (%s); the sweep takes over for a while", error)


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
