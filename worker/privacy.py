"""Tasks of privacy."""

from typing import Any

from wellchat.clock import now
from wellchat.privacy import erasure, exports
from wellchat.task_queue import celery


@celery.task(name="privacy.export")
def make_exports(*, export_ids: list[str], **_: Any) -> None:
    """Make copies of people's data."""
    for each in export_ids:
        exports.make(export_id=each, now=now())


@celery.task(name="privacy.erase")
def erase(*, erasure_ids: list[str], **_: Any) -> None:
    """Erase people."""
    for each in erasure_ids:
        erasure.go_on(erasure_id=each, now=now())
