"""Make copies of people's data: one a day each, built by the worker, kept for a week.

The row is the job (claims.py). What a crash leaves is begun again when the lease ends: the pieces have the
same names, so nothing of it is left over.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select, update

from wellchat import claims
from wellchat.accounts.actions import lock_active
from wellchat.accounts.models import User
from wellchat.attachments.holding import deleting
from wellchat.attachments.storage import get_store
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.changes.actions import record_change
from wellchat.db import after_commit, db, transaction
from wellchat.errors import Conflict, NotFound
from wellchat.event_types import tell_host
from wellchat.i18n import N_, gettext
from wellchat.mail.actions import queue_mail
from wellchat.privacy.archive import PartWriter, delete_parts, read_parts
from wellchat.privacy.build import build, count_all
from wellchat.privacy.models import ENDED, FAILED, QUEUED, READY, Export
from wellchat.privacy.updates import KIND
from wellchat.retention import Held, Rule
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

DAYS = 7  # that a copy is kept
ONCE_IN = timedelta(days=1)
LEASE = timedelta(minutes=10)
PER_PART = timedelta(minutes=1)  # a claim lives longer with each piece that is stored
MAX_ATTEMPTS = 5
RETRIES = claims.Retries(timedelta(minutes=1), timedelta(hours=1))
BATCH = 20  # of one sweep
TICKS = 200  # messages and files between two notes of the progress


class _LostClaim(Exception):
    """Another worker makes it."""


def request_export(*, user: User, now: datetime) -> Export:
    """Put down that a person wants a copy. Raises Conflict if they asked for one within the last day."""
    with transaction() as session:
        # Locked, so that two requests at once make one row.
        person = lock_active(user.id)
        latest = latest_export(user.id)
        if latest is not None and latest.state != FAILED and now - latest.asked_at < ONCE_IN:
            raise Conflict(gettext("You can ask for one copy a day. Try again tomorrow."))
        export = Export(user_id=person.id, state=QUEUED, asked_at=now, due_at=now)
        session.add(export)
        session.flush()
        record("export.asked", now=now, actor_id=person.id, person_id=person.id)
        enqueue("privacy.export", export_id=export.id)
    return export


def latest_export(user_id: str) -> Export | None:
    """Return the copy that a person asked for last."""
    query = select(Export).where(Export.user_id == user_id).order_by(Export.asked_at.desc(), Export.id)
    return db.session.execute(query.limit(1).execution_options(populate_existing=True)).scalar()


def fetch(viewer: User, export_id: str, *, now: datetime) -> tuple[Export, Iterator[bytes]]:
    """Return a copy of the viewer's own and its bytes in chunks. Raises NotFound, also for one that ended."""
    export = db.session.get(Export, export_id, populate_existing=True)
    if export is None or export.user_id != viewer.id or not is_ready(export, now):
        raise NotFound
    # Outside the transaction: a slow bucket must not hold a database lock.
    chunks = read_parts(get_store(), export.id, export.parts)
    with transaction() as session:
        fetched = update(Export).where(Export.id == export.id).values(fetched_at=now)
        session.execute(fetched.execution_options(synchronize_session=False))
        record("export.fetched", now=now, person_id=viewer.id, about=("export", export.id))
    return export, chunks


def is_ready(export: Export, now: datetime) -> bool:
    """Return whether a copy can be downloaded."""
    return export.state == READY and export.made_at is not None and now < ends_at(export)


def ends_at(export: Export) -> datetime:
    """Return when a copy is deleted."""
    return (export.made_at or export.asked_at) + timedelta(days=DAYS)


def make(*, export_id: str, now: datetime) -> str | None:
    """Make one copy, if it is due. Return its state afterwards; None if it was not due, or another has it."""
    with transaction():
        row = claims.claim(
            Export, export_id, now=now, lease=LEASE, returning=(Export.user_id, Export.attempts), done=0
        )
    if row is None:
        return None
    user_id, attempts = row
    try:
        _make(export_id, user_id, attempts, now)
        return READY
    except _LostClaim:
        return None
    except Exception:
        log.exception("export %s, attempt %d", export_id, attempts)
        db.session.rollback()
        return _put_off(export_id, attempts, now)


