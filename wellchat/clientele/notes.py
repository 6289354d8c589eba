"""Write private notes about a client. Each function works on the viewer's own notes alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from wellchat.accounts.models import User
from wellchat.clientele.models import MAX_NOTE, MAX_NOTES, MAX_PREFERENCE, PREFERENCE, ClientNote
from wellchat.clientele.queries import client_of
from wellchat.db import db, insert, new_id, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.i18n import gettext

UNDO_FOR = timedelta(hours=1)  # for which a deleted note can be brought back


class Saved(NamedTuple):
    """A note as it is stored now. `is_copy`: somebody had changed the other one, and both are kept."""

    note: ClientNote
    is_copy: bool = False


def add_note(
    *, viewer: User, client_id: str, kind: str, body: str, client_key: str, now: datetime
) -> ClientNote:
    """Write a note about a client. The same key again returns the note that is there.

    Raises NotFound for somebody who is no client of the viewer's, Invalid, and Conflict beyond MAX_NOTES.
    """
    client_of(viewer, client_id)
    body = _tidy(kind, body)
    with transaction() as session:
        if known := _by_key(session, viewer, client_id, client_key):
            return known
        return _insert(session, viewer, client_id, kind, body, client_key, now)


def _insert(
    session: Session, viewer: User, client_id: str, kind: str, body: str, client_key: str, now: datetime
) -> ClientNote:
    # Two of the author's devices that add at once must not both be the last one: their notes wait here.
    session.execute(select(User.id).where(User.id == viewer.id).with_for_update(key_share=True))
    count = select(func.count()).where(
        ClientNote.author_id == viewer.id, ClientNote.client_id == client_id, ClientNote.deleted_at.is_(None)
    )
    if session.execute(count).scalar_one() >= MAX_NOTES:
        raise Conflict(gettext("There are %(number)s notes already. Delete one first.", number=MAX_NOTES))
    values = {"author_id": viewer.id, "client_id": client_id, "kind": kind, "body": body, "version": 1}
    session.execute(
        insert(ClientNote)
        .values(id=new_id(), client_key=client_key, created_at=now, updated_at=now, **values)
        # The key decides, however many times a device tries.
        .on_conflict_do_nothing(index_elements=[ClientNote.author_id, ClientNote.client_key])
    )
    made = _by_key(session, viewer, client_id, client_key)
    if made is None:
        raise Invalid({"client_key": gettext("Another note has this key already.")})
    return made


def _by_key(session: Session, viewer: User, client_id: str, client_key: str) -> ClientNote | None:
    return session.execute(
        select(ClientNote)
        .where(ClientNote.author_id == viewer.id, ClientNote.client_id == client_id)
        .where(ClientNote.client_key == client_key, ClientNote.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def save_note(*, viewer: User, client_id: str, note_id: str, body: str, version: int, now: datetime) -> Saved:
    """Replace the words of a note. `version` is the one that was changed.

    If the note has other words by now, both are kept: these become a note of their own. The same words again
    change nothing, so a retry is the same as once. Raises NotFound, Invalid and Conflict as `add_note`.
    """
    with transaction() as session:
        note = _locked(session, viewer, client_id, note_id)
        body = _tidy(note.kind, body)
        if note.body == body:
            return Saved(note)
        if note.version != version:
            return Saved(_copy(session, viewer, note, body, now), is_copy=True)
        note.body, note.version, note.updated_at = body, note.version + 1, now
        return Saved(note)


def _copy(session: Session, viewer: User, note: ClientNote, body: str, now: datetime) -> ClientNote:
    same = (
        select(ClientNote)
        .where(ClientNote.author_id == viewer.id, ClientNote.client_id == note.client_id)
        .where(ClientNote.kind == note.kind, ClientNote.body == body, ClientNote.deleted_at.is_(None))
        .order_by(ClientNote.id)
        .limit(1)
    )
    # What was kept beside it already, and whose answer was lost.
    if known := session.execute(same).scalar_one_or_none():
        return known
    return _insert(session, viewer, note.client_id, note.kind, body, new_id(), now)


def delete_note(*, viewer: User, client_id: str, note_id: str, now: datetime) -> None:
    """Delete a note; for UNDO_FOR it can be brought back. Twice is the same as once. Raises NotFound."""
    with transaction() as session:
        note = _locked(session, viewer, client_id, note_id, deleted=True)
        note.deleted_at = note.deleted_at or now


def restore_note(*, viewer: User, client_id: str, note_id: str) -> ClientNote:
    """Bring a deleted note back. Raises NotFound once it is gone for good."""
    with transaction() as session:
        note = _locked(session, viewer, client_id, note_id, deleted=True)
        note.deleted_at = None
        return note


def _locked(
    session: Session, viewer: User, client_id: str, note_id: str, *, deleted: bool = False
) -> ClientNote:
    query = select(ClientNote).where(ClientNote.id == note_id, ClientNote.author_id == viewer.id)
    query = query.where(ClientNote.client_id == client_id)
    if not deleted:
        query = query.where(ClientNote.deleted_at.is_(None))
    found = session.execute(query.with_for_update().execution_options(populate_existing=True))
    if (note := found.scalar_one_or_none()) is None or not viewer.is_professional:
        raise NotFound
    return note


def _tidy(kind: str, body: str) -> str:
    """Return the words without blanks around them, and with `\\n` as line ends. Raises Invalid."""
    body = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if kind == PREFERENCE:
        body = " ".join(body.split())
    most = MAX_PREFERENCE if kind == PREFERENCE else MAX_NOTE
    if not body:
        raise Invalid({"body": gettext("Write something first.")})
    if len(body) > most:
        raise Invalid({"body": gettext("At most {max_length} characters.").format(max_length=most)})
    return body


def tidy(now: datetime) -> dict[str, int]:
    """Delete for good what was deleted UNDO_FOR ago. Return {"notes_deleted": number}."""
    with transaction():
        gone = db.session.execute(
            delete(ClientNote)
            .where(ClientNote.deleted_at <= now - UNDO_FOR)
            .execution_options(synchronize_session=False)
        )
        return {"notes_deleted": int(gone.rowcount)}  # type: ignore[attr-defined]
