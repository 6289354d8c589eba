"""Doorbells of mail."""

from typing import Any

from wellchat.clock import now
from wellchat.jobs import celery
from wellchat.mail import actions


@celery.task(name="mail.deliver")
def deliver(*, mail_id: str, **_: Any) -> None:
    """A mail was written down: send it."""
    actions.deliver(mail_id=mail_id, now=now())
