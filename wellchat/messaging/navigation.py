"""Find a position in a long thread: the messages around one, or the first message of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, case, literal, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.messaging.models import Membership, Message
from wellchat.messaging.queries import messages_of


def messages_around(viewer: User, thread_id: str, seq: int, *, limit: int = 50) -> tuple[list[Message], bool]:
    """Return (`limit` messages with `seq` in the middle, ascending; whether there are messages before them).

    Near the beginning and the end of the thread, `seq` is not in the middle. Raises NotFound.
    """
    # The numbers have no gaps, so the messages are one range of the primary key.
    first = max(1, min(seq - limit // 2, _last_seq(viewer, thread_id) - limit + 1))
    found, _ = messages_of(viewer, thread_id, after=first - 1, limit=limit)
    return found, first > 1


def first_of_day(viewer: User, thread_id: str, day: date) -> int | None:
    """Return the seq of the first message on a day in the viewer's time zone, or after that day.

    Return the last seq if all messages are older, and None if the thread is empty. Raises NotFound.
    """
    last_seq = _last_seq(viewer, thread_id)
    begins = datetime.combine(day, time(), ZoneInfo(viewer.time_zone)).astimezone(UTC)
    found = db.session.execute(
        _bisection(), {"thread": thread_id, "last": last_seq, "begins": begins}
    ).scalar_one()
    return min(int(found), last_seq) or None


def _last_seq(viewer: User, thread_id: str) -> int:
    membership = db.session.get(Membership, (thread_id, viewer.id), populate_existing=True)
    if membership is None:
        raise NotFound
    return membership.last_seq


@cache
def _bisection() -> Select[Any]:
    """Return the query for the lowest seq sent at `begins` or later; one more than the last seq if there is
    none.

    Times grow with the numbers, so a recursive query can halve the range of the primary key: 14 steps for
    10,000 messages. An index on the time would make every send slower.
    """
    one = literal(1) + bindparam("last", type_=Membership.last_seq.type)
    ends = select(literal(0).label("below"), one.label("at"))
    search = ends.cte("search", recursive=True)
    middle = (search.c.below + search.c.at) // 2
    earlier = Message.created_at < bindparam("begins", type_=Message.created_at.type)
    halved = (
        select(case((earlier, middle), else_=search.c.below), case((earlier, search.c.at), else_=middle))
        .select_from(search)
        .join(Message, and_(Message.thread_id == bindparam("thread"), Message.seq == middle))
        .where(search.c.at - search.c.below > 1)
    )
    search = search.union_all(halved)
    return select(search.c.at).order_by(search.c.at - search.c.below).limit(1)
