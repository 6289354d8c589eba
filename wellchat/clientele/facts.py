"""Count what says who somebody is: since when, how many bookings, the last and the next one.

A booking counts once it is over and was not called off. The numbers of a pair are written when one of its
bookings is put, and again at the moments when one begins or ends. Both count anew from the bookings; nothing
is added up, so counting twice is the same as once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select

from wellchat.accounts.models import User
from wellchat.clock import iso
from wellchat.connections.models import Connection, PairFacts
from wellchat.db import db, insert, transaction
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.queries import ThreadView
from wellchat.subjects.actions import SubjectSnapshot
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

NEW_FOR = timedelta(days=90)
REGULAR_FROM = 2  # bookings that took place
NEW, REGULAR = ("new", "regular")
# In any spelling of case. What a host calls otherwise, and what has none, takes place at its time.
CALLED_OFF = (
    "cancelled",
    "canceled",
    "declined",
    "rejected",
    "expired",
    "missed",
    "no_show",
    "no-show",
    "noshow",
)
UNDECIDED = ("requested", "pending", "proposed")
OVER = ("completed", "done", "finished")
BATCH = 500  # pairs of one statement
BATCHES = 10  # of one sweep
AGAIN = timedelta(minutes=1)

COLUMNS = ("known_since", "bookings", "last_booking_at", "next_booking_at", "due_at")


def is_booking() -> ColumnElement[bool]:
    """Return the condition that a subject is a booking, session or the like, which its host still lists."""
    names = [kind.name for kind in kinds().values() if kind.scope == "connection"]
    return and_(Subject.kind.in_(names), Subject.hidden_at.is_(None))


def _counted(now: datetime) -> Select[Any]:
    """Return the query for the id and COLUMNS of pairs, from their bookings and messages."""
    status = func.lower(func.coalesce(Subject.status, ""))
    ends = func.coalesce(Subject.ends_at, Subject.starts_at)
    theirs = and_(
        Subject.client_id == Connection.client_id,
        Subject.professional_id == Connection.professional_id,
        is_booking(),
        status.not_in(CALLED_OFF),
    )
    took_place = or_(status.in_(OVER), and_(ends <= now, status.not_in(UNDECIDED)))

    def of_bookings(what: Any, *where: Any) -> Any:
        return select(what).where(theirs, *where).correlate(Connection).scalar_subquery()

    begins = of_bookings(func.min(Subject.starts_at), Subject.starts_at > now)
    finishes = of_bookings(func.min(Subject.ends_at), Subject.ends_at > now)
    first_message = (
        select(func.min(Message.created_at))
        .join(Thread, and_(Thread.id == Message.thread_id, Message.seq == 1))
        .where(Thread.connection_id == Connection.id)
        .correlate(Connection)
        .scalar_subquery()
    )
    first_booking = of_bookings(func.min(Subject.starts_at), took_place)
    return select(
        Connection.id,
        _earliest(Connection.created_at, _earliest(first_message, first_booking)),
        of_bookings(func.count(), took_place),
        of_bookings(func.max(Subject.starts_at), took_place),
        of_bookings(func.min(Subject.starts_at), Subject.starts_at > now, status.not_in(OVER)),
        _earliest(begins, finishes),
    )


def _earliest(one: Any, other: Any) -> Any:
    """Return the earlier of two moments, or the one that there is."""
    return case((or_(other.is_(None), one <= other), one), else_=other)


def _put(pairs: ColumnElement[bool], now: datetime, due: bool) -> None:
    counted = _counted(now).where(pairs)
    statement = insert(PairFacts).from_select(("connection_id", *COLUMNS), counted)
    fresh = {name: statement.excluded[name] for name in COLUMNS}
    if due:
        fresh["due_at"] = bindparam("again", now + AGAIN, type_=PairFacts.due_at.type)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=[PairFacts.connection_id], set_=fresh),
        execution_options={"synchronize_session": False},
    )


def count_bookings(subject: Subject, previous: SubjectSnapshot | None, _notify: bool, now: datetime) -> None:
    """Count a pair's bookings anew, in the transaction that put one. So too of the pair that had it before.

    Of two that are put at the same moment, neither sees the other one. So the worker counts once more.
    """
    if subject.declared.scope != "connection":
        return
    people = {(subject.client_id, subject.professional_id)}
    if previous is not None:
        people.add((previous.client_id, previous.professional_id))
    # One order for everybody who counts two pairs.
    for client_id, professional_id in sorted((c, p) for c, p in people if c is not None):
        pair = and_(Connection.client_id == client_id, Connection.professional_id == professional_id)
        _put(pair, now, due=True)


def count_without(subject: Subject, now: datetime) -> None:
    """Count a pair's bookings anew, in the transaction that hid one."""
    count_bookings(subject, None, False, now)


def sweep(now: datetime) -> dict[str, int]:
    """Count anew where a booking has begun or ended. Return {"clients_counted": pairs}."""
    counted = 0
    for _ in range(BATCHES):
        found = _count_some(now)
        counted += found
        if found < BATCH:
            break
    return {"clients_counted": counted}


def _count_some(now: datetime) -> int:
    with transaction() as session:
        due = (
            select(PairFacts.connection_id)
            .where(PairFacts.due_at <= now)
            .order_by(PairFacts.due_at, PairFacts.connection_id)
            .limit(BATCH)
            # A second worker takes others. Who puts a booking now makes the pair due once more.
            .with_for_update(skip_locked=True)
        )
        ids: Sequence[str] = session.execute(due).scalars().all()
        if ids:
            _put(Connection.id.in_(ids), now, due=False)
    return len(ids)


def standing(since: datetime, bookings: int, now: datetime) -> str | None:
    """Return "new", "regular", or None for who is neither: came once, or is known for long."""
    if bookings >= REGULAR_FROM:
        return REGULAR
    return NEW if not bookings and now - since <= NEW_FOR else None


def thread_facts(view: ThreadView, viewer: User, now: datetime) -> dict[str, Any]:
    """Return what a thread says of its two people: {"standing": ..., "facts": ...}. Makes no statement.

    `standing` is about the client, and for the professional alone.
    """
    since = min(filter(None, (view.known_since, view.connected_at, view.thread.created_at)))
    is_professional = viewer.id == view.thread.professional_id
    counted = (view.bookings or 0, view.last_booking_at, view.next_booking_at)
    return _told(since, *counted, is_professional, now)


def _told(
    since: datetime,
    bookings: int,
    last: datetime | None,
    following: datetime | None,
    is_professional: bool,
    now: datetime,
) -> dict[str, Any]:
    times = {"last_booking_at": iso(last), "next_booking_at": iso(following)}
    return {
        "standing": standing(since, bookings, now) if is_professional else None,
        "facts": {"since": iso(since), "bookings": bookings, **times},
    }


def beside_person(viewer: User, connection: Connection, now: datetime) -> dict[str, Any]:
    """Return `thread_facts` of a pair for the page of a person, with the person's id and `is_client`."""
    found = db.session.get(PairFacts, connection.id, populate_existing=True)
    since = min(found.known_since, connection.created_at) if found else connection.created_at
    counted = (found.bookings, found.last_booking_at, found.next_booking_at) if found else (0, None, None)
    is_client = viewer.id == connection.professional_id
    person_id = connection.client_id if is_client else connection.professional_id
    return _told(since, *counted, is_client, now) | {"person_id": person_id, "is_client": is_client}
