"""A place in a long thread: around a message, or where a day begins."""

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
    """A stretch of a thread with `seq` in its middle, or as near to it as the ends allow; and whether there are
    messages before it. Numbers have no gaps, so it is one range of the key. Raises NotFound.
    """
    first = max(1, min(seq - limit // 2, _last_seq(viewer, thread_id) - limit + 1))
    found, _ = messages_of(viewer, thread_id, after=first - 1, limit=limit)
    return found, first > 1


def first_of_day(viewer: User, thread_id: str, day: date) -> int | None:
    """The seq with which a day in the viewer's zone begins: of the first message then or later, else of the last.

    None where nothing was said yet. Raises NotFound.
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
    """The lowest seq that was said at `begins` or later; one more than the last where there is none.

    Times rise with the numbers, so halving finds it by the key alone: fourteen rows for ten thousand, and no index
    that every send would have to keep.
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
