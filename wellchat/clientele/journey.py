"""Tell the way of two people: first message, bookings, pictures, and breaks without a word.

Both of them see the same. There is one statement for each of the four, however long the way is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, extract, func, or_, select, true

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.clientele.facts import CALLED_OFF, is_booking
from wellchat.clientele.queries import connection_with
from wellchat.clock import iso
from wellchat.connections.models import Connection
from wellchat.db import db
from wellchat.messaging.models import Message, Thread
from wellchat.paging import decode_page_token, encode_page_token
from wellchat.subjects.models import Subject

MAX_ENTRIES = 1_000  # of one page
BREAK = timedelta(days=60)  # without a word
FIRST, BOOKING, PICTURES, WITHOUT = "abcd"  # the order of what is at one moment
After = tuple[datetime, str] | None
"""Where the page before ended: moment and key."""


class Entry(NamedTuple):
    """Something on the way, at a moment. `key` orders what is at the same one; `told` is more of its JSON."""

    at: datetime
    key: str
    kind: str
    told: dict[str, Any]


class JourneyPage(NamedTuple):
    """The two people, their entries with the latest first, and the token of the next page or None."""

    connection: Connection
    entries: list[Entry]
    following: str | None


def journey(viewer: User, person_id: str, *, before: str | None = None) -> JourneyPage:
    """Return a page of the way of the viewer and somebody. Raises NotFound, and Invalid for a bad token."""
    after = decode_page_token(before) if before else None
    connection = connection_with(viewer, person_id)
    found: list[Entry] = []
    for source in (_first_message, _bookings, _pictures, _breaks):
        found += source(connection, after)
    found.sort(key=lambda entry: (entry.at, entry.key), reverse=True)
    if len(found) <= MAX_ENTRIES:
        return JourneyPage(connection, found, None)
    last = found[MAX_ENTRIES - 1]
    return JourneyPage(connection, found[:MAX_ENTRIES], encode_page_token(last.at, last.key))


def _behind(at: Any, key: str, after: After, row_id: Any = None) -> Any:
    """Return the condition that a row at a moment comes after the last entry of the page before.

    Rows of one source have the same `key`, or it and their id.
    """
    if after is None:
        return true()
    then, last = after
    if last[:1] != key:
        return at <= then if key < last[:1] else at < then
    if row_id is None:
        return at < then
    return or_(at < then, and_(at == then, row_id < last[1:]))


def _first_message(connection: Connection, after: After) -> Iterator[Entry]:
    query = (
        select(func.min(Message.created_at).label("at"))
        .join(Thread, and_(Thread.id == Message.thread_id, Message.seq == 1))
        .where(Thread.connection_id == connection.id)
        .subquery()
    )
    at = db.session.execute(select(query.c.at).where(_behind(query.c.at, FIRST, after))).scalar()
    if at is not None:
        yield Entry(at, FIRST, "first_message", {})


def _bookings(connection: Connection, after: After) -> Iterator[Entry]:
    at = func.coalesce(Subject.starts_at, Subject.created_at)
    query = (
        select(at, Subject.id, Subject.title, Subject.status)
        .where(
            Subject.client_id == connection.client_id,
            Subject.professional_id == connection.professional_id,
            is_booking(),
            _behind(at, BOOKING, after, Subject.id),
        )
        .order_by(at.desc(), Subject.id.desc())
        .limit(MAX_ENTRIES + 1)
    )
    for moment, subject_id, title, status in db.session.execute(query):
        called_off = (status or "").lower() in CALLED_OFF
        told = {"subject_id": subject_id, "title": title, "status": status, "called_off": called_off}
        yield Entry(moment, BOOKING + subject_id, "booking", told)


def _pictures(connection: Connection, after: After) -> Iterator[Entry]:
    at = func.max(Message.created_at)
    query = (
        select(at, func.count())
        .select_from(Attachment)
        .join(Message, and_(Message.thread_id == Attachment.thread_id, Message.seq == Attachment.message_seq))
        .join(Thread, Thread.id == Message.thread_id)
        .where(Thread.connection_id == connection.id, Attachment.width.is_not(None))
        .where(Attachment.state.in_(SHOWN), Message.deleted_at.is_(None))
        .group_by(func.date(Message.created_at))
        .having(_behind(at, PICTURES, after))
        .order_by(at.desc())
        .limit(MAX_ENTRIES + 1)
    )
    for moment, number in db.session.execute(query):
        yield Entry(moment, PICTURES, "pictures", {"pictures": number})


def _breaks(connection: Connection, after: After) -> Iterator[Entry]:
    last = func.lag(Message.created_at, type_=Message.created_at.type).over(order_by=Message.created_at)
    words = (
        select(Message.created_at.label("at"), last.label("since"))
        .join(Thread, Thread.id == Message.thread_id)
        .where(Thread.connection_id == connection.id)
        .where(Message.deleted_at.is_(None), Message.sender_id != SYSTEM_ID)
        .subquery()
    )
    apart = extract("epoch", words.c.at) - extract("epoch", words.c.since)
    query = (
        select(words.c.at, words.c.since)
        .where(apart >= BREAK.total_seconds(), _behind(words.c.at, WITHOUT, after))
        .order_by(words.c.at.desc())
        .limit(MAX_ENTRIES + 1)
    )
    for at, since in db.session.execute(query):
        yield Entry(at, WITHOUT, "break", {"since": iso(since)})


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as schemas.JourneyEntry."""
    return {"kind": entry.kind, "at": iso(entry.at), **entry.told}


# The picture of a page


WIDTH, HEIGHT, EDGE = 1000, 96, 24  # of the drawing, in its own units


def drawing(entries: list[Entry], now: datetime) -> dict[str, Any] | None:
    """Return where each entry stands on a line of time, for the SVG; None for fewer than two moments.

    Keys: marks (x, kind, called_off, at, title), breaks (x, width), years (x, year), now (x or None).
    """
    times = [entry.at for entry in entries]
    if len(set(times)) < 2:
        return None
    first, last = min(times), max(times)
    span = (last - first).total_seconds()

    def x(at: datetime) -> float:
        share = (at - first).total_seconds() / span
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    breaks = []
    for entry in entries:
        if entry.kind == "break":
            begins = max(first, datetime.fromisoformat(entry.told["since"]))
            breaks.append({"x": x(begins), "width": round(x(entry.at) - x(begins), 1)})
    years = [datetime(year, 1, 1, tzinfo=first.tzinfo) for year in range(first.year + 1, last.year + 1)]
    step = len(years) // 12 + 1
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "marks": [
            {"x": x(entry.at), "kind": entry.kind, "called_off": entry.told.get("called_off", False)}
            for entry in entries
            if entry.kind != "break"
        ],
        "breaks": breaks,
        "years": [{"x": x(year), "year": year.year} for year in years[::step]],
        "now": x(now) if first < now < last else None,
    }
