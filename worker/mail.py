"""Tasks of mail."""

from typing import Any

from wellchat import aside
from wellchat.clock import now
from wellchat.mail import actions
from wellchat.task_queue import celery


@celery.task(name="mail.deliver")
def deliver(*, mail_ids: list[str], **_: Any) -> None:
    """Send mails that were written down."""
    aside.do("mail.deliver", lambda: actions.deliver_all(mail_ids=mail_ids, now=now()), threads=4, most=200)
