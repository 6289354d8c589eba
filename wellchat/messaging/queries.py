"""Read threads and messages.

Every function takes the person who reads, and returns only what they may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, case, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from wellchat.accounts.models import Presence, User
from wellchat.connections.models import Connection, PairFacts
from wellchat.db import db, execute
from wellchat.errors import NotFound
from wellchat.messaging.hooks import people_with_tag
from wellchat.messaging.models import BLOCKED, MAX_SEQ, Membership, Message, Thread, pair_key
from wellchat.notifications import queries as notification_queries
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

Mine, Theirs = aliased(Membership, name="mine"), aliased(Membership, name="theirs")
Last = aliased(Message, name="last")
Other = aliased(User, name="other")
PINNED = "p."  # prefix of the page token of a pinned thread


class ThreadView(NamedTuple):
    """A thread as one of its two people sees it. `serializers.thread_json` makes its JSON.

    `last_message` is None in an empty thread, `other_seen_at` is None for a person who was never here,
    `trade` is None without one.
    """

    thread: Thread
    mine: Membership
    theirs: Membership
    other: User
    last_message: Message | None
    other_seen_at: datetime | None
    unread: int
    trade: str | None
    connected_at: datetime
    # None where nobody has counted yet: see connections.models.PairFacts.
    known_since: datetime | None
    bookings: int | None
    last_booking_at: datetime | None
    next_booking_at: datetime | None


def _read_up_to() -> Any:
    """Return Membership.read_up_to as an SQL expression."""
    return case((Mine.unread_from <= Mine.last_read_seq, Mine.unread_from - 1), else_=Mine.last_read_seq)


def _some_unread(membership: Any) -> Any:
    """Return the condition of the partial index ix_memberships_unread.

    The planner uses the index only for statements that contain exactly this condition.
    """
    return or_(membership.last_seq > membership.last_read_seq, membership.unread_from.is_not(None))


@cache
def _threads() -> Select[Any]:
    """Return the query for the rows of ThreadView; its parameter is `viewer`.

    One statement loads any number.
    """
    user_id: Any = bindparam("viewer")
    unread = (
        select(func.count())
        .where(
            Message.thread_id == Mine.thread_id,
            Message.seq > _read_up_to(),
            Message.sender_id != user_id,
            Message.deleted_at.is_(None),
        )
        .correlate(Mine)
        .scalar_subquery()
    )
    return (
        select(
            *(Thread, Mine, Theirs, Other, Last, Presence.seen_at, unread, Connection.trade),
            *(Connection.created_at, PairFacts.known_since, PairFacts.bookings),
            *(PairFacts.last_booking_at, PairFacts.next_booking_at),
        )
        .join(Mine, and_(Mine.thread_id == Thread.id, Mine.user_id == user_id))
        .join(Theirs, and_(Theirs.thread_id == Thread.id, Theirs.user_id != user_id))
        .join(Other, Other.id == Theirs.user_id)
        .join(Connection, Connection.id == Thread.connection_id)
        .outerjoin(PairFacts, PairFacts.connection_id == Thread.connection_id)
        .outerjoin(Last, and_(Last.thread_id == Thread.id, Last.seq == Thread.last_seq))
        .outerjoin(Presence, Presence.user_id == Theirs.user_id)
        .options(joinedload(Thread.subject))
        .execution_options(populate_existing=True)
    )


def warm_up() -> None:
    """Build the statements with the aliases above, while the process has only one thread.

    SQLAlchemy creates the columns of an alias when it is first used, without a lock. Two first requests at
    once would create two sets of columns, and every statement that mixes them fails until the process ends.
    """
    str(_threads())


def thread_for(viewer: User, thread_id: str) -> ThreadView:
    """Return a thread of the viewer's. Raises NotFound if there is none, or the viewer is not in it."""
    row = db.session.execute(_threads().where(Thread.id == thread_id), {"viewer": viewer.id}).one_or_none()
    if row is None:
        raise NotFound
    return ThreadView._make(row)


@cache
def _threads_by_id() -> Select[Any]:
    return _threads().where(Thread.id.in_(bindparam("ids", expanding=True)))


def threads_by_id(user_id: str, thread_ids: Iterable[str]) -> list[ThreadView]:
    """Return those of these threads that the user is in, in any order."""
    rows = db.session.execute(_threads_by_id(), {"viewer": user_id, "ids": list(thread_ids)})
    return [ThreadView._make(row) for row in rows]


