"""Do the work of an import in slices: one transaction each, in which the place to go on is written.

A crash loses the slice that was under way, and nothing else. Whoever goes on with an import claims it first;
each slice asks under the lock of its row whether the claim still holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import or_, select, update

from wellchat.db import db, new_id, transaction
from wellchat.event_types import silence, tell_host
from wellchat.imports.models import (
    CHECKED,
    CHECKING,
    DONE,
    OPEN,
    OPENING,
    RUNNING,
    UNDOING,
    UNDONE,
    WORKING,
    Import,
)

LEASE = timedelta(minutes=2)
STEPS = {
    CHECKING: ("check",),
    RUNNING: ("users", "connections", "subjects", "chats", "strays", "messages", "finish", "clear"),
    UNDOING: ("undo",),
    OPENING: ("open",),
}
ENDS = {CHECKING: CHECKED, RUNNING: DONE, UNDOING: UNDONE, OPENING: OPEN}


class Job(NamedTuple):
    """A claimed import. `folder` holds the files of a command; None: they came by the host API."""

    id: str
    run: str
    folder: Path | None = None


class LostClaim(Exception):
    """Somebody else goes on with the import."""


def claim(
    import_id: str, now: datetime, *, by_command: bool = False, folder: Path | None = None
) -> Job | None:
    """Claim an import that has something to do; None if it has not, or another worker is at it.

    A command takes it over from whoever had it: it is started again after it was stopped.
    """
    run = new_id()
    free = or_(Import.busy_until.is_(None), Import.busy_until <= now)
    with transaction() as session:
        taken = session.execute(
            update(Import)
            .where(Import.id == import_id, Import.state.in_(WORKING), *(() if by_command else (free,)))
            .values(run=run, busy_until=now + LEASE)
            .execution_options(synchronize_session=False)
        )
        return Job(import_id, run, folder) if taken.rowcount else None  # type: ignore[attr-defined]


def give_back(job: Job) -> None:
    """End a claim, so that others need not wait for its end."""
    with transaction() as session:
        mine = update(Import).where(Import.id == job.id, Import.run == job.run)
        session.execute(mine.values(run=None, busy_until=None).execution_options(synchronize_session=False))


@contextmanager
def slice_of(job: Job, now: datetime) -> Iterator[Import]:
    """Do one slice inside: a transaction of which the host is told nothing. Raises LostClaim."""
    mine = select(Import).where(Import.id == job.id, Import.run == job.run).with_for_update()
    with transaction() as session:
        with silence():
            found = session.execute(mine.execution_options(populate_existing=True)).scalar_one_or_none()
            if found is None:
                raise LostClaim
            yield found
        found.busy_until = now + LEASE
        if found.state == DONE:
            counts = {name: getattr(found, name) for name in ("made", "same", "refused", "threads")}
            tell_host("import.finished", {"import": found.id, **counts}, now)


def present(job: Job) -> Import:
    """Return the import as it is, to read what the next slice needs before its transaction."""
    return db.session.get_one(Import, job.id, populate_existing=True)


def begin_work(row: Import, state: str, now: datetime) -> None:
    """Put an import to work, in the caller's transaction: as `check`, `run`, `undo` and `open` do."""
    row.state, row.step, row.place = state, STEPS[state][0], ""
    row.worked, row.began_at, row.ended_at = 0, now, None


def end_step(row: Import, now: datetime) -> None:
    """Go on to the next step, or end the work."""
    steps = STEPS[row.state]
    at = steps.index(row.step) + 1
    row.place = ""
    if at < len(steps):
        row.step = steps[at]
        return
    row.state, row.step, row.due_at, row.ended_at = ENDS[row.state], "", None, now


def seconds_left(row: Import, now: datetime) -> int | None:
    """Return in how many seconds the present work ends, at its pace so far. None: not known."""
    if row.state not in (CHECKING, RUNNING) or row.began_at is None or not row.worked:
        return None
    each = (now - row.began_at).total_seconds() / row.worked
    return max(0, round(each * (row.lines - row.worked)))
