"""Check a file: what would be made, what is here already, what would be refused and why. Nothing is made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from wellchat.accounts.models import CLIENT, PROFESSIONAL
from wellchat.db import db
from wellchat.host.refs import OURS
from wellchat.identities.queries import external_ids
from wellchat.imports import files
from wellchat.imports.holding import held_among
from wellchat.imports.judging import LIVE
from wellchat.imports.lines import content_of
from wellchat.imports.models import (
    CHAT,
    CONNECTION,
    MESSAGE,
    NOTE,
    READ,
    REFUSED,
    SUBJECT,
    ImportedChat,
    ImportedMessage,
    ImportLine,
)
from wellchat.imports.refusing import Refused
from wellchat.imports.resolving import Key, Resolved, Side, resolve, sides, sides_in_file
from wellchat.imports.slices import Job, end_step, present, slice_of
from wellchat.imports.staging import note_of, put_notes
from wellchat.messaging.models import Thread
from wellchat.subjects.kinds import find_kind

SLICE = 1_000  # lines


class _Chats:
    """The chats that some lines belong to."""

    def __init__(self, import_id: str, keys: Collection[Key]) -> None:
        self.people: dict[Key, set[str]] = {}
        self.refused: dict[Key, str] = {}
        self.live: set[Key] = set()
        known = _earlier(keys)
        lines = _chat_lines(import_id, keys)
        resolved = []
        for line, what in resolve(lines, within=import_id):
            if isinstance(what, Resolved):
                resolved.append(what)
            else:
                self.refused[line.source, line.chat] = str(what)
        for each in resolved:
            self.people[each.key] = {each.client, each.professional} | {
                OURS + str(side.id) for side in (each.client_side, each.professional_side) if side.id
            }
        self.live = _live(resolved)
        described = {(line.source, line.chat) for line in lines}
        for key, thread in known.items():
            if key not in described:
                names = external_ids([thread.client_id, thread.professional_id])
                self.people[key] = {*names.values(), OURS + thread.client_id, OURS + thread.professional_id}
                if thread.last_seq > 0 and thread.id not in held_among([thread.id]):
                    self.live.add(key)


def _chat_lines(import_id: str, keys: Collection[Key]) -> Sequence[Any]:
    query = select(ImportLine).where(
        ImportLine.import_id == import_id,
        ImportLine.source.in_({source for source, _ in keys}),
        ImportLine.chat.in_({chat for _, chat in keys}),
        ImportLine.kind != "message",
        ImportLine.kind == CHAT,
    )
    found = db.session.execute(query.order_by(ImportLine.no)).scalars()
    first = {(each.source, each.chat): each for each in reversed(list(found))}
    return [each for key, each in first.items() if key in keys]


def _earlier(keys: Collection[Key]) -> dict[Key, Thread]:
    query = (
        select(ImportedChat.source, ImportedChat.chat, Thread)
        .join(Thread, Thread.id == ImportedChat.thread_id)
        .where(tuple_(ImportedChat.source, ImportedChat.chat).in_(list(keys)))
    )
    return {(source, chat): thread for source, chat, thread in db.session.execute(query)}


def _live(chats: Sequence[Resolved]) -> set[Key]:
    """Return those of the chats in whose threads people write already."""
    pairs = {(each.client_side.id, each.professional_side.id) for each in chats}
    here = select(Thread).where(
        tuple_(Thread.client_id, Thread.professional_id).in_(list(pairs)), Thread.last_seq > 0
    )
    threads = db.session.execute(here).scalars().all()
    held = held_among([each.id for each in threads])
    live = {
        (each.client_id, each.professional_id, each.subject_id) for each in threads if each.id not in held
    }

    def about(chat: Resolved) -> str | None:
        return chat.about.id if chat.about is not None and chat.scope != "connection" else None

    return {
        each.key for each in chats if (each.client_side.id, each.professional_side.id, about(each)) in live
    }


def check_slice(job: Job, now: datetime) -> None:
    """Check some lines."""
    row = present(job)
    query = select(ImportLine).where(ImportLine.import_id == row.id, ImportLine.no > int(row.place or 0))
    lines = db.session.execute(query.order_by(ImportLine.no).limit(SLICE)).scalars().all()
    chats = _Chats(row.id, {(each.source, each.chat) for each in lines if each.chat})
    people = _people(row.id, lines)
    known = _known([each for each in lines if each.kind == MESSAGE])
    paths = {path for each in lines if each.kind == MESSAGE for path, _ in content_of(each)["files"]}
    came = files.there(job, paths)
    with slice_of(job, now) as row:
        notes = []
        for line in lines:
            try:
                _check_one(line, chats, people)
            except Refused as refusal:
                notes.append(note_of(row.id, row.step, REFUSED, line.no, str(refusal)))
                continue
            if line.kind != MESSAGE:
                continue
            if (line.source, line.chat, line.item) in known:
                row.same += 1
            elif (line.source, line.chat) in chats.live and not row.append:
                notes.append(note_of(row.id, row.step, REFUSED, line.no, LIVE))
            else:
                row.made += 1
                notes += [
                    note_of(row.id, row.step, NOTE, line.no, f"file {path}: there is no such file")
                    for path, _ in content_of(line)["files"]
                    if path not in came
                ]
        put_notes(notes)
        row.refused += sum(note["kind"] == REFUSED for note in notes)
        row.worked += len(lines)
        if lines:
            row.place = str(lines[-1].no)
        if len(lines) < SLICE:
            end_step(row, now)


def _known(lines: Sequence[Any]) -> set[tuple[str, str, str]]:
    query = select(ImportedMessage.source, ImportedMessage.chat, ImportedMessage.source_id).where(
        ImportedMessage.source.in_({each.source for each in lines}),
        ImportedMessage.chat.in_({each.chat for each in lines}),
        ImportedMessage.source_id.in_({each.item for each in lines}),
    )
    return {(source, chat, source_id) for source, chat, source_id in db.session.execute(query)}


def _people(import_id: str, lines: Sequence[Any]) -> dict[str, Side]:
    contents = [content_of(each) for each in lines if each.kind in (CONNECTION, SUBJECT)]
    named = (each.get(name) for each in contents for name in ("client", "professional"))
    refs = {str(ref) for ref in named if ref is not None}
    return (sides_in_file(import_id, refs) if refs else {}) | sides(refs)


def _check_one(line: Any, chats: _Chats, people: dict[str, Side]) -> None:
    if line.kind in (CONNECTION, SUBJECT):
        content = content_of(line)
        if line.kind == SUBJECT and find_kind(line.source) is None:
            raise Refused(f"there is no kind {line.source}")
        for name, role in (("client", CLIENT), ("professional", PROFESSIONAL)):
            if (ref := content.get(name)) is not None and ref not in people:
                raise Refused(f"nobody has the id {ref}")
            if ref is not None and people[ref].role != role:
                raise Refused(f"{ref} is not a {role}")
    if line.kind not in (CHAT, MESSAGE, READ):
        return
    key = (line.source, line.chat)
    if line.kind == CHAT:
        if key in chats.refused:
            raise Refused(chats.refused[key])
        return
    if key not in chats.people:
        raise Refused("its chat was refused" if key in chats.refused else "there is no line about its chat")
    who = line.sender if line.kind == MESSAGE else line.item
    if who not in chats.people[key]:
        raise Refused(f"{who} is not one of the two people of this chat")
