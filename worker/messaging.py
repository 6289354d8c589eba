"""Tasks of messaging."""

from typing import Any

from wellchat.clock import now
from wellchat.messaging.dispatch import notify_recipients
from wellchat.search import actions as search
from wellchat.task_queue import celery


@celery.task(name="messaging.tell")
def tell(*, thread_ids: list[str], **_: Any) -> None:
    """Notify the recipients of new messages, and index the messages for search."""
    notify_recipients(thread_ids=thread_ids, now=now())
    search.index(only_new=True)
