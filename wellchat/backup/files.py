"""Copy the objects of the store into a backup, and put them back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select

from wellchat.attachments.models import SHOWN, Attachment
from wellchat.attachments.processing import owned_among
from wellchat.attachments.storage import attachment_id_of, get_store, key_of
from wellchat.backup.manifest import FilesIn, SumsWriter, listed
from wellchat.backup.progress import Tell
from wellchat.db import db

FOLDER = "files/"
BATCH = 500


def dump(folder: Path, sums: SumsWriter, tell: Tell) -> FilesIn:
    """Copy every object that a row of the snapshot owns. Nothing may be deleted meanwhile: see holding.hold.

    An object is never overwritten with other bytes, so it is the same as at the moment of the snapshot.
    """
    store, found = get_store(), FilesIn()
    rows = db.session.execute(select(func.count()).where(Attachment.state.in_(SHOWN))).scalar_one()
    keys = (key for key, _ in store.keys())  # noqa: SIM118 - a store is no dict
    while batch := list(islice(keys, BATCH)):
        known = owned_among({attachment_id_of(key) for key in batch})
        for key in batch:
            if attachment_id_of(key) in known:
                found.bytes += sums.write(FOLDER + key, store.read(key))
                found.count += 1
        tell("files", found.count, max(rows, found.count))
    found.missing = [each for each in _shown() if not (folder / FOLDER / key_of(each)).exists()]
    return found


def _shown() -> Iterator[str]:
    """Yield the ids of all files that somebody can open, in batches: there may be a million."""
    last = ""
    while True:
        query = select(Attachment.id).where(Attachment.state.in_(SHOWN), Attachment.id > last)
        ids = db.session.execute(query.order_by(Attachment.id).limit(BATCH)).scalars().all()
        yield from ids
        if not ids:
            return
        last = ids[-1]


def load(folder: Path, files: FilesIn, tell: Tell) -> None:
    """Put the objects of a backup into the store. Doing it again does no harm."""
    store, done = get_store(), 0
    for name, _ in listed(folder):
        if name.startswith(FOLDER):
            store.put(name.removeprefix(FOLDER), (folder / name).read_bytes())
            done += 1
            tell("files", done, files.count)


def strangers(folder: Path) -> Iterator[str]:
    """Yield the keys of the store that are not in a backup."""
    for key, _ in get_store().keys():  # noqa: SIM118 - a store is no dict
        if not (folder / FOLDER / key).exists():
            yield key
