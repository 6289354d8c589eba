"""Read goals. Only the two people of the connection see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from examples.goals.models import Goal
from wellchat.accounts.models import User
from wellchat.connections.models import Connection
from wellchat.connections.queries import connection_between
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.queries import ThreadView, thread_for
from wellchat.places import SearchHit


def _mine(viewer: User) -> Select[Goal]:
    theirs = or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id)
    order = (Goal.done_at.is_not(None), Goal.created_at, Goal.id)
    return select(Goal).join(Connection, Connection.id == Goal.connection_id).where(theirs).order_by(*order)


def goal_for(viewer: User, goal_id: str) -> Goal:
    """Return a goal of the viewer's. Raises NotFound, also for one of other people."""
    goal = db.session.execute(_mine(viewer).where(Goal.id == goal_id)).scalar_one_or_none()
    if goal is None:
        raise NotFound
    return goal


def my_goals(viewer: User) -> list[Goal]:
    """Return all goals of the viewer, the open ones first."""
    return list(db.session.execute(_mine(viewer)).scalars())


def goals_of(viewer: User, connection: Connection) -> list[Goal]:
    """Return the goals of one connection of the viewer's, the open ones first."""
    return list(db.session.execute(_mine(viewer).where(Goal.connection_id == connection.id)).scalars())


def connection_of_thread(viewer: User, thread_id: str) -> Connection:
    """Return the connection of the thread's two people. Raises NotFound where there is none."""
    thread = thread_for(viewer, thread_id).thread
    connection = connection_between(thread.client_id, thread.professional_id)
    if connection is None:
        raise NotFound
    return connection


def goal_json(goal: Goal) -> dict[str, Any]:
    """Return a goal as schemas.GoalShape."""
    return {
        "id": goal.id,
        "author_id": goal.author_id,
        "title": goal.title,
        "due_on": goal.due_on.isoformat() if goal.due_on else None,
        "done": goal.done_at is not None,
    }


def load_goals(viewer: User, ids: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Return what an update carries of these goals."""
    found = {goal.id: goal for goal in db.session.execute(_mine(viewer).where(Goal.id.in_(ids))).scalars()}
    return [goal_json(found[id_]) if id_ in found else {"id": id_, "deleted": True} for id_ in ids]


def beside_thread(viewer: User, view: ThreadView, now: datetime) -> dict[str, Any] | None:
    """Return the goals of the pair, for the panel. None: the two are not connected."""
    connection = connection_between(view.thread.client_id, view.thread.professional_id)
    if connection is None:
        return None
    path = f"/threads/{view.thread.id}/goals"
    return {"goals": [goal_json(goal) for goal in goals_of(viewer, connection)], "path": path}


def beside_person(viewer: User, connection: Connection, now: datetime) -> dict[str, Any] | None:
    """Return the goals of the pair, for the page of a person. None: there are none."""
    goals = [goal_json(goal) for goal in goals_of(viewer, connection)]
    other_id = connection.professional_id if viewer.id == connection.client_id else connection.client_id
    return {"goals": goals, "path": f"/people/{other_id}"} if goals else None


def find_goals(viewer: User, text: str, limit: int) -> list[SearchHit]:
    """Return the viewer's goals whose title contains `text`."""
    query = _mine(viewer).where(Goal.title.icontains(text, autoescape=True)).limit(limit)
    return [SearchHit(goal.title, "/goals") for goal in db.session.execute(query).scalars()]
