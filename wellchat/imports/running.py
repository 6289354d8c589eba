"""Have imports checked, run, opened: what the host API and the command ask for, and the worker does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, text, update

from wellchat.audit.actions import record
from wellchat.db import db, is_postgresql, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.imports import chats, checking, finishing, messages, people, strays, undoing
from wellchat.imports.models import (
    CHECKED,
    CHECKING,
    COLLECTING,
    DONE,
    OPENING,
    REFUSED,
    RUNNING,
    UNDONE,
    WORKING,
    Import,
    ImportLine,
    ImportNote,
    ImportThread,
)
from wellchat.imports.slices import Job, LostClaim, begin_work, claim, end_step, give_back, slice_of
from wellchat.imports.staging import READING, find, forget_notes
from wellchat.messaging.closing import release
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

BATCH = 200  # threads that are opened in one transaction
OF_TASK, OF_SWEEP = 10.0, 2.0  # seconds; other work waits behind it
AGAIN = timedelta(minutes=1)  # after a failure
STAGED_FOR = timedelta(days=7)  # without a change, until staged lines are forgotten

SLICES: dict[str, Callable[[Job, datetime], None]] = {
    "check": checking.check_slice,
    **dict.fromkeys(people.STEPS, people.put_slice),
    "chats": chats.chat_slice,
    "strays": strays.stray_slice,
    "messages": messages.message_slice,
    "finish": finishing.finish_slice,
    "clear": finishing.clear_slice,
    "undo": undoing.undo_slice,
}


def check(*, import_id: str, now: datetime, by_worker: bool = True) -> Import:
    """Have a file checked: nothing is made. Raises NotFound, and Conflict once it runs."""
    with transaction():
        row = find(import_id, lock=True)
        if row.state not in (COLLECTING, CHECKED):
            raise Conflict(gettext("This import runs, or has run already."))
        _begin(row, CHECKING, now, by_worker)
    return row


def run(*, import_id: str, now: datetime, by_worker: bool = True) -> Import:
    """Have an import run. Raises NotFound, and Conflict if it has run, or another one runs."""
    with transaction() as session:
        # All that may run, in one order: of two that begin at once, the second sees the first.
        waiting = select(Import.id).where(Import.state.in_((COLLECTING, CHECKED, RUNNING)))
        session.execute(waiting.order_by(Import.id).with_for_update())
        row = find(import_id, lock=True)
        if row.state not in (COLLECTING, CHECKED):
            raise Conflict(gettext("This import runs, or has run already."))
        others = select(Import.id).where(Import.state == RUNNING, Import.id != row.id).limit(1)
        if db.session.execute(others).scalar() is not None:
            raise Conflict(gettext("Another import runs. Wait for its end."))
        _begin(row, RUNNING, now, by_worker)
        record("import.run", now=now, about=("import", row.id), detail={"lines": row.lines})
    return row


def open_threads(*, import_id: str, now: datetime, by_worker: bool = True) -> Import:
    """Have an import's conversations opened for writing. Raises NotFound, and Conflict before its run."""
    with transaction():
        row = find(import_id, lock=True)
        if row.state != DONE:
            raise Conflict(gettext("This import has not run, or its conversations are open already."))
        begin_work(row, OPENING, now)
        row.due_at = now if by_worker else None
        record("import.opened", now=now, about=("import", row.id))
        enqueue("imports.go_on", import_id=row.id)
        db.session.flush()
    return row


def _begin(row: Import, state: str, now: datetime, by_worker: bool) -> None:
    """Put an import to work from its beginning: the counts are those of lines refused at reading."""
    forget_notes(row, *(name for name in SLICES if name != READING))
    begin_work(row, state, now)
    row.made = row.same = row.changed = row.threads = 0
    row.refused = _refused_at_reading(row)
    row.due_at = now if by_worker else None
    enqueue("imports.go_on", import_id=row.id)
    db.session.flush()
    if is_postgresql():
        # Its plans are those of an empty table else.
        db.session.execute(text("ANALYZE import_lines"))


def _refused_at_reading(row: Import) -> int:
    query = select(func.count()).select_from(ImportNote)
    of_it = (ImportNote.import_id == row.id, ImportNote.step == READING, ImportNote.kind == REFUSED)
    return db.session.execute(query.where(*of_it)).scalar_one()


def work(job: Job, moment: Callable[[], datetime], *, seconds: float | None = None) -> Iterator[Import]:
    """Do one slice after the other, and yield the import after each. Raises LostClaim.

    `moment` says when it is; without `seconds` it goes on to the end.
    """
    began = time.monotonic()
    row = find(job.id)
    while row.state in WORKING:
        SLICES[row.step](job, moment())
        row = find(job.id)
        yield row
        if seconds is not None and time.monotonic() - began > seconds:
            return


def go_on(*, import_id: str, now: datetime, seconds: float = OF_TASK) -> str | None:
    """Go on with an import for some seconds. Return its state; None if another worker is at it."""
    job = claim(import_id, now)
    if job is None:
        return None
    state = None
    try:
        for row in work(job, lambda: now, seconds=seconds):
            state = row.state
    except LostClaim:
        return None
    except Exception:
        log.exception("import %s stopped; it goes on later", import_id)
        db.session.rollback()
        _postpone(import_id, now + AGAIN)
        return None
    give_back(job)
    if state in WORKING:
        with transaction():
            enqueue("imports.go_on", import_id=import_id)
    return state


def _postpone(import_id: str, until: datetime) -> None:
    with transaction() as session:
        later = update(Import).where(Import.id == import_id, Import.due_at.is_not(None))
        values = {"due_at": until, "run": None, "busy_until": None}
        session.execute(later.values(values).execution_options(synchronize_session=False))


def go_on_each(*, import_ids: Sequence[str], now: datetime) -> None:
    """Go on with these imports."""
    for each in import_ids:
        go_on(import_id=each, now=now)


def sweep(now: datetime) -> dict[str, int]:
    """Go on with imports whose doorbell was lost. Return {"imports": how many}."""
    due = select(Import.id).where(Import.due_at <= now).order_by(Import.due_at).limit(5)
    ids = db.session.execute(due).scalars().all()
    return {"imports": sum(go_on(import_id=each, now=now, seconds=OF_SWEEP) is not None for each in ids)}


def open_slice(job: Job, now: datetime) -> None:
    """Open some conversations for writing."""
    with slice_of(job, now) as row:
        query = select(ImportThread.thread_id).where(ImportThread.import_id == row.id, ImportThread.held)
        ids = list(db.session.execute(query.order_by(ImportThread.thread_id).limit(BATCH)).scalars())
        if not ids:
            end_step(row, now)
            return
        # Of all imports: a newer file opens what the earlier one has brought.
        free = update(ImportThread).where(ImportThread.thread_id.in_(ids)).values(held=False)
        db.session.execute(free.execution_options(synchronize_session=False))
        release(ids, now)


SLICES["open"] = open_slice


def tidy(now: datetime) -> dict[str, int]:
    """Forget the staged lines of imports that never ran. Return {"imports_forgotten": how many}."""
    has_lines = select(ImportLine.import_id).where(ImportLine.import_id == Import.id).exists()
    old = (Import.state.in_((COLLECTING, CHECKED, UNDONE)), Import.made_at < now - STAGED_FOR)
    with transaction() as session:
        ids = list(session.execute(select(Import.id).where(*old, has_lines).limit(5)).scalars())
        gone = delete(Import).where(Import.id.in_(ids))
        session.execute(gone.execution_options(synchronize_session=False))
    return {"imports_forgotten": len(ids)}
