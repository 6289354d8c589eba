"""Attach files to messages, withdraw them, and list the files of a thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.attachments import actions as attachments
from wellchat.attachments.models import REFUSED, Attachment
from wellchat.attachments.queries import files_of
from wellchat.attachments.serializers import File
from wellchat.db import db, execute
from wellchat.messaging import statements
from wellchat.messaging.models import Message, Thread
from wellchat.messaging.mutation import message_changed
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import attachment_json

PANEL_PICTURES = 9  # pictures beside a thread
PANEL_DOCUMENTS = 4


def attach_files(message: Message, *, reader_id: str, ids: Sequence[str]) -> list[File]:
    """Attach uploaded files of the sender to a message that was just inserted. Return them.

    Raises Invalid.
    """
    files = attachments.claim(
        owner_id=message.sender_id, reader_id=reader_id, thread_id=message.thread_id, seq=message.seq, ids=ids
    )
    execute(statements.PUT_FILES, {"thread": message.thread_id, "number": message.seq, "of_it": files})
    return files


def withdraw_files(message: Message, *, now: datetime) -> None:
    """Take the files away from a message that is being deleted."""
    if message.files:
        attachments.withdraw(thread_id=message.thread_id, seq=message.seq, now=now)
        message.files = None


def add_thumbnail(thread_id: str, seq: int, attachment_id: str) -> None:
    """Record that a picture of a message has a thumbnail now. Does nothing if the message was deleted."""
    session = db.session()
    # The message may be edited or deleted at this moment, so the thread is locked before its state is read.
    thread = session.get_one(Thread, thread_id, with_for_update=True, populate_existing=True)
    message = session.get(Message, (thread_id, seq), populate_existing=True)
    if message is not None and message.files:
        message.files = [
            {**file, "thumbnail": file["thumbnail"] or file["id"] == attachment_id} for file in message.files
        ]
        message_changed(thread, message)


def set_scanned(thread_id: str, seq: int, attachment_id: str, is_clean: bool) -> None:
    """Record what the scanner said about a file of a message. Does nothing if the message was deleted."""
    session = db.session()
    thread = session.get_one(Thread, thread_id, with_for_update=True, populate_existing=True)
    message = session.get(Message, (thread_id, seq), populate_existing=True)
    if message is not None and message.files:
        message.files = [
            _scanned(file, is_clean) if file["id"] == attachment_id else file for file in message.files
        ]
        message_changed(thread, message)


def _scanned(file: File, is_clean: bool) -> File:
    rest: File = {**file}
    rest.pop("state", None)
    return rest if is_clean else {**rest, "state": REFUSED, "thumbnail": False}


def sent_with_key(viewer: User, thread_id: str, client_key: str) -> list[str] | None:
    """Return the ids of the files that the viewer sent with this key; None if the key is new.

    Ask before storing uploads of a message that may be a retry.
    """
    query = select(Message.files).where(
        Message.thread_id == thread_id, Message.sender_id == viewer.id, Message.client_key == client_key
    )
    found = db.session.execute(query).one_or_none()
    return None if found is None else [file["id"] for file in found.files or ()]


def thread_files(
    viewer: User, thread_id: str, *, kind: str | None = None, before: str | None = None, limit: int = 30
) -> tuple[list[Attachment], str | None]:
    """Return (files of a thread, latest first; token of the next page or None). Raises NotFound."""
    thread_for(viewer, thread_id)
    return files_of(viewer, thread_id, kind=kind, before=before, limit=limit)


def panel_files(viewer: User, thread_id: str) -> dict[str, Any]:
    """Return the latest pictures and documents of a thread, for the panel beside it.

    Keys: pictures, documents (lists of `attachment_json`), more_pictures, more_documents (a page token or
    None).
    """
    pictures, more_pictures = files_of(viewer, thread_id, kind="picture", before=None, limit=PANEL_PICTURES)
    documents, more_documents = files_of(
        viewer, thread_id, kind="document", before=None, limit=PANEL_DOCUMENTS
    )
    return {
        "pictures": [attachment_json(row) for row in pictures],
        "more_pictures": more_pictures,
        "documents": [attachment_json(row) for row in documents],
        "more_documents": more_documents,
    }
