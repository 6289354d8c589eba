"""Tasks of mail."""

from typing import Any

from wellchat.clock import now
from wellchat.mail import actions
from wellchat.task_queue import celery


@celery.task(name="mail.deliver")
def deliver(*, mail_ids: list[str], **_: Any) -> None:
    """Send mails that were written down."""
    actions.deliver_all(mail_ids=mail_ids, now=now())
