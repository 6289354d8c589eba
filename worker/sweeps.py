"""What beat rings for."""

from typing import Any

from wellchat import sweeps
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="sweep")
def sweep(**_: Any) -> None:
    """Find what a lost doorbell missed."""
    sweeps.run(now())


@celery.task(name="tidy")
def tidy(**_: Any) -> None:
    """Forget what may be forgotten."""
    sweeps.tidy(now())
