"""Upload, send and take back files. The worker's part is in processing.py."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select, update

from wellchat.accounts.models import User
from wellchat.attachments import file_types, pictures
from wellchat.attachments.metadata import without_metadata
from wellchat.attachments.models import FRESH, READY, REFUSED, SCANNING, SHOWN, WITHDRAWN, Attachment
from wellchat.attachments.names import extension_of
from wellchat.attachments.recordings import checked_peaks, duration_of
from wellchat.attachments.serializers import File, as_file
from wellchat.attachments.storage import get_store, key_of
from wellchat.audit.actions import record_refusal
from wellchat.config import setting
from wellchat.db import current_transaction, db, new_id, release_connection, transaction
from wellchat.errors import Busy, Conflict, Invalid, NotFound, TooLarge
from wellchat.i18n import gettext
from wellchat.task_queue import enqueue

log = logging.getLogger(__name__)

MAX_FILES = 10  # per message
MAX_UNSENT = 40  # unsent files per person
UNSENT_RETENTION = timedelta(days=1)


def max_bytes() -> int:
    """Return the largest size of a file, in bytes."""
    return int(setting("MAX_UPLOAD")) * 1024 * 1024


def accept_upload(
    *, owner: User, name: str, content: bytes, now: datetime, peaks: str | None = None
) -> Attachment:
    """Store an uploaded file for its owner to send. Raises Invalid if its type is refused, and TooLarge.

    `peaks` say how loud the parts of a recording are (recordings.checked_peaks); of other files they count
    for nothing.

    Raises RuntimeError inside a transaction: checking a picture is slow, and the bytes must be stored before
    the row that says so is committed.
    """
    if current_transaction() is not None:
        raise RuntimeError("accept_upload inside transaction()")
    owner_id = owner.id
    peaks = checked_peaks(peaks)
    if not content:
        raise Invalid({"file": gettext("This file is empty.")})
    if len(content) > max_bytes():
        raise TooLarge(gettext("A file can be at most %(num)s MB.", num=setting("MAX_UPLOAD")))
    # A limit, not a promise: two uploads at once may exceed it by one, which harms nobody.
    _check_unsent_limit(owner_id)
    # The checks of a picture take seconds, and no statement is needed meanwhile.
    release_connection()
    try:
        file = inspect_file(name=name, content=content)
    except Invalid:
        what = {"ending": extension_of(name)[:8], "bytes": len(content)}
        record_refusal("file.refused", now=now, actor_id=owner_id, person_id=owner_id, detail=what)
        raise
    return store_file(
        owner_id=owner_id, file=file._replace(peaks=peaks if file.is_recording else None), now=now
    )


class InspectedFile(NamedTuple):
    """A file as it will be stored: pictures are re-encoded, others are unchanged but for their metadata."""

    name: str
    media_type: str
    content: bytes
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    peaks: str | None = None

    @property
    def is_recording(self) -> bool:
        """Return whether one can listen to it."""
        return self.media_type.startswith("audio/")


def inspect_file(*, name: str, content: bytes) -> InspectedFile:
    """Return the file with its detected type. Raises Invalid if the type is refused."""
    if pictures.looks_like_picture(content):
        picture = pictures.rewrite(content, name)
        return InspectedFile(picture.name, picture.media_type, picture.content, picture.width, picture.height)
    kind, name = file_types.detect_type(content, name)
    plain = without_metadata(content, kind.media_type)
    if not plain:
        raise Invalid({"file": gettext("This file is empty.")})
    return InspectedFile(name, kind.media_type, plain, duration_ms=duration_of(plain, kind.media_type))


def store_file(*, owner_id: str, file: InspectedFile, now: datetime) -> Attachment:
    """Store the bytes first, then the row: a row always has its bytes. Raises Busy."""
    # The scanner comes first; then a picture waits for its thumbnail.
    state = SCANNING if setting("SCANNER") else FRESH if file.width is not None else READY
    taken = Attachment(
        id=new_id(),
        owner_id=owner_id,
        created_at=now,
        position=0,
        attempts=0,
        name=file.name,
        media_type=file.media_type,
        width=file.width,
        height=file.height,
        duration_ms=file.duration_ms,
        peaks=file.peaks,
        size=len(file.content),
        digest=hashlib.sha256(file.content).hexdigest(),
        state=state,
        due_at=None if state == READY else now,
    )
    # Outside the transaction: a slow bucket must not hold a database lock.
    _write(key_of(taken.id), file.content)
    with transaction() as session:
        session.add(taken)
        if taken.state != READY:
            enqueue("attachments.work", attachment_id=taken.id)
    return taken


def _write(key: str, content: bytes) -> None:
    """Write to the store. Raises Busy if it refuses: a full disk, a bucket that does not answer."""
    try:
        get_store().put(key, content)
    except Exception as error:
        log.warning("the store of files does not take anything: %s", error)
        raise Busy(
            gettext("Files cannot be saved right now. Nothing was lost. Try again in a moment.")
        ) from None


def _check_unsent_limit(owner_id: str) -> None:
    unsent = select(func.count()).where(
        Attachment.owner_id == owner_id, Attachment.thread_id.is_(None), Attachment.state.in_(SHOWN)
    )
    if db.session.execute(unsent).scalar_one() >= MAX_UNSENT:
        raise Invalid(
            {
                "file": gettext(
                    "You have %(num)s files that were not sent. Send or remove some of them first.",
                    num=MAX_UNSENT,
                )
            }
        )


def claim(*, owner_id: str, reader_id: str, thread_id: str, seq: int, ids: Sequence[str]) -> list[File]:
    """Attach these files to a message, in this order, in the transaction that sends it. Raises Invalid."""
    if len(ids) > MAX_FILES:
        raise Invalid({"attachments": gettext("A message can have at most %(num)s files.", num=MAX_FILES)})
    with transaction() as session:
        # One UPDATE checks and takes: of two messages with the same file at the same time, one gets it.
        claimed = session.execute(
            update(Attachment)
            .where(Attachment.id.in_(ids), Attachment.owner_id == owner_id)
            # The condition is the lock: a file that was sent meanwhile no longer matches.
            .where(Attachment.thread_id.is_(None), Attachment.state.in_(SHOWN))
            .values(
                reader_id=reader_id,
                thread_id=thread_id,
                message_seq=seq,
                position=case({each: index for index, each in enumerate(ids)}, value=Attachment.id),
            )
            .returning(Attachment)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).scalars()
        found = sorted(claimed, key=lambda each: each.position)
        # All or none: the error rolls back those that were taken.
        if len(found) != len(ids):
            _explain_refused(owner_id, ids)
            raise Invalid(
                {"attachments": gettext("This file was not found, or it was sent already. Add it again.")}
            )
    return [as_file(each) for each in found]


def _explain_refused(owner_id: str, ids: Sequence[str]) -> None:
    """Raise Invalid if one of these files was refused by the scanner."""
    refused = select(Attachment.name).where(
        Attachment.id.in_(ids), Attachment.owner_id == owner_id, Attachment.state == REFUSED
    )
    if name := db.session.execute(refused).scalars().first():
        raise Invalid(
            {"attachments": gettext("“%(name)s” was not sent: the virus scanner refused it.", name=name)}
        )


def withdraw(*, thread_id: str, seq: int, now: datetime) -> None:
    """Hide the files of a deleted message at once; the worker deletes their bytes."""
    _withdraw(Attachment.thread_id == thread_id, Attachment.message_seq == seq, now=now)


def discard(*, owner: User, attachment_id: str, now: datetime) -> None:
    """Discard an unsent file of the owner. Raises NotFound, and Conflict if it was sent."""
    with transaction():
        if _withdraw(
            Attachment.id == attachment_id,
            Attachment.owner_id == owner.id,
            Attachment.thread_id.is_(None),
            now=now,
        ):
            return
        # Nothing was withdrawn: find out which error is the right one.
        found = db.session.get(Attachment, attachment_id)
        if found is None or found.owner_id != owner.id or not found.is_for(owner.id):
            raise NotFound
        raise Conflict(gettext("This file was already sent. Delete its message instead."))


def forget_unsent(now: datetime) -> int:
    """Withdraw files that nobody sent within UNSENT_RETENTION. Return how many."""
    old = (Attachment.thread_id.is_(None), Attachment.created_at < now - UNSENT_RETENTION)
    return _withdraw(*old, now=now, states=(*SHOWN, REFUSED))


def _withdraw(*which: object, now: datetime, states: Sequence[str] = SHOWN) -> int:
    with transaction() as session:
        gone = session.execute(
            update(Attachment)
            .where(*which, Attachment.state.in_(states))  # type: ignore[arg-type]
            # Hidden with this commit. A store that is away delays only the end of the bytes.
            .values(state=WITHDRAWN, due_at=now, attempts=0)
            .returning(Attachment.id)
            .execution_options(synchronize_session=False)
        )
        ids = list(gone.scalars())
        for each in ids:
            enqueue("attachments.work", attachment_id=each)
    return len(ids)
