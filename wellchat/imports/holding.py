"""Note threads as they are before an import writes into them, and hold them closed for writing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update

from wellchat.db import db, execute, table
from wellchat.imports.models import Import, ImportedMessage, ImportThread
from wellchat.imports.times import to_number
from wellchat.messaging.closing import hold
from wellchat.messaging.models import Membership, Message, Thread


def note_threads(row: Import, lines: dict[str, int], made: Collection[str], now: datetime) -> None:
    """Write threads down as this import's, as they are now, and hold those in which nobody has written."""
    noted = set(
        db.session.execute(
            select(ImportThread.thread_id).where(
                ImportThread.import_id == row.id, ImportThread.thread_id.in_(list(lines))
            )
        ).scalars()
    )
    fresh = [thread_id for thread_id in lines if thread_id not in noted]
    more = [{"in_thread": each, "more": lines[each]} for each in noted]
    if more:
        execute(_add_lines(row.id), more)
    if not fresh:
        return
    before = _before([each for each in fresh if each not in made])
    held, base = held_among(list(before)), _base_times(list(before))
    rows = []
    for thread_id in fresh:
        known = before.get(thread_id)
        live = known is not None and thread_id not in held and known["last_seq"] > 0
        rows.append(
            {
                "import_id": row.id,
                "thread_id": thread_id,
                "made": known is None,
                "live": live,
                "held": not live,
                "lines": lines[thread_id],
                "before_seq": known["last_seq"] if known else 0,
                "last_seq": known["last_seq"] if known else 0,
                "base_at": base.get(thread_id, 0),
                "before": known,
            }
        )
    execute(insert(table(ImportThread)), rows)
    # Those that are new, or held by another import, are closed already.
    hold(
        [each["thread_id"] for each in rows if each["held"] and each["thread_id"] in set(before) - held], now
    )


def _add_lines(import_id: str) -> Any:
    return (
        update(table(ImportThread))
        .where(ImportThread.import_id == import_id, ImportThread.thread_id == bindparam("in_thread"))
        .values(lines=ImportThread.lines + bindparam("more"))
    )


def held_among(thread_ids: Sequence[str]) -> set[str]:
    """Return those of these threads that an import holds closed."""
    if not thread_ids:
        return set()
    query = select(ImportThread.thread_id).where(ImportThread.thread_id.in_(thread_ids), ImportThread.held)
    return set(db.session.execute(query).scalars())


def _before(thread_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return how these threads and their memberships are: what `undoing` puts back."""
    if not thread_ids:
        return {}
    of_them = Thread.id.in_(thread_ids)
    # Locked, so that no message comes in between.
    locked = select(Thread.id, Thread.last_seq, Thread.updated_at).where(of_them)
    found: dict[str, dict[str, Any]] = {
        thread_id: {"last_seq": last_seq, "updated_at": iso_exactly(updated_at), "members": {}}
        for thread_id, last_seq, updated_at in db.session.execute(
            locked.order_by(Thread.id).with_for_update()
        )
    }
    members = select(
        Membership.thread_id, Membership.user_id, *(getattr(Membership, name) for name in MEMBER_FIELDS)
    ).where(Membership.thread_id.in_(thread_ids))
    for thread_id, user_id, *values in db.session.execute(members):
        shown = (iso_exactly(value) if isinstance(value, datetime) else value for value in values)
        found[thread_id]["members"][user_id] = dict(zip(MEMBER_FIELDS, shown, strict=True))
    return found


MEMBER_FIELDS = (
    *("last_seq", "last_read_seq", "unread_from", "delivered_seq", "mailed_seq"),
    *("kind", "waiting_since", "updated_at"),
)


def iso_exactly(moment: datetime) -> str:
    """Return ISO 8601 with microseconds, so that it can be put back as it was."""
    return moment.isoformat()


def _base_times(thread_ids: Sequence[str]) -> dict[str, int]:
    """Return the last time that earlier imports brought into these threads."""
    if not thread_ids:
        return {}
    same = and_(Message.thread_id == ImportedMessage.thread_id, Message.seq == ImportedMessage.seq)
    query = (
        select(ImportedMessage.thread_id, func.max(Message.created_at))
        .join(Message, same)
        .where(ImportedMessage.thread_id.in_(thread_ids), ImportedMessage.late.is_(False))
        .group_by(ImportedMessage.thread_id)
    )
    return {thread_id: to_number(last) for thread_id, last in db.session.execute(query)}
