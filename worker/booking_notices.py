"""Doorbells of notices about bookings."""

from typing import Any

from wellchat.booking_notices import actions
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="appointments.announce")  # the old name: queued messages must still be run
def announce(*, subject_ids: list[str], **_: Any) -> None:
    """Bookings or sessions were made, moved or cancelled: tell their people."""
    actions.announce(subject_ids=subject_ids, now=now())
