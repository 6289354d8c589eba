"""Tasks of attachments."""

from typing import Any

from wellchat.attachments import processing as files
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="attachments.work")
def process_attachments(*, attachment_ids: list[str], **_: Any) -> None:
    """Make thumbnails, and delete withdrawn files."""
    files.process_all(attachment_ids=attachment_ids, now=now())
