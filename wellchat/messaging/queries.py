"""What a person may see of threads and messages. Nothing here answers without knowing who looks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from wellchat import clock
from wellchat.accounts.models import Presence, User
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.notifications.queries import unread_count
from wellchat.subjects.models import Subject

Mine, Theirs = aliased(Membership, name="mine"), aliased(Membership, name="theirs")
Last = aliased(Message, name="last")
Other = aliased(User, name="other")


class ThreadView(NamedTuple):
    """A thread as one of its two people sees it; `state.thread_state` tells it to clients."""

    thread: Thread
    mine: Membership
    theirs: Membership
    last_message: Message | None
    other_seen_at: datetime | None
    unread: int


def _threads_of(user_id: str) -> Select[Any]:
    """The user's threads with all that a row of the inbox shows: one statement, however many there are."""
    unread = (
        select(func.count())
        .where(
            Message.thread_id == Mine.thread_id,
            Message.seq > Mine.last_read_seq,
            Message.sender_id != user_id,
            Message.deleted_at.is_(None),
        )
        .correlate(Mine)
        .scalar_subquery()
    )
    return (
        select(Thread, Mine, Theirs, Last, Presence.seen_at, unread)
        .join(Mine, and_(Mine.thread_id == Thread.id, Mine.user_id == user_id))
        .join(Theirs, and_(Theirs.thread_id == Thread.id, Theirs.user_id != user_id))
        .outerjoin(Last, and_(Last.thread_id == Thread.id, Last.seq == Thread.last_seq))
        .outerjoin(Presence, Presence.user_id == Theirs.user_id)
        .options(joinedload(Thread.client), joinedload(Thread.professional), joinedload(Thread.subject))
        .execution_options(populate_existing=True)
    )


def warm_up() -> None:
    """Build the statements that use the aliases above, while the process has one thread.

    SQLAlchemy lists an alias's columns when it is first used. Two first requests at once would make two lists, and
    every statement that mixes them fails for as long as the process lives.
    """
    str(_threads_of("").join(Other, Other.id == Theirs.user_id))


def thread_for(viewer: User, thread_id: str) -> ThreadView:
    """Raises NotFound where there is no such thread, or it is other people's."""
    row = db.session.execute(_threads_of(viewer.id).where(Thread.id == thread_id)).one_or_none()
    if row is None:
        raise NotFound
    return ThreadView._make(row)


def threads_by_id(user_id: str, thread_ids: Iterable[str]) -> list[ThreadView]:
    rows = db.session.execute(_threads_of(user_id).where(Thread.id.in_(list(thread_ids))))
    return [ThreadView._make(row) for row in rows]


def inbox(
    viewer: User, *, before: str | None = None, limit: int = 30, archived: bool = False, q: str = ""
) -> tuple[list[ThreadView], str | None]:
    """The viewer's threads, latest first, and the place of the next page if there is one."""
    statement = _threads_of(viewer.id).where(Mine.archived.is_(archived))
    if q.strip():
        like = "%" + _literally(q.strip()) + "%"
        statement = statement.join(Other, Other.id == Theirs.user_id).outerjoin(Thread.subject)
        statement = statement.where(or_(Other.name.ilike(like, "\\"), Subject.title.ilike(like, "\\")))
    if before:
        statement = statement.where(tuple_(Mine.updated_at, Mine.thread_id) < tuple_(*_parse_place(before)))
    statement = statement.order_by(Mine.updated_at.desc(), Mine.thread_id.desc()).limit(limit + 1)
    views = [ThreadView._make(row) for row in db.session.execute(statement)]
    if len(views) <= limit:
        return views, None
    return views[:limit], _place(views[limit - 1].mine)


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _place(membership: Membership) -> str:
    return base64.urlsafe_b64encode(f"{membership.updated_at.isoformat()}|{membership.thread_id}".encode()).decode()


def _parse_place(text: str) -> tuple[datetime, str]:
    try:
        moment, thread_id = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        at = clock.moment(moment)
        if "\x00" in thread_id:
            raise ValueError(text)
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid({"before": "This is not the `next` of any page."}) from None
    return at, thread_id


def messages_of(
    viewer: User, thread_id: str, *, before: int | None = None, after: int | None = None, limit: int = 50
) -> tuple[list[Message], bool]:
    """Messages of one thread, ascending, and whether there are more in the direction asked.

    `after` reads forward from a seq; `before`, or neither, reads the latest below it. Raises NotFound.
    """
    if db.session.get(Membership, (thread_id, viewer.id)) is None:
        raise NotFound
    query = select(Message).where(Message.thread_id == thread_id)
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


def messages_by_seq(user_id: str, places: Iterable[tuple[str, int]]) -> Sequence[Message]:
    """The messages at these (thread, seq) places, of the user's own threads only."""
    query = (
        select(Message)
        .join(Membership, and_(Membership.thread_id == Message.thread_id, Membership.user_id == user_id))
        .where(tuple_(Message.thread_id, Message.seq).in_(list(places)))
        .order_by(Message.thread_id, Message.seq)
        .execution_options(populate_existing=True)
    )
    return db.session.execute(query).scalars().all()


def unread_messages(user_id: str) -> int:
    """Derived, never stored: above my watermark, not mine, not deleted; over all my threads."""
    query = (
        select(func.count())
        .select_from(Membership)
        .join(Message, and_(Message.thread_id == Membership.thread_id, Message.seq > Membership.last_read_seq))
        .where(
            Membership.user_id == user_id,
            Membership.last_seq > Membership.last_read_seq,
            Message.sender_id != user_id,
            Message.deleted_at.is_(None),
        )
    )
    return db.session.execute(query).scalar_one()


def unread_counts(user_id: str) -> dict[str, int]:
    """The two numbers on a person's badges."""
    return {"messages": unread_messages(user_id), "notifications": unread_count(user_id)}


def typing_to(user_id: str, thread_ids: Iterable[str], *, since: datetime) -> Sequence[tuple[str, str]]:
    """(thread, user) of everybody who writes to this user in these threads, and did so after `since`."""
    rows = db.session.execute(
        select(Theirs.thread_id, Theirs.user_id)
        .join(Mine, and_(Mine.thread_id == Theirs.thread_id, Mine.user_id == user_id))
        .where(Theirs.thread_id.in_(list(thread_ids)), Theirs.user_id != user_id, Theirs.typing_at > since)
    )
    return rows.all()


def people_of(thread_id: str) -> tuple[str, str]:
    """Ids of the client and the professional of a thread; for actions that have checked who asks."""
    client_id, professional_id = db.session.execute(
        select(Thread.client_id, Thread.professional_id).where(Thread.id == thread_id)
    ).one()
    return client_id, professional_id


def pair_threads(viewer: User, connection_ids: Iterable[str]) -> dict[str, str]:
    """connection id -> id of the pair's thread, where there is one."""
    keys = {pair_key(connection_id): connection_id for connection_id in connection_ids}
    rows = db.session.execute(
        select(Thread.key, Thread.id).where(
            Thread.key.in_(list(keys)),
            or_(Thread.client_id == viewer.id, Thread.professional_id == viewer.id),
        )
    )
    return {keys[key]: thread_id for key, thread_id in rows}


def pair_key(connection_id: str) -> str:
    return f"connection:{connection_id}"


def subject_key(subject: Subject, client_id: str) -> str:
    """What counts as the same conversation about `subject`, where its kind does not just use the pair's own."""
    if subject.declared.scope == "client":
        return f"client:{subject.id}:{client_id}"
    return f"subject:{subject.id}"
