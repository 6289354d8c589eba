"""Make and release legal holds, and say what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from wellchat.accounts.models import User
from wellchat.audit.actions import record
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.messaging.models import Thread
from wellchat.privacy.models import Hold
from wellchat.retention import Held

MAX_REASON = 500  # characters


def make_hold(
    *,
    user_id: str | None = None,
    thread_id: str | None = None,
    reason: str,
    by: str,
    now: datetime,
    until: datetime | None = None,
    actor_id: str | None = None,
) -> Hold:
    """Put a person or a conversation under hold. Raises NotFound, and Invalid.

    `by` is the name of the operator. `until` None: until it is released.
    """
    if (user_id is None) == (thread_id is None):
        raise Invalid({"": gettext("Name one person or one conversation.")})
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= MAX_REASON:
        raise Invalid({"reason": gettext("Write a reason of 1 to %(num)s characters.", num=MAX_REASON)})
    if until is not None and until <= now:
        raise Invalid({"until": gettext("This moment is over. Name a later one.")})
    with transaction() as session:
        if session.get(User, user_id) is None if user_id else session.get(Thread, thread_id) is None:
            raise NotFound
        hold = Hold(user_id=user_id, thread_id=thread_id, reason=reason, made_by=by[:80], made_at=now)
        hold.until = until
        session.add(hold)
        session.flush()
        record("hold.made", now=now, actor_id=actor_id, about=_about(hold))
    return hold


def release_hold(*, hold_id: str, now: datetime, actor_id: str | None = None) -> Hold:
    """End a hold. Raises NotFound, and Conflict if it has ended already."""
    with transaction() as session:
        # Locked: of two who release it at once, one is told that it was released already.
        hold = session.get(Hold, hold_id, populate_existing=True, with_for_update=True)
        if hold is None:
            raise NotFound
        if hold.released_at is not None:
            raise Conflict(gettext("This hold was released already."))
        hold.released_at = now
        record("hold.released", now=now, actor_id=actor_id, about=_about(hold))
    return hold


def _about(hold: Hold) -> tuple[str, str]:
    return ("hold", hold.id)


def holds(*, now: datetime, ended: bool = False) -> Sequence[Hold]:
    """Return the holds in force, or all, oldest first."""
    query = select(Hold).order_by(Hold.made_at, Hold.id)
    return db.session.execute(query if ended else query.where(_in_force(now))).scalars().all()


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(Hold.released_at.is_(None), or_(Hold.until.is_(None), Hold.until > now))


def held(now: datetime) -> Held:
    """Return what the holds in force cover: people, their conversations, and single conversations."""
    # Queries, not lists: the rules put them into their own statements.
    people: Select[str | None] = select(Hold.user_id).where(Hold.user_id.is_not(None), _in_force(now))
    threads = select(Hold.thread_id).where(Hold.thread_id.is_not(None), _in_force(now))
    covered = or_(Thread.id.in_(threads), Thread.client_id.in_(people), Thread.professional_id.in_(people))
    return Held(people, select(Thread.id).where(covered))


def erasure_forbidden(user_id: str, now: datetime) -> str | None:
    """Return why a person must not be erased: they or one of their conversations are held. None: they may."""
    theirs = or_(Thread.client_id == user_id, Thread.professional_id == user_id)
    in_thread = exists().where(Thread.id == Hold.thread_id, theirs)
    query = select(Hold.id).where(_in_force(now), or_(Hold.user_id == user_id, in_thread)).limit(1)
    hold_id = db.session.execute(query).scalar()
    return gettext("The legal hold %(id)s forbids it. Release it first.", id=hold_id) if hold_id else None
