"""Read the log of events: what comes after a cursor, and how it is told to the host."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, select

from wellchat.clock import iso
from wellchat.db import db, table
from wellchat.errors import Invalid
from wellchat.event_types import PEOPLE
from wellchat.events.models import HostEvent, HostEventState
from wellchat.i18n import gettext
from wellchat.identities.queries import external_ids

EVENTS = table(HostEvent)
Refusal = Literal["expired", "restored", "ahead"]


class EventCursor(NamedTuple):
    """Says that the host has the events up to `seq`. `str(cursor)` is what it gets, and gives back."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.epoch}.{self.seq}".encode()).decode().rstrip("=")


def parse_event_cursor(text: str) -> EventCursor:
    """Return the cursor. Raises Invalid, with a text for `after`, if `text` was never a cursor."""
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode()
        name, seq = raw.split(".")
        # At most 18 digits fit into the database's BIGINT.
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
            raise ValueError(seq)
        return EventCursor(name, int(seq))
    except (ValueError, binascii.Error, UnicodeError):
        raise Invalid(
            {"after": gettext("This cursor is not valid. Start from GET /api/host/events/cursor.")}
        ) from None


class Refused(NamedTuple):
    """A cursor that cannot be followed. `cursor` is the present one."""

    reason: Refusal
    cursor: EventCursor


class EventPage(NamedTuple):
    """Events in ascending order. `cursor` is after the last of them, and after those of other types."""

    events: list[dict[str, Any]]
    cursor: EventCursor
    has_more: bool


def cursor_now() -> EventCursor:
    """Return a cursor after all events that have a number."""
    name, head, _ = _state()
    return EventCursor(name, head)


def _state() -> tuple[str, int, int]:
    """Return (epoch, last number, number up to which events were deleted)."""
    found = select(HostEventState.epoch, HostEventState.seq, HostEventState.floor_seq)
    epoch, head, floor = db.session.execute(found).one()
    return epoch, head, floor


def events_after(
    cursor: EventCursor, *, limit: int, types: Collection[str] | None = None
) -> EventPage | Refused:
    """Return the numbered events after a cursor, at most `limit`, or why the cursor cannot be followed."""
    name, head, _ = _state()
    if cursor.epoch != name:
        return Refused("restored", EventCursor(name, head))
    if cursor.seq > head:
        return Refused("ahead", EventCursor(name, head))
    found = events_between(cursor.seq, head, limit=limit + 1, types=types)
    # Read after the rows: what was deleted in between is missing from them, and the floor says so.
    if cursor.seq < _state()[2]:
        return Refused("expired", EventCursor(name, head))
    rows, has_more = found[:limit], len(found) > limit
    # Without more to come, events of other types are passed by, too.
    return EventPage(events_json(rows), EventCursor(name, rows[-1].seq if has_more else head), has_more)


def events_between(
    after: int, up_to: int, *, limit: int, types: Collection[str] | None = None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows with numbers above `after` and up to `up_to`, in order, at most `limit`."""
    query = select(EVENTS).where(EVENTS.c.seq > after, EVENTS.c.seq <= up_to)
    if types is not None:
        query = query.where(EVENTS.c.type.in_(sorted(types)))
    return db.session.execute(query.order_by(EVENTS.c.seq).limit(limit)).all()


def events_json(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return events as the host gets them, with its own ids of the people in them. One statement."""
    rows = list(rows)
    people = {row.data[key] for row in rows for key in PEOPLE if row.data.get(key)}
    external = external_ids(people) if people else {}
    return [_event_json(row, external) for row in rows]


def _event_json(row: Any, external: dict[str, str]) -> dict[str, Any]:
    ids = {key: external.get(row.data[key]) for key in PEOPLE if row.data.get(key)}
    return {
        "id": row.id,
        "type": row.type,
        "timestamp": iso(row.at),
        "seq": row.seq,
        "cause": row.cause,
        "data": {**row.data, "external_ids": ids},
    }
