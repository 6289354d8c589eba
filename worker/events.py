"""Tasks of events."""

from typing import Any

from wellchat import aside
from wellchat.clock import now
from wellchat.events import sending
from wellchat.task_queue import celery


@celery.task(name="events.deliver")
def deliver(**_: Any) -> None:
    """Number events, and send webhooks."""
    aside.do("events.deliver", lambda: sending.sweep(now()))