def inbox(
    viewer: User,
    *,
    before: str | None = None,
    limit: int = 30,
    archived: bool = False,
    snoozed: bool = False,
    unread: bool = False,
    waiting: bool = False,
    pinned: bool | None = None,
    kind: str | None = None,
    tag: str | None = None,
    q: str = "",
) -> tuple[list[ThreadView], str | None]:
    """Return (a page of the viewer's threads, token of the next page or None).

    Pinned threads come first, then the latest. `tag` is the id of a tag of the viewer's. `q` is looked for in
    names and in titles of subjects. A snoozed thread is listed under `snoozed` only, until its snooze ends
    (memberships.sweep_snoozes). The archive lists snoozed threads among the others.
    """
    statement = _threads().where(Mine.archived.is_(archived))
    if not archived:
        statement = statement.where(
            Mine.snoozed_until.is_not(None) if snoozed else Mine.snoozed_until.is_(None)
        )
    if unread:
        statement = statement.where(_some_unread(Mine), _has_unread())
    if waiting:
        # Where nobody can write, nothing is to be answered.
        statement = statement.where(Mine.waiting_since.is_not(None), Mine.closed_as.is_(None))
    if pinned is not None:
        statement = statement.where(Mine.pinned.is_(pinned))
    if kind is not None:
        statement = statement.where(Mine.kind == kind)
    if tag is not None:
        # Where nothing knows of tags, nobody has one.
        tagged = people_with_tag(viewer, tag)
        statement = statement.where(Theirs.user_id.in_(tagged[0]) if tagged else false())
    if q.strip():
        like = "%" + _escape_like(q.strip()) + "%"
        statement = statement.outerjoin(Thread.subject)
        named = and_(Other.name.ilike(like, "\\"), Other.disabled_at.is_(None))
        statement = statement.where(or_(named, Subject.title.ilike(like, "\\")))
    if before:
        above = (before.startswith(PINNED), *decode_page_token(before.removeprefix(PINNED)))
        statement = statement.where(tuple_(Mine.pinned, Mine.updated_at, Mine.thread_id) < tuple_(*above))
    statement = statement.order_by(Mine.pinned.desc(), Mine.updated_at.desc(), Mine.thread_id.desc()).limit(
        limit + 1
    )
    views = [ThreadView._make(row) for row in db.session.execute(statement, {"viewer": viewer.id})]
    if len(views) <= limit:
        return views, None
    last = views[limit - 1].mine
    return views[:limit], (PINNED if last.pinned else "") + encode_page_token(last.updated_at, last.thread_id)


def has_threads(viewer: User) -> bool:
    """Return whether the viewer has any thread, archived and snoozed ones included."""
    return bool(db.session.execute(select(exists().where(Membership.user_id == viewer.id))).scalar_one())


def _has_unread() -> Any:
    return exists().where(
        Message.thread_id == Mine.thread_id,
        Message.seq > _read_up_to(),
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )


def kinds_of(viewer: User) -> list[str]:
    """Return the names of the kinds of subjects in the viewer's threads, in their order."""
    one = {
        kind: exists().where(Membership.user_id == viewer.id, Membership.kind == kind).label(kind)
        for kind in kinds()
    }
    found = db.session.execute(select(*one.values())).one()._asdict()
    return [kind for kind in one if found[kind]]


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def messages_of(
    viewer: User,
    thread_id: str,
    *,
    before: int | None = None,
    after: int | None = None,
    subject_id: str | None = None,
    limit: int = 50,
) -> tuple[list[Message], bool]:
    """Return (messages of a thread, ascending; whether there are more in the direction of reading).

    With `after`, read forward from that seq. Otherwise read the latest ones, or the latest below `before`.
    `subject_id` leaves only those about a subject. Raises NotFound.
    """
    if db.session.get(Membership, (thread_id, viewer.id)) is None:
        raise NotFound
    query = select(Message).where(Message.thread_id == thread_id)
    if subject_id is not None:
        query = query.where(Message.subject_id == subject_id)
    if after is not None:
        query = query.where(Message.seq > after).order_by(Message.seq)
        if before is not None:
            query = query.where(Message.seq < before)
    else:
        if before is not None:
            query = query.where(Message.seq < before)
        query = query.order_by(Message.seq.desc())
    found = list(db.session.execute(query.limit(limit + 1)).scalars())
    more, found = len(found) > limit, found[:limit]
    return (found if after is not None else found[::-1]), more


