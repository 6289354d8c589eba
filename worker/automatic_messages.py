"""Tasks of automatic messages."""

from typing import Any

from wellchat.automatic_messages.answering import answer_threads
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="automatic_messages.answer")
def answer(*, thread_ids: list[str], **_: Any) -> None:
    """Send the automatic answers that are due in these threads."""
    answer_threads(thread_ids=thread_ids, now=now())
