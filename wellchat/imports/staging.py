"""Make imports, and take their lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, insert, select

from wellchat.db import db, execute, table, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext
from wellchat.imports.lines import read_line
from wellchat.imports.models import CHECKED, COLLECTING, NOTE, REFUSED, Import, ImportLine, ImportNote
from wellchat.imports.refusing import Refused
from wellchat.imports.times import clock_of

READING = "read"  # step of notes about lines by themselves
NEW_LINE, NEW_NOTE = insert(table(ImportLine)), insert(table(ImportNote))


class Gap(Conflict):
    """Lines are missing before these. `wanted` is the number of the next line to send."""

    def __init__(self, wanted: int) -> None:
        super().__init__(gettext("Lines are missing. Send from line %(num)s on.", num=wanted))
        self.wanted = wanted


def begin(
    *,
    name: str,
    now: datetime,
    zone: str | None = None,
    waiting: bool = False,
    append: bool = False,
    digest: str | None = None,
) -> Import:
    """Make an import that takes lines. Raises Invalid for an unknown time zone."""
    if zone is not None:
        check_zone(zone)
    with transaction() as session:
        made = Import(name=name, zone=zone, waiting=waiting, append=append, digest=digest, made_at=now)
        made.state, made.step, made.place = COLLECTING, "", ""
        session.add(made)
        session.flush()
    return made


def check_zone(zone: str) -> None:
    """Raise Invalid unless this is the name of a time zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        text = gettext("There is no such time zone. Use a name such as Europe/Paris.")
        raise Invalid({"zone": text}) from None


def find(import_id: str, *, lock: bool = False) -> Import:
    """Return an import, freshly read. Raises NotFound."""
    found = db.session.get(Import, import_id, populate_existing=True, with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


def take_lines(*, import_id: str, first: int, lines: Sequence[bytes], now: datetime) -> Import:
    """Take lines of a file; `first` is the number of the first of them, from 1.

    Lines that came before are passed over. Raises NotFound, Gap, and Conflict once the import runs.
    """
    with transaction():
        row = find(import_id, lock=True)
        if row.state not in (COLLECTING, CHECKED):
            raise Conflict(gettext("This import takes no more lines. Make another one."))
        if first > row.lines + 1:
            raise Gap(row.lines + 1)
        fresh = lines[row.lines + 1 - first :]
        if not fresh:
            return row
        _put(row, fresh, now)
        row.lines += len(fresh)
        row.state, row.step, row.place = COLLECTING, "", ""
        db.session.flush()
    return row


def _put(row: Import, lines: Sequence[bytes], now: datetime) -> None:
    clock = clock_of(now, row.zone)
    taken: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for no, raw in enumerate(lines, start=row.lines + 1):
        if not raw.strip():
            continue
        try:
            line = read_line(raw, clock)
        except Refused as refusal:
            notes.append(note_of(row.id, READING, REFUSED, no, str(refusal)))
            row.refused += 1
            continue
        values = line._asdict()
        if text := values.pop("note"):
            notes.append(note_of(row.id, READING, NOTE, no, text))
        taken.append({"import_id": row.id, "no": no, **values})
    if taken:
        execute(NEW_LINE, taken)
    put_notes(notes)


def note_of(import_id: str, step: str, kind: str, line: int | None, text: str) -> dict[str, Any]:
    """Return a line of the report."""
    return {"import_id": import_id, "step": step, "kind": kind, "line": line, "text": text}


def put_notes(notes: Sequence[Mapping[str, Any]]) -> None:
    """Write lines of the report, in the caller's transaction."""
    if notes:
        execute(NEW_NOTE, notes)


def forget_notes(row: Import, *steps: str) -> None:
    """Delete what these steps have noted: they are done again."""
    gone = delete(ImportNote).where(ImportNote.import_id == row.id, ImportNote.step.in_(steps))
    db.session.execute(gone.execution_options(synchronize_session=False))


def latest_of(digest: str) -> Import | None:
    """Return the latest import of the same file, None if there is none."""
    same = select(Import).where(Import.digest == digest).order_by(Import.made_at.desc(), Import.id.desc())
    return db.session.execute(same.execution_options(populate_existing=True)).scalars().first()


def all_of(digest: str, states: Collection[str]) -> Sequence[Import]:
    """Return the imports of the same file in one of these states, the latest first."""
    same = select(Import).where(Import.digest == digest, Import.state.in_(states))
    same = same.order_by(Import.made_at.desc(), Import.id.desc())
    return db.session.execute(same.execution_options(populate_existing=True)).scalars().all()


def report(import_id: str, *, after: int = 0, limit: int = 1000) -> Iterable[ImportNote]:
    """Return lines of the report in order, after the one with this id."""
    query = select(ImportNote).where(ImportNote.import_id == import_id, ImportNote.id > after)
    return db.session.execute(query.order_by(ImportNote.id).limit(limit)).scalars()
