"""Settle chats that have messages in a file, and no line of their own that was taken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import and_, insert, literal, select, tuple_

from wellchat.db import db, table
from wellchat.imports.chats import enter, known_chats
from wellchat.imports.models import CHAT, MESSAGE, READ, REFUSED, Import, ImportedChat, ImportLine, ImportNote
from wellchat.imports.resolving import Key
from wellchat.imports.slices import Job, end_step, slice_of

STRAYS = 50  # chats of one transaction


def stray_slice(job: Job, now: datetime) -> None:
    """Settle chats that have messages, and no line of their own that was taken."""
    with slice_of(job, now) as row:
        strays = _strays(row)
        own = _have_lines(row, strays)
        known = {key: entry for key, entry in known_chats(strays).items() if key not in own}
        # Chats of an earlier import need not be described again.
        enter(row, list(known.values()), (), now)
        for key in strays:
            if key not in known:
                why = "its chat was refused" if key in own else "there is no line about its chat"
                _refuse_chat(row, key, why)
        if not strays:
            end_step(row, now)


def _strays(row: Import) -> list[Key]:
    mine = and_(
        ImportedChat.source == ImportLine.source,
        ImportedChat.chat == ImportLine.chat,
        ImportedChat.import_id == row.id,
    )
    query = (
        select(ImportLine.source, ImportLine.chat)
        .outerjoin(ImportedChat, mine)
        .where(
            ImportLine.import_id == row.id,
            ImportLine.kind.in_((MESSAGE, READ)),
            ImportedChat.source.is_(None),
        )
        .distinct()
        .limit(STRAYS)
    )
    return [(source, chat) for source, chat in db.session.execute(query)]


def _have_lines(row: Import, keys: Iterable[Key]) -> set[Key]:
    wanted = list(keys)
    if not wanted:
        return set()
    query = select(ImportLine.source, ImportLine.chat).where(
        ImportLine.import_id == row.id,
        ImportLine.kind != "message",
        ImportLine.kind == CHAT,
        tuple_(ImportLine.source, ImportLine.chat).in_(wanted),
    )
    return {(source, chat) for source, chat in db.session.execute(query)}


def _refuse_chat(row: Import, key: Key, why: str) -> None:
    """Refuse all lines of a chat, and forget them."""
    its = (
        ImportLine.import_id == row.id,
        ImportLine.source == key[0],
        ImportLine.chat == key[1],
        ImportLine.kind.in_((MESSAGE, READ)),
    )
    columns = ["import_id", "step", "kind", "line", "text"]
    each = select(literal(row.id), literal(row.step), literal(REFUSED), ImportLine.no, literal(why)).where(
        *its
    )
    db.session.execute(insert(table(ImportNote)).from_select(columns, each.order_by(ImportLine.no)))
    gone = db.session.execute(table(ImportLine).delete().where(*its))
    row.refused += int(gone.rowcount)  # type: ignore[attr-defined]
    row.worked += int(gone.rowcount)  # type: ignore[attr-defined]
