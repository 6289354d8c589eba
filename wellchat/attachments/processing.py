"""Process files in the worker: scan them, make thumbnails, delete withdrawn files, collect orphans.

The row is the job. A claim moves its due time ahead by LEASE, so a crash only delays the work.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, select

from wellchat import claims
from wellchat.attachments import pictures, scanner
from wellchat.attachments.actions import forget_unsent
from wellchat.attachments.holding import deleting
from wellchat.attachments.hooks import scanned_in_transaction, stored_by_others, thumbnail_made_in_transaction
from wellchat.attachments.models import FRESH, GONE, READY, REFUSED, SCANNING, WITHDRAWN, Attachment
from wellchat.attachments.storage import Missing, attachment_id_of, get_store, key_of, thumbnail_key
from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.config import setting
from wellchat.db import db, transaction

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RETRIES = claims.Retries(timedelta(seconds=10), timedelta(hours=1))
SCAN_RETRIES = claims.Retries(timedelta(seconds=5), timedelta(minutes=5))
WORK = (SCANNING, FRESH, WITHDRAWN, REFUSED)  # states in which the worker has something to do
MAX_ATTEMPTS = 8  # per file
BATCH = 100  # files per sweep
COLLECT_EVERY = timedelta(days=1)  # for scanning the whole store
ORPHAN_AFTER = timedelta(days=1)  # a younger object may still be waiting for its row


class _StateChanged(Exception):
    """The file was sent or withdrawn while it was scanned, or its thumbnail made."""


def process(*, attachment_id: str, now: datetime) -> str | None:
    """Do the work that one file waits for.

    Returns its state afterwards; None if there is nothing to do or another worker has it.
    """
    columns = (Attachment.state, Attachment.attempts)
    # Committed at once: the work takes seconds, and holds no lock.
    with transaction():
        found = claims.claim(Attachment, attachment_id, now=now, lease=LEASE, states=WORK, returning=columns)
    if found is None:
        return None
    state, attempts = found
    try:
        if state == SCANNING:
            state = _scan(attachment_id, now)
        # Straight on: what the scanner let pass need not wait for the sweep.
        if state == FRESH:
            return _make_thumbnail(attachment_id)
        if state == WITHDRAWN:
            return _delete_bytes(attachment_id)
        if state == REFUSED:
            return _delete_refused(attachment_id)
        return str(state)
    except Exception as error:
        log.warning("file %s, attempt %d: %s", attachment_id, attempts, error)
        _postpone(attachment_id, now, attempts)
        return str(state)


def _scan(attachment_id: str, now: datetime) -> str:
    """Ask the scanner. Return the new state. Raises ScannerAway, and the file stays as it is."""
    # An installation that has given up its scanner does not keep what waited for it.
    name = setting("SCANNER")
    found = scanner.scan(name, get_store().read(key_of(attachment_id))) if name else None
    # It may be sent or withdrawn meanwhile; then read it again.
    for _ in range(3):
        row = db.session.get(Attachment, attachment_id, populate_existing=True)
        if row is None or row.state != SCANNING:
            break
        try:
            return _publish_scan(row, found, now)
        except _StateChanged:
            continue
    return row.state if row else GONE


def _publish_scan(row: Attachment, found: str | None, now: datetime) -> str:
    """Write down what the scanner said. Lock order as in _publish_thumbnail."""
    thread_id, seq, file_id, owner_id = row.thread_id, row.message_seq, row.id, row.owner_id
    state = REFUSED if found else FRESH if row.is_picture else READY
    with transaction():
        if thread_id is not None and seq is not None:
            scanned_in_transaction(thread_id, seq, file_id, found is None)
        due_at = None if state == READY else now
        # Only if it was not sent meanwhile: its message would not learn of the result.
        settled = claims.settle(
            *(Attachment, file_id),
            state=state,
            claimed={"thread_id": thread_id},
            states=(SCANNING,),
            due_at=due_at,
            attempts=0,
        )
        if settled is None:
            raise _StateChanged
        if found:
            what = {"about": ("file", file_id), "person_id": owner_id, "detail": {"finding": found}}
            record("file.scanned_bad", now=now, actor_kind=SYSTEM, **what)  # type: ignore[arg-type]
    return state


def _delete_refused(attachment_id: str) -> str:
    with deleting() as store:
        store.delete(key_of(attachment_id))
        with transaction():
            claims.postpone(Attachment, attachment_id, until=None, states=(REFUSED,))
    return REFUSED


def _make_thumbnail(attachment_id: str) -> str:
    store = get_store()
    try:
        content = b"".join(store.read(key_of(attachment_id)))
    except Missing:
        raise RuntimeError("its bytes are not in the store") from None
    # Bytes before the row, as for the file itself: a row must not promise what is missing.
    store.put(thumbnail_key(attachment_id), pictures.thumbnail(content))
    # It may be sent or withdrawn meanwhile; then read it again.
    for _ in range(3):
        row = db.session.get(Attachment, attachment_id, populate_existing=True)
        if row is None or row.state != FRESH:
            break
        try:
            _publish_thumbnail(row)
            return READY
        except _StateChanged:
            continue
    if row is None or row.state in (WITHDRAWN, GONE):
        with deleting():
            store.delete(thumbnail_key(attachment_id))
    return row.state if row else GONE


def _publish_thumbnail(row: Attachment) -> None:
    """Mark the thumbnail as made.

    Lock order: the message before the file, as in every transaction with both.
    """
    thread_id, seq, file_id = row.thread_id, row.message_seq, row.id
    with transaction():
        if thread_id is not None and seq is not None:
            thumbnail_made_in_transaction(thread_id, seq, file_id)
        as_seen = {"thread_id": thread_id}
        if claims.settle(Attachment, file_id, state=READY, claimed=as_seen, states=(FRESH,)) is None:
            raise _StateChanged


def _delete_bytes(attachment_id: str) -> str:
    # The bytes first: after a crash the row is still there and says what to delete.
    with deleting() as store:
        for key in (key_of(attachment_id), thumbnail_key(attachment_id)):
            store.delete(key)
        with transaction() as session:
            of_it = (Attachment.id == attachment_id, Attachment.state == WITHDRAWN)
            # Of a file that was never sent nothing stays; of a sent one the row does, without its bytes.
            session.execute(delete(Attachment).where(*of_it, Attachment.thread_id.is_(None)))
            claims.settle(Attachment, attachment_id, state=GONE, claimed={}, states=(WITHDRAWN,))
    return GONE


def _postpone(attachment_id: str, now: datetime, attempts: int) -> None:
    """Retry later, with growing pauses. A thumbnail is given up after MAX_ATTEMPTS, all else never."""
    again = now + RETRIES.pause(attempts)
    with transaction():
        claims.postpone(Attachment, attachment_id, until=again, states=(WITHDRAWN, REFUSED))
        claims.postpone(
            Attachment, attachment_id, until=now + SCAN_RETRIES.pause(attempts), states=(SCANNING,)
        )
        thumbnail_at = again if attempts < MAX_ATTEMPTS else None
        claims.postpone(Attachment, attachment_id, until=thumbnail_at, states=(FRESH,))


def process_all(*, attachment_ids: Iterable[str], now: datetime) -> list[str]:
    """Process each file on its own. Return the new states of those that were due."""
    return [state for each in attachment_ids if (state := process(attachment_id=each, now=now))]


def sweep(now: datetime) -> dict[str, int]:
    """Process due files whose task message was lost. Return counts: `thumbnails_made`, `files_removed`."""
    due = select(Attachment.id).where(Attachment.due_at <= now).order_by(Attachment.due_at).limit(BATCH)
    states = process_all(attachment_ids=list(db.session.execute(due).scalars()), now=now)
    return {"thumbnails_made": states.count(READY), "files_removed": states.count(GONE)}


def tidy(now: datetime) -> dict[str, int]:
    """Clean up once a day. Return counts: `files_never_sent`, `files_collected`."""
    return {"files_never_sent": forget_unsent(now), "files_collected": collect_daily(now)}


def collect_daily(now: datetime) -> int:
    """Run `collect` once a day on this host, because it lists the whole store.

    Return how many were deleted.
    """
    note = Path(setting("INSTANCE")) / "files-collected"
    last = _last_run(note)
    # A note from the future was written by a clock that was wrong, and counts for nothing.
    if last and timedelta() <= now - last < COLLECT_EVERY:
        return 0
    # Before: it may take longer than the interval of cron.
    note.write_text(now.isoformat())
    try:
        return collect(now)
    except Exception:
        log.exception("files that belong to nobody could not be collected")
        note.unlink(missing_ok=True)
        return 0


def _last_run(note: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(note.read_text())
    except (OSError, ValueError):
        return None


def collect(now: datetime) -> int:
    """Delete objects without a row, left by a crash or a restored database. Return how many."""
    store, gone = get_store(), 0
    old = (key for key, since in store.keys() if since < now - ORPHAN_AFTER)  # noqa: SIM118 - a store is no dict
    # In batches: a bucket may hold millions of keys.
    while keys := list(islice(old, 500)):
        known = owned_among({attachment_id_of(key) for key in keys})
        # Only keys older than ORPHAN_AFTER come this far, so an upload in progress is safe.
        orphans = [key for key in keys if attachment_id_of(key) not in known]
        if orphans:
            with deleting():
                for key in orphans:
                    store.delete(key)
        gone += len(orphans)
    return gone


def owned_among(ids: Collection[str]) -> set[str]:
    """Return those of these ids of stored objects that have a row, here or in another feature."""
    query = select(Attachment.id).where(Attachment.id.in_(ids), Attachment.state != GONE)
    return set(db.session.execute(query).scalars()).union(*stored_by_others(ids))
