"""Read threads and messages.

Every function takes the person who reads, and returns only what they may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased, joinedload

from wellchat.accounts.models import Presence, User
from wellchat.connections.models import Connection, PairFacts
from wellchat.db import db, execute
from wellchat.errors import NotFound
from wellchat.messaging.hooks import inbox_facts, people_with_tag
from wellchat.messaging.models import MAX_SEQ, Membership, Message, Thread, pair_key
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.subjects.kinds import kinds
from wellchat.subjects.models import Subject

Mine, Theirs = aliased(Membership, name="mine"), aliased(Membership, name="theirs")
Last = aliased(Message, name="last")
Other = aliased(User, name="other")
PINNED = "p."  # prefix of the page token of a pinned thread
Sort = Literal["latest", "longest", "priority"]


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


def is_listed(membership: Any = Membership) -> Any:
    """Return the condition of every list: a thread that the other person opened has a message."""
    return or_(membership.awaits_word.is_(False), membership.last_seq > 0)


def some_unread(membership: Any) -> Any:
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
    subject: str | None = None,
    sort: Sort = "latest",
    tag: str | None = None,
    q: str = "",
) -> tuple[list[ThreadView], str | None]:
    """Return (a page of the viewer's threads, token of the next page or None).

    Pinned threads come first, then the latest. `tag` is the id of a tag of the viewer's. `q` is looked for in
    names, in titles of subjects, and in those of a pair's bookings. `subject` is the id of what a thread of
    its own is about. A snoozed thread is listed under `snoozed` only, until its snooze ends
    (memberships.sweep_snoozes). The archive lists snoozed threads among the others. With `sort` "longest",
    or "priority", on which worklist.py sorts, only those are listed that wait for an answer, whoever waits
    longest first: archived ones among them, because who waits must not be lost by one key.
    """
    longest = sort != "latest"
    statement = _threads().where(is_listed(Mine))
    if not longest or archived:
        statement = statement.where(Mine.archived.is_(archived))
    if longest or not archived:
        statement = statement.where(
            Mine.snoozed_until.is_not(None) if snoozed else Mine.snoozed_until.is_(None)
        )
    if unread:
        statement = statement.where(some_unread(Mine), _has_unread())
    if waiting or longest:
        # Where nobody can write, nothing is to be answered.
        statement = statement.where(Mine.waiting_since.is_not(None), Mine.closed_as.is_(None))
    if pinned is not None:
        statement = statement.where(Mine.pinned.is_(pinned))
    if kind is not None:
        statement = statement.where(Mine.kind == kind)
    if subject is not None:
        statement = statement.where(Thread.subject_id == subject)
    if tag is not None:
        # Where nothing knows of tags, nobody has one.
        tagged = people_with_tag(viewer, tag)
        statement = statement.where(Theirs.user_id.in_(tagged[0]) if tagged else false())
    if q.strip():
        statement = statement.outerjoin(Thread.subject).where(_is_called(q.strip()))
    statement = _page_after(statement, before, longest=longest).limit(limit + 1)
    views = [ThreadView._make(row) for row in db.session.execute(statement, {"viewer": viewer.id})]
    if len(views) <= limit:
        return views, None
    last = views[limit - 1].mine
    if longest and last.waiting_since is not None:
        return views[:limit], encode_page_token(last.waiting_since, last.thread_id)
    return views[:limit], (PINNED if last.pinned else "") + encode_page_token(last.updated_at, last.thread_id)


def _page_after(statement: Select[Any], before: str | None, *, longest: bool) -> Select[Any]:
    """Return the statement in the order of its list, from behind the row that the token names."""
    if longest:
        if before:
            after = decode_page_token(before)
            statement = statement.where(tuple_(Mine.waiting_since, Mine.thread_id) > tuple_(*after))
        return statement.order_by(Mine.waiting_since, Mine.thread_id)
    if before:
        above = (before.startswith(PINNED), *decode_page_token(before.removeprefix(PINNED)))
        statement = statement.where(tuple_(Mine.pinned, Mine.updated_at, Mine.thread_id) < tuple_(*above))
    return statement.order_by(Mine.pinned.desc(), Mine.updated_at.desc(), Mine.thread_id.desc())


Theme = aliased(Subject, name="theme")


def _is_called(words: str) -> Any:
    """Return the condition: the other person, what the thread is about, or a booking of the pair's."""
    like = "%" + escape_like(words) + "%"
    # A pair talks about its bookings in one thread, which has no subject of its own.
    booked = exists().where(
        Thread.subject_id.is_(None),
        Theme.client_id == Thread.client_id,
        Theme.professional_id == Thread.professional_id,
        Theme.kind.in_([kind.name for kind in kinds().values() if kind.scope == "connection"]),
        Theme.title.ilike(like, "\\"),
    )
    named = and_(Other.name.ilike(like, "\\"), Other.disabled_at.is_(None))
    return or_(named, Subject.title.ilike(like, "\\"), booked)


def has_threads(viewer: User) -> bool:
    """Return whether the viewer has any thread, archived and snoozed ones included."""
    mine = exists().where(Membership.user_id == viewer.id, is_listed())
    return bool(db.session.execute(select(mine)).scalar_one())


def _has_unread() -> Any:
    return exists().where(
        Message.thread_id == Mine.thread_id,
        Message.seq > _read_up_to(),
        Message.sender_id != bindparam("viewer"),
        Message.deleted_at.is_(None),
    )


def kinds_of(viewer: User) -> list[str]:
    """Return the names of the kinds of subjects in the viewer's threads, in their order."""
    return facts_of(viewer)[0]


def facts_of(viewer: User) -> tuple[list[str], frozenset[str]]:
    """Return (kinds_of, names of the facts of `inbox_facts` that are so), in one statement."""
    mine = (Membership.user_id == viewer.id, is_listed())
    one = {kind: exists().where(*mine, Membership.kind == kind).label(kind) for kind in kinds()}
    facts = {name: fact.label(f"fact:{name}") for name, fact in inbox_facts(viewer.id)}
    found = db.session.execute(select(*one.values(), *facts.values())).one()._asdict()
    so = frozenset(name for name in facts if found[f"fact:{name}"])
    return [kind for kind in one if found[kind]], so


def escape_like(text: str) -> str:
    """Return the text for a LIKE with the escape character \\."""
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


def typing_to(user_id: str, thread_ids: Iterable[str], *, since: datetime) -> Sequence[tuple[str, str]]:
    """Return (thread id, user id) of everybody who was typing to this user in these threads after `since`."""
    rows = db.session.execute(
        select(Theirs.thread_id, Theirs.user_id)
        .join(Mine, and_(Mine.thread_id == Theirs.thread_id, Mine.user_id == user_id))
        .where(Theirs.thread_id.in_(list(thread_ids)), Theirs.user_id != user_id, Theirs.typing_at > since)
        .where(Theirs.closed_as.is_(None), is_listed(Mine))
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
    """Return {connection id: id of the pair's thread}, without those that the viewer has in no list."""
    keys = {pair_key(connection_id): connection_id for connection_id in connection_ids}
    rows = db.session.execute(
        select(Thread.key, Thread.id)
        .join(Membership, and_(Membership.thread_id == Thread.id, Membership.user_id == viewer.id))
        .where(Thread.key.in_(list(keys)), is_listed())
    )
    return {keys[key]: thread_id for key, thread_id in rows}
