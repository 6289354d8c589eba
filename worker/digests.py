"""Doorbells of digests."""

from typing import Any

from wellchat.clock import now
from wellchat.digests import runs
from wellchat.task_queue import celery


@celery.task(name="digests.send")
def send(**_: Any) -> None:
    """Somebody's digest may be due: send what is."""
    runs.sweep(now())
