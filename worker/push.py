"""Tasks of push."""

from typing import Any

from wellchat import aside
from wellchat.clock import now
from wellchat.push import sending
from wellchat.task_queue import celery


@celery.task(name="push.send")
def send(*, push_ids: list[str], **_: Any) -> None:
    """Send pushes to the devices of people who are away."""
    aside.do("push.send", lambda: sending.send_all(push_ids=push_ids, now=now()), threads=4, most=200)
