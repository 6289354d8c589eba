"""Check every promise of an installation, at one moment, without writing anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select

from wellchat.attachments.models import SHOWN, Attachment
from wellchat.attachments.processing import owned_among
from wellchat.attachments.storage import Missing, attachment_id_of, get_store, key_of
from wellchat.audit import verifying as audit_chain
from wellchat.backup.errors import BackupError
from wellchat.backup.progress import Tell, silent
from wellchat.backup.promises import PROMISES, Promise, Range
from wellchat.db import db, is_postgresql, release_connection, snapshot
from wellchat.events.models import HostEvent, HostEventState

BATCH = 500
MOST = 20  # findings of one kind that are named; all are counted


@dataclass
class Checked:
    """One promise: how many things were looked at, and what breaks it: a count, and the first of them."""

    name: str
    looked_at: int = 0
    broken: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, findings: Iterable[str]) -> None:
        """Take down what breaks the promise."""
        for finding in findings:
            self.broken += 1
            if len(self.findings) < MOST:
                self.findings.append(finding)


@dataclass
class Report:
    """The result of a check. `orphans`: stored bytes without a row; they harm nobody, and are collected."""

    checks: list[Checked] = field(default_factory=list)
    orphans: int = 0
    orphan_keys: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Return whether every promise holds."""
        return not any(check.broken for check in self.checks)


def verify(*, now: datetime, with_files: bool = True, tell: Tell = silent) -> Report:
    """Check the database and the store of this application. Raises BackupError where the schema is older."""
    _check_schema()
    snapshot()
    try:
        report = Report([*_whole()])
        for promise in PROMISES:
            report.checks.append(_keep(promise, tell))
        report.checks += [_events(), _security_log()]
        if with_files:
            report.checks.append(_files(tell))
            _find_orphans(report, now, tell)
        return report
    finally:
        release_connection()


def _check_schema() -> None:
    with db.engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    if at != head:
        raise BackupError(f"The schema is {at or 'not there'} and has to be {head}: wellchat db upgrade")


def _whole() -> Iterator[Checked]:
    """Check what PostgreSQL does by itself: that the file is whole, and that every key leads to a row."""
    if is_postgresql():
        return
    connection = db.session.connection()
    pages = Checked("database", 1)
    said = connection.exec_driver_sql(f"PRAGMA integrity_check({MOST})").scalars().all()
    pages.add(line for line in said if line != "ok")
    yield pages
    keys = Checked("references", 1)
    found = connection.exec_driver_sql("PRAGMA foreign_key_check")
    keys.add(f"{table}, row {row}: refers to nothing in {parent}" for table, row, parent, _ in found)
    yield keys


def _ranges(ids: Any) -> Iterator[tuple[Range, int]]:
    """Yield ranges of BATCH ids, and how many are in each."""
    last = ""
    while True:
        query = select(ids).where(ids > last).order_by(ids).limit(BATCH)
        found = db.session.execute(query).scalars().all()
        if not found:
            return
        yield Range(last, found[-1]), len(found)
        last = found[-1]


def _keep(promise: Promise, tell: Tell) -> Checked:
    of = db.session.execute(select(func.count(promise.ids))).scalar_one()
    checked = Checked(promise.name)
    for ids, many in _ranges(promise.ids):
        checked.add(f"{what} {words}" for what, words in promise.broken(ids))
        checked.looked_at += many
        tell(promise.name, checked.looked_at, of)
    return checked


def _events() -> Checked:
    """Events for the host have every number from where they were trimmed to the last."""
    checked = Checked("events")
    for seq, floor in db.session.execute(select(HostEventState.seq, HostEventState.floor_seq)):
        query = select(func.count()).where(HostEvent.seq > floor, HostEvent.seq <= seq)
        checked.looked_at = db.session.execute(query).scalar_one()
        if checked.looked_at != seq - floor:
            checked.add([f"{checked.looked_at} are there from {floor + 1} to {seq}"])
    return checked


def _security_log() -> Checked:
    verdict = audit_chain.verify()
    checked = Checked("security log", verdict.rows)
    checked.add(verdict.findings)
    return checked


def _files(tell: Tell) -> Checked:
    """Each file that somebody can open is in the store, with its size and its checksum."""
    of = db.session.execute(select(func.count()).where(Attachment.state.in_(SHOWN))).scalar_one()
    checked = Checked("files")
    columns = (Attachment.id, Attachment.size, Attachment.digest)
    for ids, _ in _ranges(Attachment.id):
        query = select(*columns).where(ids.of(Attachment.id), Attachment.state.in_(SHOWN))
        for file_id, size, digest in db.session.execute(query).all():
            checked.add(_wrong(file_id, size, digest))
            checked.looked_at += 1
        tell("files", checked.looked_at, of)
    return checked


def _wrong(file_id: str, size: int, digest: str) -> Iterator[str]:
    read, found = 0, hashlib.sha256()
    try:
        for chunk in get_store().read(key_of(file_id)):
            read += len(chunk)
            found.update(chunk)
    except Missing:
        yield f"{file_id} is not in the store"
        return
    if read != size:
        yield f"{file_id} has {read} bytes and not {size}"
    elif found.hexdigest() != digest:
        yield f"{file_id} has other bytes than were sent"


def _find_orphans(report: Report, now: datetime, tell: Tell) -> None:
    # What is younger than the snapshot may have its row since.
    keys = (key for key, since in get_store().keys() if since < now)  # noqa: SIM118 - a store is no dict
    seen = 0
    while batch := list(islice(keys, BATCH)):
        known = owned_among({attachment_id_of(key) for key in batch})
        for key in batch:
            if attachment_id_of(key) not in known:
                report.orphans += 1
                report.orphan_keys += [key] if len(report.orphan_keys) < MOST else []
        seen += len(batch)
        tell("stored objects", seen, 0)
