"""Find patterns across relationships: who is blocked again and again, and with whom many clients wait.

Counts are for everybody with the duty; who it is, only with a record of the looking.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import NotFound
from wellchat.i18n import N_
from wellchat.messaging.models import Membership, Thread
from wellchat.reasons import checked_reason
from wellchat.safety.models import Block

BLOCKED_BY = 3  # different people
WAITING = 3  # clients
WAITS = timedelta(days=3)
MOST = 50  # people of one list

PATTERNS = {
    "blocked": N_("People whom three others or more have blocked"),
    "waits": N_("Professionals with whom three clients or more wait longer than three days"),
}


class Found(NamedTuple):
    """One person of a pattern, and how many others it is about."""

    person: User
    others: int


def _query(name: str, now: datetime) -> Select[*tuple[Any, ...]]:
    if name == "blocked":
        query = select(Block.other_id.label("id"), func.count().label("times")).group_by(Block.other_id)
        return query.having(func.count() >= BLOCKED_BY)
    return (
        select(Membership.user_id.label("id"), func.count(func.distinct(Thread.client_id)).label("times"))
        .join(Thread, Thread.id == Membership.thread_id)
        .where(Membership.waiting_since < now - WAITS, Membership.user_id == Thread.professional_id)
        # Where nobody can write, nobody waits for an answer.
        .where(Thread.closed_at.is_(None))
        .group_by(Membership.user_id)
        .having(func.count(func.distinct(Thread.client_id)) >= WAITING)
    )


def counts(now: datetime) -> dict[str, int]:
    """Return pattern -> of how many people it is true now. It takes one statement for each."""
    return {
        name: db.session.execute(select(func.count()).select_from(_query(name, now).subquery())).scalar_one()
        for name in PATTERNS
    }


def people(*, admin: User, name: str, reason: str, now: datetime) -> list[Found]:
    """Return the people of a pattern, at most MOST, the most striking first, and record who looked and why.

    Raises NotFound without the duty or for an unknown pattern, Invalid without a good reason.
    """
    if not admin.may("moderate") or name not in PATTERNS:
        raise NotFound
    reason = checked_reason(reason)
    each = _query(name, now).subquery()
    query = (
        select(User, each.c.times)
        .join(each, each.c.id == User.id)
        .order_by(each.c.times.desc(), User.id)
        .limit(MOST)
    )
    with transaction() as session:
        found = [Found(*row) for row in session.execute(query)]
        record(
            "figures.people_seen",
            now=now,
            actor_id=admin.id,
            detail={"pattern": name, "reason": reason, "found": len(found)},
        )
    return found
