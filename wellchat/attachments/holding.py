"""Delete from the store, but nothing while a backup copies it.

A backup shows the database at one moment, and copies the files afterwards, which takes longer. A file that is
deleted in between would be missing in the backup, so deletions wait until it is made. The lock ends with the
process that has it: a backup that crashes holds nothing up.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from wellchat.attachments.storage import Store, get_store
from wellchat.config import setting
from wellchat.db import db, is_postgresql

KEY = 8_245_932  # of the advisory lock in PostgreSQL
TRIES, PAUSE = 150, 0.2  # a deletion takes an instant, so what holds the lock for longer is another backup


class Held(OSError):
    """A backup is being made. What is to be deleted stays until later, as when the store does not answer."""

    def __init__(self) -> None:
        super().__init__("a backup is being made, and files are deleted after it")


@contextmanager
def hold() -> Iterator[None]:
    """Let nothing be deleted from the store inside this block. Raises Held if another backup has the lock."""
    if not is_postgresql():
        with _lock_file() as lock:
            _insist(lambda: _locked(lock, fcntl.LOCK_EX))
            yield
        return
    # A connection of its own: the lock is the session's, however many transactions the backup has.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _insist(lambda: bool(connection.execute(select(func.pg_try_advisory_lock(KEY))).scalar()))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(KEY)))


@contextmanager
def deleting() -> Iterator[Store]:
    """Yield the store, to delete from it inside this block. Raises Held while a backup is made.

    On PostgreSQL the lock is held until the session's transaction ends, in which the row is settled.
    """
    if is_postgresql():
        if not db.session.execute(select(func.pg_try_advisory_xact_lock_shared(KEY))).scalar():
            raise Held
        yield get_store()
        return
    with _lock_file() as lock:
        if not _locked(lock, fcntl.LOCK_SH):
            raise Held
        yield get_store()


def _insist(attempt: Callable[[], bool]) -> None:
    for _ in range(TRIES):
        if attempt():
            return
        threading.Event().wait(PAUSE)
    raise Held


@contextmanager
def _lock_file() -> Iterator[int]:
    # SQLite serves one host, so a lock of its kernel reaches every process.
    descriptor = os.open(setting("INSTANCE") / "backup.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