def message_for(viewer: User, thread_id: str, seq: int) -> Message:
    """Return one message. Raises NotFound if there is none, or the viewer is not in the thread."""
    if seq > MAX_SEQ or db.session.get(Membership, (thread_id, viewer.id)) is None:
        raise NotFound
    if (message := db.session.get(Message, (thread_id, seq))) is None:
        raise NotFound
    return message


def pins_of(viewer: User, thread_id: str) -> list[Message]:
    """Return the pinned messages of a thread, the latest pin first. Raises NotFound."""
    if db.session.get(Membership, (thread_id, viewer.id)) is None:
        raise NotFound
    query = select(Message).where(Message.thread_id == thread_id, Message.pinned_at.is_not(None))
    return list(db.session.execute(query.order_by(Message.pinned_at.desc(), Message.seq.desc())).scalars())


# A number that only looking at the words of a blocked person would take away must not stay.
_not_blocked_by_me = or_(Membership.closed_as.is_(None), Membership.closed_as != BLOCKED)
# Unread is counted, never stored: messages above my watermark that are not mine and not deleted, in all my
# threads but those with people whom I have blocked.
_unread_messages = (
    select(func.count())
    .select_from(Membership)
    .join(Message, and_(Message.thread_id == Membership.thread_id, Message.seq > Membership.last_read_seq))
    .where(
        Membership.user_id == bindparam("viewer"),
        _some_unread(Membership),
        Membership.last_seq > Membership.last_read_seq,
        _not_blocked_by_me,
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )
)
# Messages that were marked as unread: from there up to the watermark. Two queries, because each can use an
# index; a condition with OR could not.
_messages_marked_unread = (
    select(func.count())
    .select_from(Membership)
    .join(
        Message,
        and_(
            Message.thread_id == Membership.thread_id,
            Message.seq >= Membership.unread_from,
            Message.seq <= Membership.last_read_seq,
        ),
    )
    .where(
        Membership.user_id == bindparam("viewer"),
        _some_unread(Membership),
        Membership.unread_from.is_not(None),
        _not_blocked_by_me,
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )
)
UNREAD = select(
    (_unread_messages.scalar_subquery() + _messages_marked_unread.scalar_subquery()).label("messages"),
    notification_queries.UNREAD_COUNT.scalar_subquery().label("notifications"),
)


def unread_counts(user_id: str) -> dict[str, int]:
    """Return {"messages": unread messages, "notifications": unread notifications}."""
    return dict(execute(UNREAD, {"viewer": user_id}).mappings().one())


def typing_to(user_id: str, thread_ids: Iterable[str], *, since: datetime) -> Sequence[tuple[str, str]]:
    """Return (thread id, user id) of everybody who was typing to this user in these threads after `since`."""
    rows = db.session.execute(
        select(Theirs.thread_id, Theirs.user_id)
        .join(Mine, and_(Mine.thread_id == Theirs.thread_id, Mine.user_id == user_id))
        .where(Theirs.thread_id.in_(list(thread_ids)), Theirs.user_id != user_id, Theirs.typing_at > since)
        .where(Theirs.closed_as.is_(None))
    )
    return rows.all()


PEOPLE = select(Thread.client_id, Thread.professional_id, Thread.closed_at).where(
    Thread.id == bindparam("thread")
)


def people_of(thread_id: str) -> tuple[tuple[str, str], bool]:
    """Return ((client id, professional id), whether it is closed) of a thread.

    The caller has checked that the viewer is one of them.
    """
    client_id, professional_id, closed_at = execute(PEOPLE, {"thread": thread_id}).one()
    return (client_id, professional_id), closed_at is not None


def pair_threads(viewer: User, connection_ids: Iterable[str]) -> dict[str, str]:
    """Return {connection id: id of the pair's thread}. Connections without a thread are left out."""
    keys = {pair_key(connection_id): connection_id for connection_id in connection_ids}
    rows = db.session.execute(
        select(Thread.key, Thread.id).where(
            Thread.key.in_(list(keys)),
            or_(Thread.client_id == viewer.id, Thread.professional_id == viewer.id),
        )
    )
    return {keys[key]: thread_id for key, thread_id in rows}
