"""Compare a file with the conversations it became. Both are read apart: what the run counted is not believed.

Compared are, for each thread, the messages that the file has, their order, and the SHA-256 of sender, time,
text and files of each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import and_, select, tuple_

from wellchat.attachments.models import SHOWN, Attachment
from wellchat.attachments.storage import Missing, get_store, key_of
from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.identities.queries import external_ids
from wellchat.imports.models import ImportedChat, ImportedMessage
from wellchat.imports.refusing import Refused
from wellchat.imports.resolving import Key, resolve
from wellchat.imports.sorting import ChatLine, SortedFile, Told, sorted_file
from wellchat.imports.times import to_number
from wellchat.messaging.models import Message, Thread

CHATS = 200  # of one statement
NAMED = 100  # differences that are named


@dataclass
class Outcome:
    """What was found. `named` says of the first differences which message it is, and what is wrong."""

    chats: int = 0
    threads: int = 0
    in_file: int = 0
    here: int = 0
    files_in_file: int = 0
    files_here: int = 0
    refused: int = 0
    differing: int = 0
    named: list[str] = field(default_factory=list)

    def differs(self, thread_id: str, key: tuple[str, str, str], what: str) -> None:
        """Count a difference, and name it."""
        self.differing += 1
        if len(self.named) < NAMED:
            self.named.append(f"thread {thread_id}, message {'/'.join(key)}: {what}")

    @property
    def line(self) -> str:
        """Return the whole in one line."""
        return (
            f"chats {self.chats:,} → threads {self.threads:,}"
            f" · messages {self.in_file:,} = {self.here:,}"
            f" · files {self.files_in_file:,} = {self.files_here:,}"
            f" · refused {self.refused:,} · differing {self.differing:,}"
        )

    @property
    def is_same(self) -> bool:
        """Return whether everything that could be taken is here as the file has it."""
        return not self.differing and self.in_file == self.here and self.files_in_file == self.files_here


class _Here(NamedTuple):
    """A message as the database has it."""

    key: tuple[str, str, str]
    seq: int
    digest: bytes
    late: bool
    lost: int  # files that were refused
    kept: int


def verify(path: Path, *, folder: Path | None, zone: str | None, now: datetime) -> Outcome:
    """Compare. `folder` holds the files; without it only their number is compared. Raises OSError."""
    found = Outcome()
    with sorted_file(path, folder, zone, now) as told:
        for chats in told.chats(CHATS):
            _place(told, chats)
        found.chats, of_refused, missing, chats_refused = told.counts()
        found.refused = told.refused + of_refused + chats_refused
        for thread_id in told.threads():
            found.threads += 1
            _compare(found, told, thread_id, with_files=folder is not None)
        found.in_file += missing
        found.differing += missing
        if missing:
            found.named.append(f"{missing} messages of chats that were never brought in")
    return found


def _place(told: SortedFile, chats: list[ChatLine]) -> None:
    keys = [(each.source, each.chat) for each in chats]
    known = select(ImportedChat.source, ImportedChat.chat, ImportedChat.thread_id)
    found = db.session.execute(known.where(tuple_(ImportedChat.source, ImportedChat.chat).in_(keys)))
    threads: dict[Key, str] = {(source, chat): thread_id for source, chat, thread_id in found}
    rest = [each for each in chats if (each.source, each.chat) not in threads]
    refused = [(each.source, each.chat) for each in rest if each.content is None]
    described = [each for each in rest if each.content is not None]
    refused += (
        [(each.source, each.chat) for each, what in resolve(described) if isinstance(what, Refused)]
        if described
        else []
    )
    told.place(threads, refused)


def _compare(found: Outcome, told: SortedFile, thread_id: str, *, with_files: bool) -> None:
    people = _people(thread_id)
    late = {each.key: each for each in _late(thread_id)}
    here = _here(thread_id, told.chats_of(thread_id), found, with_files)
    rest: dict[tuple[str, str, str], _Here] | None = None
    for message in told.messages(thread_id):
        sender_id = people.get(message.sender)
        if sender_id is None:
            found.refused += 1
            continue
        found.in_file += 1
        found.files_in_file += len(message.files)
        if message.key in late:
            one = next(_rows(thread_id, with_files, message.key), None)
        elif rest is None:
            one = next(here, None)
            if one is None or one.key != message.key:
                # From here on each by its id: one that is missing must not make all others differ.
                rest = {each.key: each for each in ([one] if one else [])} | {each.key: each for each in here}
                one = _elsewhere(found, thread_id, message, rest)
        else:
            one = rest.pop(message.key, None)
        if one is None:
            found.differs(thread_id, message.key, "it is missing")
            continue
        found.files_in_file -= one.lost
        found.refused += one.lost
        if one.digest != _digest_told(message, sender_id, with_files):
            found.differs(thread_id, message.key, f"it is another one here (number {one.seq})")
    for left in (*(rest or {}).values(), *here):
        found.differs(thread_id, left.key, "the file does not have it")


def _elsewhere(found: Outcome, thread_id: str, message: Told, rest: dict[Any, _Here]) -> _Here | None:
    one = rest.pop(message.key, None)
    if one is not None and rest:
        found.differs(thread_id, message.key, f"it is in another place here (number {one.seq})")
    return one


def _people(thread_id: str) -> dict[str, str]:
    thread = db.session.get_one(Thread, thread_id)
    two = (thread.client_id, thread.professional_id)
    return {name: user_id for user_id, name in external_ids(two).items()} | {
        OURS + each: each for each in two
    }


def _late(thread_id: str) -> Iterator[_Here]:
    query = select(ImportedMessage).where(ImportedMessage.thread_id == thread_id, ImportedMessage.late)
    for each in db.session.execute(query).scalars():
        yield _Here((each.source, each.chat, each.source_id), each.seq, b"", True, 0, 0)


def _here(thread_id: str, chats: set[Key], found: Outcome, with_files: bool) -> Iterator[_Here]:
    """Yield the messages in the order of their numbers, without late ones; count all of them."""
    for each in _rows(thread_id, with_files):
        if each.key[:2] not in chats:
            continue
        found.here += 1
        found.files_here += each.kept
        if not each.late:
            yield each


def _rows(thread_id: str, with_files: bool, key: tuple[str, str, str] | None = None) -> Iterator[_Here]:
    same = and_(Message.thread_id == ImportedMessage.thread_id, Message.seq == ImportedMessage.seq)
    query = (
        select(
            ImportedMessage.source,
            ImportedMessage.chat,
            ImportedMessage.source_id,
            ImportedMessage.seq,
            ImportedMessage.late,
            ImportedMessage.files,
            Message.sender_id,
            Message.created_at,
            Message.body,
            Message.deleted_at,
        )
        .join(Message, same)
        .where(ImportedMessage.thread_id == thread_id)
        .order_by(ImportedMessage.seq)
    )
    if key is not None:
        one = (ImportedMessage.source, ImportedMessage.chat, ImportedMessage.source_id)
        query = query.where(*(column == part for column, part in zip(one, key, strict=True)))
    for row in db.session.execute(query, execution_options={"yield_per": 500}):
        files = row.files or []
        lost = sum(kept is None for _, kept in files)
        body = None if row.deleted_at is not None else _without_lines(row.body or "", lost)
        # In words, what the file has is the digest before; here it must be the bytes that are stored.
        digests = [digest if kept is None or _is_whole(kept) else "damaged" for digest, kept in files]
        text = None if body is None else hashlib.sha256(body.encode()).digest()
        yield _Here(
            (row.source, row.chat, row.source_id),
            row.seq,
            _digest(row.sender_id, to_number(row.created_at), text, digests, with_files),
            row.late,
            lost,
            len(files) - lost,
        )


def _without_lines(body: str, lost: int) -> str:
    """Return a text without the lines that say which files were refused."""
    return "\n".join(body.split("\n")[:-lost]) if lost else body


def _is_whole(attachment_id: str) -> bool:
    """Return whether a file is there, with the bytes that were stored."""
    row = db.session.get(Attachment, attachment_id, populate_existing=True)
    if row is None or row.state not in SHOWN:
        return False
    try:
        content = hashlib.sha256()
        for chunk in get_store().read(key_of(attachment_id)):
            content.update(chunk)
    except Missing:
        return False
    return content.hexdigest() == row.digest


def _digest_told(message: Told, sender_id: str, with_files: bool) -> bytes:
    return _digest(sender_id, message.at, message.body, message.files, with_files)


def _digest(sender_id: str, at: int, body: bytes | None, files: list[Any], with_files: bool) -> bytes:
    """Return the SHA-256 of what is compared; without the files, of their number alone."""
    parts: list[str] = [sender_id, str(at), body.hex() if body is not None else "deleted"]
    parts += [str(each) for each in files] if with_files else [str(len(files))]
    return hashlib.sha256("\0".join(parts).encode()).digest()
