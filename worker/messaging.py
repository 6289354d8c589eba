"""Doorbells of messaging."""

from typing import Any

from wellchat.clock import now
from wellchat.digests import outbox
from wellchat.jobs import celery


@celery.task(name="messaging.tell")
def tell(*, thread_ids: list[str], **_: Any) -> None:
    """Messages were sent: put them in the bells of their recipients."""
    outbox.tell(thread_ids=thread_ids, now=now())
