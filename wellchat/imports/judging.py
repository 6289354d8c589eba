"""Decide about messages of a file: new, the same as before, changed since, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import and_, select, tuple_

from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.identities.queries import external_ids
from wellchat.imports.lines import content_of, digest_of
from wellchat.imports.models import Import, ImportedChat, ImportedMessage, ImportLine, ImportThread
from wellchat.imports.order import Part
from wellchat.imports.times import to_number
from wellchat.messaging.models import Message, Thread

LIVE = "people write in this conversation already: import it with `append`, or open it later"
CHANGED_LIVE = "it was changed in the file, and the conversation is open: it stays as it is"


class ThreadFacts(NamedTuple):
    """What a message needs to know of its thread."""

    id: str
    client_id: str
    professional_id: str
    people: dict[str, str]  # the platform's id, or ours -> our id
    live: bool
    held: bool
    base_at: int


@dataclass
class Judged:
    """A message of the file with everything that is known of it."""

    line: Any
    thread: ThreadFacts
    subject_id: str | None
    content: dict[str, Any]
    digest: str
    sender_id: str
    files: list[Any] = field(default_factory=list)
    seq: int = 0  # of one that is here already, or will be

    @property
    def key(self) -> tuple[str, str, str]:
        """Return by what the message is known."""
        return (self.line.source, self.line.chat, self.line.item)


@dataclass
class Verdicts:
    """The messages of one slice, in their order."""

    new: list[Judged] = field(default_factory=list)
    changed: list[Judged] = field(default_factory=list)
    same: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)  # number of the line, why
    threads: dict[str, ThreadFacts] = field(default_factory=dict)
    digests: dict[tuple[str, str, str], str] = field(default_factory=dict)  # of the new ones


_COLUMNS = ("no", "source", "chat", "item", "sender", "at", "content")


def judge(row: Import, parts: Sequence[Part]) -> Verdicts:
    """Return what becomes of these lines. It only reads, in a number of statements that does not grow."""
    lines = _lines(row, [no for part in parts for no in part.lines])
    found = Verdicts(threads=_threads(row, [part.thread_id for part in parts]))
    for part in parts:
        # Those about somebody who was erased since the queue was read are gone.
        for no in filter(lines.__contains__, part.lines):
            _judge_one(row, lines[no], found.threads[part.thread_id], found)
    _check_changed(found)
    return found


def _lines(row: Import, numbers: Sequence[int]) -> dict[int, Any]:
    mine = and_(ImportedChat.source == ImportLine.source, ImportedChat.chat == ImportLine.chat)
    here = and_(
        ImportedMessage.source == ImportLine.source,
        ImportedMessage.chat == ImportLine.chat,
        ImportedMessage.source_id == ImportLine.item,
    )
    query = (
        select(
            *(getattr(ImportLine, name) for name in _COLUMNS),
            ImportedChat.subject_id,
            ImportedMessage.digest.label("known"),
            ImportedMessage.import_id.label("known_from"),
            ImportedMessage.seq.label("known_seq"),
            ImportedMessage.files.label("known_files"),
        )
        .join(ImportedChat, mine)
        .outerjoin(ImportedMessage, here)
        .where(ImportLine.import_id == row.id, ImportLine.no.in_(numbers))
    )
    return {line.no: line for line in db.session.execute(query)}


def _threads(row: Import, thread_ids: Sequence[str]) -> dict[str, ThreadFacts]:
    noted = and_(ImportThread.thread_id == Thread.id, ImportThread.import_id == row.id)
    query = select(
        Thread.id,
        Thread.client_id,
        Thread.professional_id,
        ImportThread.live,
        ImportThread.held,
        ImportThread.base_at,
    ).join(ImportThread, noted)
    rows = db.session.execute(query.where(Thread.id.in_(thread_ids))).all()
    names = external_ids({user_id for each in rows for user_id in (each.client_id, each.professional_id)})
    found = {}
    for thread_id, client_id, professional_id, live, held, base_at in rows:
        people = {OURS + each: each for each in (client_id, professional_id)}
        people |= {names[each]: each for each in (client_id, professional_id) if each in names}
        found[thread_id] = ThreadFacts(thread_id, client_id, professional_id, people, live, held, base_at)
    return found


def _judge_one(row: Import, line: Any, thread: ThreadFacts, found: Verdicts) -> None:
    sender_id = thread.people.get(line.sender)
    if sender_id is None:
        found.refused.append((line.no, f"{line.sender} is not one of the two people of this chat"))
        return
    digest, key = digest_of(line), (line.source, line.chat, line.item)
    if digest in (line.known, found.digests.get(key)):
        found.same += 1
        return
    judged = Judged(line, thread, line.subject_id, content_of(line), digest, sender_id)
    if key in found.digests or line.known_from == row.id:
        found.refused.append((line.no, f"the id {line.item} came twice in this file"))
    elif line.known is not None:
        if not thread.held:
            found.refused.append((line.no, CHANGED_LIVE))
        else:
            judged.seq = line.known_seq
            found.changed.append(judged)
    elif thread.live and not row.append:
        found.refused.append((line.no, LIVE))
    else:
        found.new.append(judged)
        found.digests[key] = digest


def _check_changed(found: Verdicts) -> None:
    """Refuse a message that has another sender or time than before: it is another message."""
    if not found.changed:
        return
    keys = [(each.thread.id, each.seq) for each in found.changed]
    query = select(Message.thread_id, Message.seq, Message.sender_id, Message.created_at)
    there = {
        (thread_id, seq): (sender_id, to_number(at))
        for thread_id, seq, sender_id, at in db.session.execute(
            query.where(tuple_(Message.thread_id, Message.seq).in_(keys))
        )
    }
    kept = []
    for each in found.changed:
        if there[each.thread.id, each.seq] != (each.sender_id, each.line.at):
            found.refused.append((each.line.no, "it had another sender or time before"))
        elif not each.content["deleted"] and len(each.content["files"]) != len(each.line.known_files or ()):
            found.refused.append((each.line.no, "it had other files before"))
        else:
            kept.append(each)
    found.changed = kept
