"""Finish a run: read marks, one change for each person and thread, and the end of the staged lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, select, update

from wellchat.changes.actions import record_change
from wellchat.db import db, execute, table
from wellchat.imports import files
from wellchat.imports.lines import content_of
from wellchat.imports.models import (
    MERGE,
    NOTE,
    READ,
    Import,
    ImportedChat,
    ImportedMessage,
    ImportLine,
    ImportThread,
)
from wellchat.imports.resolving import sides
from wellchat.imports.slices import Job, end_step, present, slice_of
from wellchat.imports.staging import note_of, put_notes
from wellchat.messaging import statements
from wellchat.messaging.models import HELD, Membership, Message, Thread

BATCH = 200  # threads of one transaction
LINES = 5_000
FILES = 50

_member = table(Membership)
LOWER = (
    update(_member)
    .where(Membership.thread_id == bindparam("of_thread"), Membership.user_id == bindparam("whose"))
    .values(last_read_seq=bindparam("up_to"))
)


def finish_slice(job: Job, now: datetime) -> None:
    """Finish some threads."""
    row = present(job)
    query = select(ImportThread).where(ImportThread.import_id == row.id, ImportThread.thread_id > row.place)
    found = db.session.execute(query.order_by(ImportThread.thread_id).limit(BATCH)).scalars().all()
    with slice_of(job, now) as row:
        ids = [each.thread_id for each in found]
        people = _people(ids)
        touched = [each for each in found if each.made or each.held]
        _read_marks(row, [each.thread_id for each in touched if not each.live], people)
        _show_marks([each.thread_id for each in touched])
        _begin_with_first([each.thread_id for each in found if each.made])
        if row.waiting:
            execute(
                statements.RECOUNT_WAITING,
                [{"thread": each.thread_id} for each in touched] or [{"thread": ""}],
            )
        for each in touched:
            for user_id in people[each.thread_id]:
                record_change(user_id=user_id, kind="thread", thread_id=each.thread_id)
        _note_merges(row, ids)
        row.threads += len(found)
        if found:
            row.place = found[-1].thread_id
        if len(found) < BATCH:
            end_step(row, now)


def _people(thread_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the two of each thread, locked: whoever closes or erases locks it before its memberships."""
    query = select(Thread.id, Thread.client_id, Thread.professional_id).where(Thread.id.in_(thread_ids))
    return {
        thread_id: (client, professional)
        for thread_id, client, professional in db.session.execute(query.order_by(Thread.id).with_for_update())
    }


def _show_marks(thread_ids: Sequence[str]) -> None:
    """Let each see in the held thread what the other has read."""
    held = (Membership.thread_id.in_(thread_ids), Membership.closed_as == HELD)
    shown = {"shown_read_seq": Membership.last_read_seq, "shown_delivered_seq": Membership.delivered_seq}
    db.session.execute(
        update(Membership).where(*held).values(shown).execution_options(synchronize_session=False)
    )


def _begin_with_first(thread_ids: Sequence[str]) -> None:
    """Let new threads have been opened with their first message."""
    first = (
        select(Message.created_at)
        .where(Message.thread_id == Thread.id, Message.seq == 1)
        .correlate(Thread)
        .scalar_subquery()
    )
    db.session.execute(
        update(Thread)
        .where(Thread.id.in_(thread_ids), Thread.last_seq > 0)
        .values(created_at=first)
        .execution_options(synchronize_session=False)
    )


def _read_marks(row: Import, thread_ids: Sequence[str], people: dict[str, tuple[str, str]]) -> None:
    """Move watermarks back to what the file says was read; without a word of it, all was."""
    marks = _marks(row, thread_ids)
    if not marks:
        return
    named = sides({line.item for line, _ in marks})
    notes: list[dict[str, Any]] = []
    lowest: dict[tuple[str, str], int] = {}
    for (line, thread_id), first_unread in _first_unread(marks, named).items():
        side = named.get(line.item)
        if side is None or side.id not in people[thread_id]:
            notes.append(
                note_of(row.id, row.step, NOTE, line.no, f"{line.item} is not one of the two people")
            )
        elif first_unread is None:
            text = f"there is no message {content_of(line)['up_to']} in this chat: all counts as read"
            notes.append(note_of(row.id, row.step, NOTE, line.no, text))
        elif first_unread:
            key = (thread_id, str(side.id))
            lowest[key] = min(first_unread - 1, lowest.get(key, first_unread))
    if lowest:
        values = [
            {"of_thread": thread_id, "whose": user_id, "up_to": seq}
            for (thread_id, user_id), seq in lowest.items()
        ]
        execute(LOWER, values)
    put_notes(notes)


