"""Count what is due and waits for the worker, and what ended without success. Each count reads an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import func, select

from wellchat import clock
from wellchat.claims import FAILED, QUEUED, UNKNOWN
from wellchat.db import Base, db
from wellchat.own_command import own_command

LATE = 600.0  # seconds for which something may be due before `wellchat doctor` says so


@dataclass(frozen=True)
class Queue:
    """A table of rows that are due at `due_at`, in one of `open_states`; none: it has no states."""

    name: str
    table: str
    open_states: tuple[str, ...] = (QUEUED,)
    bad_states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """How many rows are due, since how many seconds the oldest, and how many ended badly, by state."""

    due: int
    oldest: float
    bad: dict[str, int]


QUEUES = (
    Queue("mails", "mails", bad_states=(UNKNOWN, FAILED)),
    Queue("pushes", "pushes", bad_states=(UNKNOWN, FAILED)),
    Queue("messages", "outbox", open_states=()),
    Queue("digests", "digest_schedules", open_states=()),
    Queue("scheduled", "scheduled_messages"),
    Queue("webhooks", "webhook_deliveries", bad_states=(FAILED,)),
    Queue("bookings", "announcements", open_states=()),
)


def waiting(queue: Queue, now: datetime) -> Waiting:
    """Return what waits in one queue as of `now`."""
    table = Base.metadata.tables[queue.table]
    is_open = (table.c.state.in_(queue.open_states),) if queue.open_states else ()
    due = select(func.count(), func.min(table.c.due_at)).where(table.c.due_at <= now, *is_open)
    number, oldest = db.session.execute(due).one()
    bad: dict[str, int] = {}
    if queue.bad_states:
        counts = select(table.c.state, func.count()).where(table.c.state.in_(queue.bad_states))
        bad = dict(db.session.execute(counts.group_by(table.c.state)).all())
    return Waiting(number, (now - oldest).total_seconds() if oldest else 0.0, bad)


def check_waiting(_app: Flask) -> str:
    """Return a line for `wellchat doctor`. Raises ValueError if something is due for longer than LATE."""
    now = clock.now()
    for queue in QUEUES:
        found = waiting(queue, now)
        if found.oldest > LATE:
            run = own_command("sweep")
            raise ValueError(
                f"{queue.name}: {found.due} are due, the oldest for {found.oldest / 60:.0f} minutes:"
                f" are worker and beat running? `{run}` does the work meanwhile"
            )
    return f"nothing is due for longer than {LATE / 60:.0f} minutes"
