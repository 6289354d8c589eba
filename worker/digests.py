"""Tasks of digests."""

from typing import Any

from wellchat import aside
from wellchat.clock import now
from wellchat.digests import runs
from wellchat.task_queue import celery


@celery.task(name="digests.send")
def send(**_: Any) -> None:
    """Send the digests that are due; at least one may be."""
    aside.do("digests.send", lambda: runs.sweep(now()))
