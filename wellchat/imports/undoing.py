"""Take an import back, as long as nobody has written since: its threads are again as they were before.

People, connections and subjects of the file stay: they are the platform's own records. So do the words of
earlier imports that this one has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from wellchat.attachments.models import WITHDRAWN, Attachment
from wellchat.audit.actions import record
from wellchat.changes.actions import expire_log
from wellchat.db import db, execute, table, transaction
from wellchat.errors import Conflict
from wellchat.i18n import gettext
from wellchat.imports import files
from wellchat.imports.finishing import FILES, LINES, forget_lines
from wellchat.imports.models import (
    CHECKED,
    COLLECTING,
    DONE,
    OPEN,
    RUNNING,
    UNDOING,
    Import,
    ImportedChat,
    ImportThread,
)
from wellchat.imports.slices import Job, begin_work, end_step, slice_of
from wellchat.imports.staging import find
from wellchat.messaging.closing import hold, release
from wellchat.messaging.models import Membership, Message, Thread
from wellchat.task_queue import enqueue

BATCH = 50  # threads of one transaction
UNDOABLE = (COLLECTING, CHECKED, RUNNING, DONE, OPEN)


def undo(*, import_id: str, now: datetime, by_worker: bool = True) -> Import:
    """Have an import taken back. Raises NotFound, and Conflict where somebody has written since."""
    with transaction():
        row = find(import_id, lock=True)
        if row.state not in UNDOABLE:
            raise Conflict(gettext("There is nothing to take back."))
        _begin(row, {}, now)
        row.due_at = now if by_worker else None
        enqueue("imports.go_on", import_id=row.id)
        db.session.flush()
    return row


def undo_file(*, digest: str, now: datetime) -> Sequence[Import]:
    """Have all imports of one file taken back by a command, or none of them. Return them, the latest first.

    The command works them off in this order, as each notes how the earlier ones have left its threads. No
    worker goes on with them. Raises Conflict where there is none, and as `undo` does.
    """
    with transaction() as session:
        of_file = select(Import).where(Import.digest == digest, Import.state.in_((*UNDOABLE, UNDOING)))
        of_file = of_file.order_by(Import.id).with_for_update().execution_options(populate_existing=True)
        rows = sorted(session.execute(of_file).scalars(), key=lambda each: (each.made_at, each.id))[::-1]
        if not rows:
            raise Conflict(gettext("There is nothing to take back."))
        behind: dict[str, int] = {}
        for row in rows:
            if row.state != UNDOING:
                _begin(row, behind, now)
            row.due_at = None
        session.flush()
    return rows


def _begin(row: Import, behind: dict[str, int], now: datetime) -> None:
    """Hold an import's threads, and put it to work. `behind` is where later undos will leave threads."""
    ids = list(
        db.session.execute(
            select(ImportThread.thread_id)
            .where(ImportThread.import_id == row.id)
            .order_by(ImportThread.thread_id)
        ).scalars()
    )
    for start in range(0, len(ids), BATCH * 10):
        _hold_again(row, ids[start : start + BATCH * 10], behind, now)
    begin_work(row, UNDOING, now)
    # Whoever runs it loses the claim.
    row.run = row.busy_until = None
    record("import.undone", now=now, about=("import", row.id))


def _hold_again(row: Import, thread_ids: Sequence[str], behind: dict[str, int], now: datetime) -> None:
    query = (
        select(ImportThread, Thread.last_seq)
        .join(Thread, Thread.id == ImportThread.thread_id)
        .where(ImportThread.import_id == row.id, ImportThread.thread_id.in_(thread_ids))
        .order_by(Thread.id)
        # A message that comes at this moment is either seen here, or finds the thread closed.
        .with_for_update(of=Thread)
        .execution_options(populate_existing=True)
    )
    open_again = []
    for noted, last_seq in db.session.execute(query).all():
        if behind.get(noted.thread_id, last_seq) != noted.last_seq:
            if noted.last_seq != noted.before_seq or noted.made:
                raise Conflict(_why_not(noted))
            # This import has brought nothing there.
            continue
        behind[noted.thread_id] = noted.before_seq
        if not noted.held:
            noted.held = True
            open_again.append(noted.thread_id)
    db.session.flush()
    if open_again:
        hold(open_again, now)


def _why_not(noted: ImportThread) -> str:
    """Return why the thread is not as this import has left it: a later import, or people."""
    later = (
        select(Import.name, Import.id)
        .join(ImportThread, ImportThread.import_id == Import.id)
        .where(ImportThread.thread_id == noted.thread_id, Import.id != noted.import_id)
        .where(ImportThread.before_seq >= noted.last_seq, ImportThread.last_seq > ImportThread.before_seq)
        .order_by(ImportThread.last_seq.desc())
    )
    found = db.session.execute(later.limit(1)).one_or_none()
    if found is None:
        return gettext("Somebody has written since. It cannot be taken back any more.")
    return gettext(
        "The import %(id)s (%(name)s) came later. Take that one back first.", id=found.id, name=found.name
    )


