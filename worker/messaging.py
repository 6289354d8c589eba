"""Doorbells of messaging."""

from typing import Any

from wellchat.clock import now
from wellchat.digests import outbox
from wellchat.search import actions as search
from wellchat.task_queue import celery


@celery.task(name="messaging.tell")
def process_outbox(*, thread_ids: list[str], **_: Any) -> None:
    """Messages were sent: put them in the bells of their recipients, and where they can be found."""
    outbox.process(thread_ids=thread_ids, now=now())
    search.index(only_new=True)
