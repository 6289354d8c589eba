"""Tasks of goals. The row in the database is the job; a task only says that there is one."""

from collections.abc import Sequence
from typing import Any

from examples.goals import actions
from wellchat.clock import now
from wellchat.task_queue import celery


@celery.task(name="goals.announce")
def announce(*, goal_ids: Sequence[str], **_: Any) -> None:
    """Tell people of goals that were set."""
    actions.announce(goal_ids=goal_ids, now=now())