def undo_slice(job: Job, now: datetime) -> None:
    """Take back some threads."""
    with slice_of(job, now) as row:
        query = select(ImportThread).where(ImportThread.import_id == row.id).order_by(ImportThread.thread_id)
        found = (
            db.session.execute(query.limit(BATCH).execution_options(populate_existing=True)).scalars().all()
        )
        if not found:
            left = forget_lines(row.id, LINES)
            if not files.forget(row.id, FILES) and not left:
                row.made = row.same = row.changed = row.threads = 0
                end_step(row, now)
            return
        _put_back(row, found, now)


def _put_back(row: Import, found: Sequence[ImportThread], now: datetime) -> None:
    session = db.session
    ids = [each.thread_id for each in found]
    made = [each.thread_id for each in found if each.made]
    last: dict[str, int] = {}
    for thread_id, last_seq, *people in session.execute(
        select(Thread.id, Thread.last_seq, Thread.client_id, Thread.professional_id)
        .where(Thread.id.in_(ids))
        .order_by(Thread.id)
        .with_for_update()
    ).all():
        last[thread_id] = last_seq
        for user_id in people:
            # Messages that their pages show are gone.
            expire_log(user_id=user_id)
    # Where it has brought nothing and others have written since, there is nothing of it to put back.
    mine_to_put = [each for each in found if each.made or last.get(each.thread_id) == each.last_seq]
    kept = [each for each in mine_to_put if not each.made and each.before]
    _take_files(mine_to_put, now)
    chats = delete(ImportedChat).where(ImportedChat.thread_id.in_(ids), ImportedChat.made_by == row.id)
    session.execute(chats.execution_options(synchronize_session=False))
    after = [{"of_thread": each.thread_id, "after_seq": each.before_seq} for each in mine_to_put]
    if after:
        execute(
            delete(table(Message)).where(
                Message.thread_id == bindparam("of_thread"), Message.seq > bindparam("after_seq")
            ),
            after,
        )
    if made:
        session.execute(
            delete(Thread).where(Thread.id.in_(made)).execution_options(synchronize_session=False)
        )
    opened = [each.thread_id for each in found if each.held and not each.made]
    _restore(kept)
    mine = delete(ImportThread).where(ImportThread.import_id == row.id, ImportThread.thread_id.in_(ids))
    session.execute(mine.execution_options(synchronize_session=False))
    # An earlier import may hold some of them still.
    others = set(
        session.execute(
            select(ImportThread.thread_id).where(ImportThread.thread_id.in_(opened), ImportThread.held)
        ).scalars()
    )
    if free := [each for each in opened if each not in others]:
        release(free, now)


def _take_files(found: Sequence[ImportThread], now: datetime) -> None:
    """Take the files of the messages back, as if they were never sent: the worker deletes all of them."""
    if not found:
        return
    execute(
        update(table(Attachment))
        .where(
            Attachment.thread_id == bindparam("of_thread"), Attachment.message_seq > bindparam("after_seq")
        )
        .values(thread_id=None, message_seq=None, reader_id=None, state=WITHDRAWN, due_at=now, attempts=0),
        [{"of_thread": each.thread_id, "after_seq": each.before_seq} for each in found],
    )


def _restore(kept: Sequence[ImportThread]) -> None:
    """Put threads and memberships back as they were noted."""
    threads: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for each in kept:
        before = each.before or {}
        at = datetime.fromisoformat(before["updated_at"])
        threads.append({"of_thread": each.thread_id, "seq": before["last_seq"], "at": at})
        for user_id, values in before["members"].items():
            own = {f"its_{name}": value for name, value in values.items()}
            for name in ("its_waiting_since", "its_updated_at"):
                own[name] = datetime.fromisoformat(own[name]) if own[name] else None
            members.append({"of_thread": each.thread_id, "whose": user_id, **own})
    if not threads:
        return
    columns = table(Membership).c
    names = [name.removeprefix("its_") for name in members[0] if name.startswith("its_")]
    execute(
        update(table(Membership))
        .where(Membership.thread_id == bindparam("of_thread"), Membership.user_id == bindparam("whose"))
        .values({name: bindparam(f"its_{name}", type_=columns[name].type) for name in names}),
        members,
    )
    execute(
        update(table(Thread))
        .where(Thread.id == bindparam("of_thread"))
        .values(last_seq=bindparam("seq"), updated_at=bindparam("at", type_=columns.updated_at.type)),
        threads,
    )
