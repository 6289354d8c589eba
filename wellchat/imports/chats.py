"""Find or make the threads of a file's chats, and hold them: nobody writes there while history comes in.

The chats of one pair become its one thread. Each thread is noted as it was before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select, tuple_

from wellchat.connections.models import Connection
from wellchat.db import db, execute, new_id, table
from wellchat.db import insert as put
from wellchat.imports.holding import note_threads
from wellchat.imports.models import (
    CHAT,
    MESSAGE,
    REFUSED,
    Import,
    ImportedChat,
    ImportLine,
)
from wellchat.imports.people import lines_of
from wellchat.imports.refusing import Refused
from wellchat.imports.resolving import Key, Resolved, resolve
from wellchat.imports.slices import Job, end_step, present, slice_of
from wellchat.imports.staging import note_of, put_notes
from wellchat.messaging.models import HELD, Membership, Thread, pair_key, subject_key

BATCH = 200  # chats of one transaction
OTHERS = "this chat was of other people, or about another subject, before"


class Entry(NamedTuple):
    """A chat, its thread, and the subject with which its messages are marked."""

    key: Key
    thread_id: str
    subject_id: str | None


def chat_slice(job: Job, now: datetime) -> None:
    """Bring in some chats."""
    row = present(job)
    lines = lines_of(row.id, CHAT, after=int(row.place or 0), limit=BATCH)
    with slice_of(job, now) as row:
        found, notes = [], []
        for line, what in resolve(lines):
            if isinstance(what, Refused):
                notes.append(note_of(row.id, row.step, REFUSED, line.no, str(what)))
            else:
                found.append((line, what))
        entries, made = _threads_of([what for _, what in found], now)
        known = known_chats([entry.key for entry in entries])
        good: dict[Key, Entry] = {}
        for (line, _), entry in zip(found, entries, strict=True):
            before = good.get(entry.key) or known.get(entry.key)
            if before is not None and before[1:] != entry[1:]:
                notes.append(note_of(row.id, row.step, REFUSED, line.no, OTHERS))
            else:
                good[entry.key] = entry
        enter(row, list(good.values()), made, now)
        put_notes(notes)
        row.refused += len(notes)
        if lines:
            row.place, row.worked = str(lines[-1].no), row.worked + len(lines)
        if len(lines) < BATCH:
            end_step(row, now)


def known_chats(keys: Collection[Key]) -> dict[Key, Entry]:
    """Return those of these chats that an import brought in before."""
    if not keys:
        return {}
    query = select(ImportedChat).where(tuple_(ImportedChat.source, ImportedChat.chat).in_(list(keys)))
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars()
    return {
        (each.source, each.chat): Entry((each.source, each.chat), each.thread_id, each.subject_id)
        for each in found
    }


def _threads_of(chats: Sequence[Resolved], now: datetime) -> tuple[list[Entry], set[str]]:
    """Return (an entry for each chat, ids of the threads that were made for them)."""
    if not chats:
        return [], set()
    pairs = {(str(each.client_side.id), str(each.professional_side.id)): each for each in chats}
    connections = _connections(pairs, now)
    wanted: dict[str, tuple[Resolved, Connection]] = {}
    keys = []
    for each in chats:
        connection = connections[str(each.client_side.id), str(each.professional_side.id)]
        own = each.about is not None and each.scope != "connection"
        keys.append(
            subject_key(each.about, connection.client_id) if own and each.about else pair_key(connection.id)
        )
        wanted.setdefault(keys[-1], (each, connection))
    threads, made = _open_threads(wanted, now)
    marked = (
        each.about.id if each.about is not None and each.scope == "connection" else None for each in chats
    )
    entries = [
        Entry(each.key, threads[key], subject_id)
        for each, key, subject_id in zip(chats, keys, marked, strict=True)
    ]
    return entries, made


def _connections(pairs: dict[tuple[str, str], Resolved], now: datetime) -> dict[tuple[str, str], Connection]:
    rows = [
        {
            "id": new_id(),
            "client_id": client_id,
            "professional_id": professional_id,
            "created_at": now,
            "closed_at": None if chat.client_side.active and chat.professional_side.active else now,
        }
        for (client_id, professional_id), chat in sorted(pairs.items())
    ]
    unique = [Connection.client_id, Connection.professional_id]
    db.session.execute(put(table(Connection)).values(rows).on_conflict_do_nothing(index_elements=unique))
    found = db.session.execute(
        select(Connection)
        .where(tuple_(*unique).in_(list(pairs)))
        .order_by(Connection.id)
        # Nobody closes them until the commit.
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).scalars()
    return {(each.client_id, each.professional_id): each for each in found}


def _open_threads(
    wanted: dict[str, tuple[Resolved, Connection]], now: datetime
) -> tuple[dict[str, str], set[str]]:
    """Return (thread id by key, ids of the new ones). New ones are held from the start."""
    rows = [
        {
            "id": new_id(),
            "key": key,
            "key_scope": chat.scope,
            "connection_id": connection.id,
            "client_id": connection.client_id,
            "professional_id": connection.professional_id,
            "subject_id": chat.about.id if chat.about is not None and chat.scope != "connection" else None,
            "last_seq": 0,
            "created_at": now,
            "updated_at": now,
            "closed_at": now,
        }
        for key, (chat, connection) in wanted.items()
    ]
    new = put(table(Thread)).values(rows).on_conflict_do_nothing(index_elements=[Thread.key])
    db.session.execute(new)
    found = dict(db.session.execute(select(Thread.key, Thread.id).where(Thread.key.in_(list(wanted)))).all())
    made = {str(row["id"]) for row in rows} & set(found.values())
    members = [
        {
            "thread_id": row["id"],
            "user_id": user_id,
            "kind": chat.about.kind if chat.about is not None and row["subject_id"] else None,
            "closed_as": HELD,
            "shown_read_seq": 0,
            "shown_delivered_seq": 0,
            "updated_at": now,
        }
        for row, (chat, _) in zip(rows, wanted.values(), strict=True)
        if row["id"] in made
        for user_id in (row["client_id"], row["professional_id"])
    ]
    if members:
        execute(insert(table(Membership)), members)
    return found, made


def enter(row: Import, entries: Sequence[Entry], made: Collection[str], now: datetime) -> None:
    """Write chats and their threads down as this import's."""
    if not entries:
        return
    counted = _counts(row, [entry.key for entry in entries])
    lines: dict[str, int] = {}
    for entry in entries:
        lines[entry.thread_id] = lines.get(entry.thread_id, 0) + counted.get(entry.key, (0, None))[0]
    note_threads(row, lines, made, now)
    rows = [
        {
            "source": entry.key[0],
            "chat": entry.key[1],
            "thread_id": entry.thread_id,
            "subject_id": entry.subject_id,
            "first_at": counted.get(entry.key, (0, None))[1],
            "made_by": row.id,
            "import_id": row.id,
        }
        for entry in entries
    ]
    new = put(table(ImportedChat)).values(rows)
    earlier = func.coalesce(
        func.least(ImportedChat.first_at, new.excluded.first_at)
        if db.engine.dialect.name == "postgresql"
        else func.min(ImportedChat.first_at, new.excluded.first_at),
        ImportedChat.first_at,
        new.excluded.first_at,
    )
    db.session.execute(
        new.on_conflict_do_update(
            index_elements=["source", "chat"], set_={"import_id": row.id, "first_at": earlier}
        )
    )


def _counts(row: Import, keys: Sequence[Key]) -> dict[Key, tuple[int, int | None]]:
    """Return (how many messages, the first time) of each chat in the file."""
    chat = (ImportLine.source, ImportLine.chat)
    query = (
        select(*chat, func.count(), func.min(ImportLine.at))
        .where(
            ImportLine.import_id == row.id,
            # SQLite uses the index for this, and not for the pair
            ImportLine.source.in_({source for source, _ in keys}),
            ImportLine.chat.in_({chat for _, chat in keys}),
            ImportLine.kind == MESSAGE,
        )
        .group_by(*chat)
    )
    return {(source, chat): (count, first) for source, chat, count, first in db.session.execute(query)}
