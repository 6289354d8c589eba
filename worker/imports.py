"""Tasks of imports."""

from typing import Any

from wellchat.clock import now
from wellchat.imports import running
from wellchat.task_queue import celery


@celery.task(name="imports.go_on")
def go_on(*, import_ids: list[str], **_: Any) -> None:
    """Go on with imports for some seconds each."""
    running.go_on_each(import_ids=import_ids, now=now())
