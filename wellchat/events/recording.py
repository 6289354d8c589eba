"""Write events down, in the transaction of the act. They get their numbers later: see numbering.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from wellchat.config import setting
from wellchat.connections.models import Connection
from wellchat.db import current_transaction, db, execute, table
from wellchat.event_types import is_silent, tell_host
from wellchat.events.cause import current_cause
from wellchat.events.models import HostEvent, new_event_id
from wellchat.feature import FeatureError, registry
from wellchat.task_queue import enqueue

INSERT_EVENT = insert(table(HostEvent))


def write_event(
    event_type: str,
    data: Mapping[str, Any],
    at: datetime | None,
    thread_id: str | None = None,
    thread_seq: int | None = None,
) -> str | None:
    """Write one event, in the caller's transaction: it stands exactly if the act does. Return its id.

    None: events of this type are not written here.
    Raises RuntimeError outside a transaction, and FeatureError for a type that no feature declares.
    """
    if current_transaction() is None:
        raise RuntimeError("an event outside transaction()")
    declared = registry().events.get(event_type)
    if declared is None:
        raise FeatureError(f"no feature declares {event_type!r} in `events`")
    if is_silent() or (not declared.by_default and event_type not in setting("EVENTS")):
        return None
    event_id = new_event_id()
    event = {
        "id": event_id,
        "type": event_type,
        "at": at,
        "data": dict(data),
        "thread_id": thread_id,
        "thread_seq": thread_seq,
        "cause": current_cause(),
    }
    execute(INSERT_EVENT, event)
    # A doorbell. If it gets lost, the sweep numbers and sends.
    enqueue("events.deliver")
    return event_id


def on_profile_changed(user_id: str) -> None:
    """Write that a person looks different; once in a transaction."""
    current = current_transaction()
    if current is None:
        raise RuntimeError("an event outside transaction()")
    told = current.notes.setdefault("host_events_updated", set())
    if user_id not in told:
        told.add(user_id)
        tell_host("user.updated", {"user": user_id}, None)


def on_connection_ended(connection_id: str, by: str, now: datetime) -> None:
    """Write that two people write to each other no more. A block cannot be told from an end."""
    tell_host("connection.ended", _two_of(connection_id) | {"by": by}, now)


def on_connection_reopened(connection_id: str, now: datetime) -> None:
    """Write that two people may write to each other again."""
    tell_host("connection.reopened", _two_of(connection_id), now)


def _two_of(connection_id: str) -> dict[str, Any]:
    two = db.session.get_one(Connection, connection_id)
    return {"connection": two.id, "client": two.client_id, "professional": two.professional_id}
