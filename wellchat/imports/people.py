"""Put the users, connections and subjects of a file, as the host API does. Nobody is told of any of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wellchat.db import db
from wellchat.errors import WellchatError
from wellchat.host.calls import Caller, TryAgain
from wellchat.host.connections_calls import put_connection
from wellchat.host.forms import PutConnection, PutPerson, PutSubjectOfHost
from wellchat.host.people import put_person
from wellchat.host.subjects_calls import put_subject
from wellchat.imports.models import CONNECTION, REFUSED, SUBJECT, USER, ImportLine
from wellchat.imports.slices import Job, end_step, present, slice_of
from wellchat.imports.staging import note_of, put_notes

BATCH = 50  # lines of one transaction
TRIES = 3


def _put_user(line: ImportLine, now: datetime) -> None:
    form = PutPerson.model_validate_json(line.content)
    form.notify = False
    put_person(line.item, form, now=now)


def _put_connection(line: ImportLine, now: datetime) -> None:
    put_connection.act(Caller("", (), now), PutConnection.model_validate_json(line.content))


def _put_subject(line: ImportLine, now: datetime) -> None:
    form = PutSubjectOfHost.model_validate_json(line.content)
    form.silent = True
    put_subject.act(Caller("", (), now), line.source, line.item, form)


STEPS: dict[str, tuple[str, Callable[[ImportLine, datetime], None]]] = {
    "users": (USER, _put_user),
    "connections": (CONNECTION, _put_connection),
    "subjects": (SUBJECT, _put_subject),
}


def put_slice(job: Job, now: datetime) -> None:
    """Put some lines of the present step."""
    row = present(job)
    kind, put = STEPS[row.step]
    lines = lines_of(row.id, kind, after=int(row.place or 0), limit=BATCH)
    try:
        with slice_of(job, now) as row:
            for line in lines:
                put(line, now)
            if lines:
                row.place, row.worked = str(lines[-1].no), row.worked + len(lines)
            if len(lines) < BATCH:
                end_step(row, now)
    except (WellchatError, IntegrityError, TryAgain):
        _put_each(job, lines, put, now)


def _put_each(
    job: Job, lines: Sequence[ImportLine], put: Callable[[ImportLine, datetime], None], now: datetime
) -> None:
    """Put lines one by one: one of them is refused."""
    for line in lines:
        if (refusal := _refusal(job, line, put, now)) is not None:
            with slice_of(job, now) as row:
                row.place, row.worked, row.refused = str(line.no), row.worked + 1, row.refused + 1
                put_notes([note_of(row.id, row.step, REFUSED, line.no, refusal)])


def _refusal(
    job: Job, line: ImportLine, put: Callable[[ImportLine, datetime], None], now: datetime
) -> str | None:
    for _ in range(TRIES):
        # Somebody may have taken the same address or id at the same moment.
        with suppress(IntegrityError, TryAgain):
            try:
                with slice_of(job, now) as row:
                    put(line, now)
                    row.place, row.worked = str(line.no), row.worked + 1
            except WellchatError as error:
                return error.line
            return None
    return "others change the same; import it again"


def lines_of(import_id: str, kind: str, *, after: int, limit: int) -> Sequence[ImportLine]:
    """Return lines of a kind other than messages, in the order of the file."""
    query = select(ImportLine).where(
        ImportLine.import_id == import_id,
        # the condition of the partial index
        ImportLine.kind != "message",
        ImportLine.kind == kind,
        ImportLine.no > after,
    )
    return db.session.execute(query.order_by(ImportLine.no).limit(limit)).scalars().all()
