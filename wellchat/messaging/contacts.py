"""List whom a person can write to, those of the last contact first: one page, in one statement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from wellchat.accounts.models import User
from wellchat.accounts.queries import person_json
from wellchat.connections.models import Connection
from wellchat.db import UTCDateTime, db
from wellchat.messaging.models import Membership, Thread
from wellchat.messaging.queries import escape_like, is_listed
from wellchat.paging import decode_page_token, encode_page_token

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # people without a contact, who come last


def contacts(
    viewer: User, *, words: str = "", before: str | None = None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return (people as person_json, with `thread_id` and `at`; the token of the next page or None).

    `thread_id` is the pair's thread, `at` the last contact in any of their threads; both are None without
    such a thread. A closed connection is there only if there is something to read. Raises Invalid for a token
    that is none.
    """
    other = aliased(User)
    threads = _threads_of(viewer)
    at = func.coalesce(case((threads.c.thread_id.is_not(None), threads.c.at)), literal(NEVER, UTCDateTime))
    name = func.lower(other.name)
    other_id = case(
        (Connection.client_id == viewer.id, Connection.professional_id), else_=Connection.client_id
    )
    query = (
        select(Connection, other, threads.c.thread_id, at.label("last_at"))
        .join(other, other.id == other_id)
        .outerjoin(threads, threads.c.connection_id == Connection.id)
        .where(or_(Connection.client_id == viewer.id, Connection.professional_id == viewer.id))
        .where(or_(Connection.closed_at.is_(None), threads.c.thread_id.is_not(None)))
        .order_by(at.desc(), name, Connection.id)
        .limit(limit + 1)
    )
    if words:
        # Who closed the account is called nothing.
        query = query.where(other.disabled_at.is_(None))
        query = query.where(
            *(other.name.ilike(f"%{escape_like(word)}%", escape="\\") for word in words.split())
        )
    if before:
        moment, connection_id = decode_page_token(before)
        query = query.where(_follows(viewer, at, name, moment, connection_id))
    rows = db.session.execute(query).all()
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = encode_page_token(shown[-1].last_at, shown[-1][0].id)
    return [_contact(*row) for row in shown], following


def _contact(connection: Connection, other: User, thread_id: str | None, at: datetime) -> dict[str, Any]:
    person = person_json(other, connection.trade)
    return person | {"thread_id": thread_id, "at": at if thread_id else None}


def _threads_of(viewer: User) -> Any:
    """Return the subquery (connection_id, thread_id: the pair's thread, at) of the viewer's threads."""
    pair = case((Thread.subject_id.is_(None), Thread.id), else_=None)
    return (
        select(
            Thread.connection_id, func.max(pair).label("thread_id"), func.max(Thread.updated_at).label("at")
        )
        .join(Membership, and_(Membership.thread_id == Thread.id, Membership.user_id == viewer.id))
        .where(is_listed())
        .group_by(Thread.connection_id)
        .subquery()
    )


def _follows(viewer: User, at: Any, name: Any, moment: datetime, connection_id: str) -> Any:
    """Return the condition of what stands below the last row of a page.

    The token names no name, which would stand in an address: it is read again.
    """
    of, last = aliased(Connection), aliased(User)
    other_id = case((of.client_id == viewer.id, of.professional_id), else_=of.client_id)
    above = (
        select(func.lower(last.name))
        .join(of, other_id == last.id)
        .where(of.id == connection_id, or_(of.client_id == viewer.id, of.professional_id == viewer.id))
        .scalar_subquery()
    )
    here = func.coalesce(above, "")
    return or_(at < moment, and_(at == moment, tuple_(name, Connection.id) > tuple_(here, connection_id)))
