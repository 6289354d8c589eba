"""Doorbells of messaging."""

from typing import Any

from wellchat.clock import now
from wellchat.digests import outbox
from wellchat.jobs import celery


@celery.task(name="messaging.tell")
def tell(*, thread_id: str, **_: Any) -> None:
    """A message was sent: put it in the bell of its recipient."""
    outbox.tell(thread_id=thread_id, now=now())
