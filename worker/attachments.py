"""Doorbells of files."""

from typing import Any

from wellchat.attachments import processing as files
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="attachments.work")
def process_attachments(*, attachment_ids: list[str], **_: Any) -> None:
    """Files wait for their thumbnail, or to be taken away."""
    files.process_all(attachment_ids=attachment_ids, now=now())