def _make(export_id: str, user_id: str, attempts: int, now: datetime) -> None:
    user = db.session.get_one(User, user_id, populate_existing=True)
    progress = _Progress(export_id, attempts, now + LEASE)
    progress.note(total=count_all(user))
    target = PartWriter(get_store(), export_id, progress.part_stored)
    build(user, target, now=now, tick=progress.tick)
    with transaction():
        ready = {"parts": target.parts, "size": target.size, "made_at": now, "done": progress.done}
        # Only for the last claim: after a long pause another worker may be writing the same pieces.
        if claims.settle(
            Export, export_id, state=READY, claimed={"attempts": attempts}, states=(QUEUED,), **ready
        ) is None:  # fmt: skip
            raise _LostClaim
        record_change(user_id=user_id, kind=KIND, ref_id=export_id)
        record("export.made", now=now, actor_kind=SYSTEM, person_id=user_id, about=("export", export_id))
        tell_host("export.ready", {"user": user_id, "export": export_id}, now)
        context = {"name": user.name, "days": DAYS}
        queue_mail(user_id=user_id, address=user.email, name="export_ready", context=context, now=now)


class _Progress:
    """Writes down how far a copy is, and keeps the claim alive."""

    def __init__(self, export_id: str, attempts: int, due_at: datetime) -> None:
        self._export_id, self._attempts, self._due_at = export_id, attempts, due_at
        self.done = self._noted = self._parts = 0

    def tick(self, count: int) -> None:
        """Count messages and files that are written."""
        self.done += count
        # Not for each of them: a note is a commit, and it wakes open pages.
        if self.done - self._noted >= TICKS:
            self._noted = self.done
            self.note(done=self.done)

    def part_stored(self) -> None:
        """Note a piece, so that it is deleted even if the copy is never finished."""
        self._parts += 1
        self._due_at += PER_PART
        self.note(parts=self._parts, due_at=self._due_at)

    def note(self, **values: object) -> None:
        """Write these columns, and tell open pages. Raises _LostClaim if another worker has the row."""
        mine = (Export.id == self._export_id, Export.attempts == self._attempts, Export.state == QUEUED)
        with transaction() as session:
            noted = update(Export).where(*mine).values(**values).returning(Export.user_id)
            user_id = session.execute(noted.execution_options(synchronize_session=False)).scalar()
            if user_id is None:
                raise _LostClaim
            record_change(user_id=user_id, kind=KIND, ref_id=self._export_id)


def _put_off(export_id: str, attempts: int, now: datetime) -> str:
    state = QUEUED if attempts < MAX_ATTEMPTS else FAILED
    again = now + RETRIES.pause(attempts) if state == QUEUED else now
    with transaction():
        claimed = {"attempts": attempts}
        claims.settle(Export, export_id, state=state, claimed=claimed, states=(QUEUED,), due_at=again)
    return state


def sweep(now: datetime) -> dict[str, int]:
    """Make every copy that is due. Return {"exports_made": how many}."""
    due = select(Export.id).where(Export.due_at <= now, Export.state == QUEUED).order_by(Export.due_at)
    ids = list(db.session.execute(due.limit(BATCH)).scalars())
    return {"exports_made": [make(export_id=each, now=now) for each in ids].count(READY)}


def stored_ids(ids: Collection[str]) -> Sequence[str]:
    """Return those of these ids that are copies with pieces in the store."""
    kept = select(Export.id).where(Export.id.in_(ids), Export.state.in_((QUEUED, READY)))
    return db.session.execute(kept).scalars().all()


def forget_exports(user_id: str) -> None:
    """Delete the copies of a person: rows in the caller's transaction, pieces after it."""
    found = select(Export.id, Export.parts).where(Export.user_id == user_id)
    copies = list(db.session.execute(found).all())

    def delete_pieces() -> None:
        with deleting() as store:
            for export_id, parts in copies:
                # One more: a piece may be stored whose note was not written.
                delete_parts(store, export_id, parts + 1)

    # A piece that is left because the store did not answer belongs to nobody, and is collected within a day.
    after_commit(delete_pieces)
    db.session.execute(delete(Export).where(Export.user_id == user_id))


def _old(before: datetime, _held: Held) -> Select[str, int]:
    # One that failed was never made, and is as old as its request.
    made = func.coalesce(Export.made_at, Export.asked_at)
    over = or_(Export.state == READY, Export.state == FAILED)
    return select(Export.id, Export.parts).where(over, made < before)


def _count(before: datetime, held: Held) -> int:
    return db.session.execute(select(func.count()).select_from(_old(before, held).subquery())).scalar_one()


def _remove(before: datetime, held: Held, limit: int, _now: datetime) -> int:
    found = db.session.execute(_old(before, held).limit(limit)).all()
    with deleting() as store:
        for export_id, parts in found:
            # The bytes first: a row that is left after a crash is found again.
            delete_parts(store, export_id, parts + 1)
        with transaction() as session:
            ended = update(Export).where(Export.id.in_([export_id for export_id, _ in found]))
            session.execute(ended.values(state=ENDED, due_at=None, parts=0, size=0))
    return len(found)


RULES = (Rule("exports", N_("Copies of your data that you asked for"), lambda: DAYS, _count, _remove),)
