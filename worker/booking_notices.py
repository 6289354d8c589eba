"""Tasks of notices about bookings."""

from typing import Any

from wellchat.booking_notices import actions
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="appointments.announce")  # the old name: queued messages must still be run
def announce(*, subject_ids: list[str], **_: Any) -> None:
    """Notify the people of bookings or sessions that were made, moved or cancelled."""
    actions.announce(subject_ids=subject_ids, now=now())
