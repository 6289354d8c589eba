"""Bring over the files of messages, through the checks of uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, select

from wellchat.attachments.actions import claim, inspect_file, max_bytes, store_file
from wellchat.attachments.holding import deleting
from wellchat.attachments.serializers import File
from wellchat.attachments.storage import Missing, get_store, key_of
from wellchat.db import db, new_id, release_connection, transaction
from wellchat.errors import Conflict, Invalid, TooLarge
from wellchat.i18n import gettext
from wellchat.imports.judging import Judged
from wellchat.imports.models import CHECKED, COLLECTING, ImportFile
from wellchat.imports.refusing import Refused
from wellchat.imports.slices import Job
from wellchat.imports.staging import find


class Prepared(NamedTuple):
    """A file of a message: stored under `attachment_id`, or not taken for a reason."""

    name: str
    digest: str  # SHA-256 of what came; empty where nothing did
    attachment_id: str | None
    why: str = ""


def receive(*, import_id: str, path: str, content: bytes, dry_run: bool = False) -> None:
    """Keep a file for an import; again replaces it. It is checked when its message is made.

    Raises NotFound, Conflict once the import runs, and TooLarge.
    """
    _check_open(import_id)
    if len(content) > max_bytes():
        raise TooLarge(gettext("A file can be at most %(num)s MB.", num=max_bytes() // 1024 // 1024))
    if dry_run:
        return
    stored_as = new_id()
    release_connection()
    # Outside the transaction: a slow bucket must not hold a lock. What a crash leaves is collected.
    get_store().put(key_of(stored_as), content)
    with transaction() as session:
        _check_open(import_id)
        before = session.get(ImportFile, (import_id, path), with_for_update=True)
        if before is None:
            session.add(ImportFile(import_id=import_id, path=path, stored_as=stored_as, size=len(content)))
        else:
            before.stored_as, before.size = stored_as, len(content)


def _check_open(import_id: str) -> None:
    if find(import_id).state not in (COLLECTING, CHECKED):
        raise Conflict(gettext("This import takes no more lines. Make another one."))


def there(job: Job, paths: Iterable[str]) -> set[str]:
    """Return those of these files that have come."""
    wanted = set(paths)
    if not wanted:
        return set()
    if job.folder is not None:
        return {path for path in wanted if _inside(job.folder, path).is_file()}
    query = select(ImportFile.path).where(ImportFile.import_id == job.id, ImportFile.path.in_(wanted))
    return set(db.session.execute(query).scalars())


def prepare(job: Job, messages: Iterable[Judged], now: datetime) -> None:
    """Store the files of new messages, unsent. What a crash leaves unsent is forgotten after a day."""
    for message in messages:
        for path, name in message.content["files"]:
            message.files.append(_prepare(job, path, name, message.sender_id, now))


def _prepare(job: Job, path: str, name: str, owner_id: str, now: datetime) -> Prepared:
    content = _read(job, path)
    if content is None:
        return Prepared(name, "", None, "there is no such file")
    digest = hashlib.sha256(content).hexdigest()
    release_connection()
    try:
        if not content:
            raise Invalid({"file": gettext("This file is empty.")})
        if len(content) > max_bytes():
            raise TooLarge(gettext("A file can be at most %(num)s MB.", num=max_bytes() // 1024 // 1024))
        kept = inspect_file(name=name, content=content)
    except (Invalid, TooLarge) as error:
        return Prepared(name, digest, None, error.detail)
    return Prepared(kept.name, digest, store_file(owner_id=owner_id, file=kept, now=now).id)


def _read(job: Job, path: str) -> bytes | None:
    if job.folder is not None:
        with suppress(OSError):
            return _inside(job.folder, path).read_bytes()
        return None
    found = db.session.get(ImportFile, (job.id, path))
    with suppress(Missing):
        return b"".join(get_store().read(key_of(found.stored_as))) if found else None
    return None


def _inside(folder: Path, path: str) -> Path:
    whole = (folder / path).resolve()
    # A link may lead out of the folder.
    if not whole.is_relative_to(folder.resolve()):
        raise Refused("the `path` of a file leads out of its folder")
    return whole


def attach(message: Judged, seq: int) -> list[File] | None:
    """Attach the stored files to a message, in the transaction that makes it. None: there are none."""
    ids = [each.attachment_id for each in message.files if each.attachment_id]
    if not ids:
        return None
    two = {message.thread.client_id, message.thread.professional_id}
    (reader_id,) = two - {message.sender_id}
    return claim(
        owner_id=message.sender_id, reader_id=reader_id, thread_id=message.thread.id, seq=seq, ids=ids
    )


def sentence(name: str) -> str:
    """Return what stands in a message in place of a file that was not taken."""
    return gettext("This file could not be brought over: %(name)s", name=name)


def stored_here(ids: Iterable[str]) -> list[str]:
    """Return those of these objects of the store that wait for an import."""
    query = select(ImportFile.stored_as).where(ImportFile.stored_as.in_(list(ids)))
    return list(db.session.execute(query).scalars())


def forget(import_id: str, limit: int) -> bool:
    """Delete some files that came for an import, in the caller's transaction. Return whether any was left."""
    query = (
        select(ImportFile.path, ImportFile.stored_as).where(ImportFile.import_id == import_id).limit(limit)
    )
    found = db.session.execute(query).all()
    if found:
        with deleting() as store:
            for _, stored_as in found:
                store.delete(key_of(stored_as))
    paths = [path for path, _ in found]
    gone = delete(ImportFile).where(ImportFile.import_id == import_id, ImportFile.path.in_(paths))
    db.session.execute(gone.execution_options(synchronize_session=False))
    return bool(found)
