"""Set and change goals, and tell people of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select, update

from examples.goals import queries
from examples.goals.models import Goal
from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.connections.models import Connection
from wellchat.db import db, transaction
from wellchat.i18n import force_language, gettext
from wellchat.notifications.actions import notify
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

MORNING = time(8, tzinfo=UTC)  # when people are told that a goal is due
BATCH = 200  # goals of one sweep
RETRY_AFTER = timedelta(minutes=5)


def set_goal(*, viewer: User, thread_id: str, title: str, due_on: date | None, now: datetime) -> Goal:
    """Set a goal for the two people of a thread. Raises NotFound."""
    connection = queries.connection_of_thread(viewer, thread_id)
    with transaction() as session:
        goal = Goal(connection_id=connection.id, author_id=viewer.id, title=title, due_on=due_on)
        goal.created_at = goal.notify_at = now
        session.add(goal)
        session.flush()
        _record_change(goal, connection)
        enqueue("goals.announce", goal_id=goal.id)
    return goal


def change_goal(*, viewer: User, goal_id: str, done: bool, now: datetime) -> Goal:
    """Mark a goal done, or open again. Raises NotFound."""
    with transaction() as session:
        goal = queries.goal_for(viewer, goal_id)
        if done != (goal.done_at is not None):
            goal.done_at = now if done else None
            session.flush()
            _record_change(goal, session.get_one(Connection, goal.connection_id))
    return goal


def _record_change(goal: Goal, connection: Connection) -> None:
    for user_id in (connection.client_id, connection.professional_id):
        record_change(user_id=user_id, kind="goal", ref_id=goal.id)


def announce(*, goal_ids: Sequence[str], now: datetime) -> int:
    """Tell people of these goals, as far as something is due. Return of how many they were told."""
    return sum(_notify_safely(goal_id, now) for goal_id in goal_ids)


def sweep(now: datetime) -> dict[str, int]:
    """Tell people of every goal that is due, also where the task got lost."""
    due = select(Goal.id).where(Goal.notify_at <= now).order_by(Goal.notify_at).limit(BATCH)
    return {"goals_notified": announce(goal_ids=db.session.execute(due).scalars().all(), now=now)}


def _notify_safely(goal_id: str, now: datetime) -> bool:
    try:
        with transaction():
            return _notify(goal_id, now)
    except Exception:
        log.exception("could not tell people of the goal %s", goal_id)
        db.session.rollback()
        _postpone(goal_id, now)
        return False


def _postpone(goal_id: str, now: datetime) -> None:
    # Or the goals that fail would come first at every sweep, and hold up all others.
    with transaction() as session:
        session.execute(update(Goal).where(Goal.id == goal_id).values(notify_at=now + RETRY_AFTER))


def _notify(goal_id: str, now: datetime) -> bool:
    # The row is locked: a task and a sweep that run at once tell people once.
    locked = select(Goal).where(Goal.id == goal_id, Goal.notify_at <= now).with_for_update()
    goal = db.session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if goal is None:
        return False
    connection = db.session.get_one(Connection, goal.connection_id)
    people = {connection.client_id, connection.professional_id}
    if goal.announced_at is None:
        goal.announced_at = now
        due = datetime.combine(goal.due_on, MORNING) if goal.due_on else None
        goal.notify_at = due if due and due > now else None
        people -= {goal.author_id}
    else:
        goal.notify_at = None
        if goal.done_at is not None:
            return False
    for reader in db.session.execute(select(User).where(User.id.in_(people))).scalars():
        with force_language(reader.language):
            preview = gettext("Goal: %(title)s", title=goal.title)
        notify(
            user_id=reader.id,
            kind="goal",
            actor_id=goal.author_id,
            preview=preview,
            group_key=f"goal:{goal.id}",
            payload={"url": "/goals"},
            now=now,
        )
    return True