def _marks(row: Import, thread_ids: Sequence[str]) -> list[tuple[Any, str]]:
    """Return (the last read mark of a person in a chat, its thread)."""
    mine = and_(ImportedChat.source == ImportLine.source, ImportedChat.chat == ImportLine.chat)
    query = (
        select(ImportLine, ImportedChat.thread_id)
        .join(ImportedChat, mine)
        .where(
            ImportLine.import_id == row.id,
            ImportLine.kind != "message",
            ImportLine.kind == READ,
            ImportedChat.import_id == row.id,
            ImportedChat.thread_id.in_(thread_ids),
        )
        .order_by(ImportLine.no)
    )
    last = {(line.source, line.chat, line.item): (line, thread) for line, thread in db.session.execute(query)}
    return list(last.values())


def _first_unread(
    marks: Sequence[tuple[Any, str]], named: dict[str, Any]
) -> dict[tuple[Any, str], int | None]:
    """Return the first number of the chat that each mark leaves unread: 0 if all is read, None if unknown."""
    found: dict[tuple[Any, str], int | None] = {}
    same = and_(Message.thread_id == ImportedMessage.thread_id, Message.seq == ImportedMessage.seq)
    for line, thread_id in marks:
        of_chat = (ImportedMessage.source == line.source, ImportedMessage.chat == line.chat)
        up_to = select(ImportedMessage.seq).where(
            *of_chat, ImportedMessage.source_id == content_of(line)["up_to"]
        )
        seq = db.session.execute(up_to).scalar()
        side = named.get(line.item)
        first = (
            select(func.min(Message.seq))
            .join(ImportedMessage, same)
            .where(
                *of_chat,
                ImportedMessage.thread_id == thread_id,
                Message.seq > (seq or 0),
                Message.sender_id != (side.id if side else ""),
                Message.deleted_at.is_(None),
            )
        )
        found[line, thread_id] = None if seq is None else db.session.execute(first).scalar() or 0
    return found


def _note_merges(row: Import, thread_ids: Sequence[str]) -> None:
    """Report the threads that several chats became."""
    query = select(ImportedChat.thread_id, ImportedChat.source, ImportedChat.chat).where(
        ImportedChat.thread_id.in_(thread_ids)
    )
    chats: dict[str, list[str]] = {}
    order = (ImportedChat.first_at, ImportedChat.source, ImportedChat.chat)
    for thread_id, source, chat in db.session.execute(query.order_by(*order)):
        chats.setdefault(thread_id, []).append(f"{source}/{chat}")
    notes = [
        note_of(
            row.id, row.step, MERGE, None, f"{len(each)} chats became thread {thread_id}: {', '.join(each)}"
        )
        for thread_id, each in chats.items()
        if len(each) > 1
    ]
    put_notes(notes)


def clear_slice(job: Job, now: datetime) -> None:
    """Forget some of the staged lines and files: what stays is in the conversations."""
    with slice_of(job, now) as row:
        left = forget_lines(row.id, LINES)
        if not files.forget(row.id, FILES) and not left:
            end_step(row, now)


def forget_lines(import_id: str, limit: int) -> bool:
    """Delete some staged lines, in the caller's transaction. Return whether any was left."""
    # Not by LIMIT in the DELETE, which SQLite does not have.
    highest = (
        select(ImportLine.no).where(ImportLine.import_id == import_id).order_by(ImportLine.no).limit(limit)
    ).subquery()
    up_to = db.session.execute(select(func.max(highest.c.no))).scalar()
    if up_to is None:
        return False
    gone = delete(ImportLine).where(ImportLine.import_id == import_id, ImportLine.no <= up_to)
    db.session.execute(gone.execution_options(synchronize_session=False))
    return True
