"""Make the messages of a file: many at once, in a number of statements that does not grow with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, insert, select, update

from wellchat.accounts.models import SYSTEM_ID, User
from wellchat.attachments.actions import withdraw
from wellchat.config import setting
from wellchat.db import db, execute, table
from wellchat.i18n import gettext
from wellchat.imports import files
from wellchat.imports.judging import Judged, Verdicts, judge
from wellchat.imports.models import NOTE, REFUSED, Import, ImportedMessage, ImportThread
from wellchat.imports.order import Part, place_after, queue_of
from wellchat.imports.replies import Replies
from wellchat.imports.slices import Job, end_step, present, slice_of
from wellchat.imports.staging import note_of, put_notes
from wellchat.imports.times import to_moment
from wellchat.messaging.closing import hold
from wellchat.messaging.models import NONE, Membership, Message, Thread
from wellchat.messaging.system import make_system_person
from wellchat.subjects.queries import subjects_by_id

SLICE = 1_000  # messages of one transaction
MAX_FILES = 20  # files of one transaction, if it has more than one message
KEY = "import:"

_member, _thread, _noted = table(Membership), table(Thread), table(ImportThread)
_at = bindparam("last_at", type_=_member.c.updated_at.type)
_new: Any = bindparam("new_seq")

NEW_MESSAGE, NEW_IDENTITY = insert(table(Message)), insert(table(ImportedMessage))
MOVE_THREAD = (
    update(_thread)
    .where(Thread.id == bindparam("of_thread"))
    .values(
        last_seq=_new,
        updated_at=case((and_(Thread.last_seq > 0, Thread.updated_at > _at), Thread.updated_at), else_=_at),
    )
)
# What came this way counts as read, delivered and mailed: nobody is told of it.
MOVE_MEMBERSHIPS = (
    update(_member)
    .where(Membership.thread_id == bindparam("of_thread"))
    .values(
        last_seq=_new,
        last_read_seq=case(
            (Membership.last_read_seq == Membership.last_seq, _new), else_=Membership.last_read_seq
        ),
        delivered_seq=_new,
        mailed_seq=_new,
        kind=func.coalesce(bindparam("about", type_=_member.c.kind.type), Membership.kind),
        updated_at=case(
            (and_(Membership.last_seq > 0, Membership.updated_at > _at), Membership.updated_at), else_=_at
        ),
    )
)
CHANGE_MESSAGE = (
    update(table(Message))
    .where(Message.thread_id == bindparam("of_thread"), Message.seq == bindparam("of_seq"))
    .values(
        body=bindparam("text"),
        edited_at=bindparam("edited", type_=table(Message).c.edited_at.type),
        deleted_at=bindparam("deleted", type_=table(Message).c.deleted_at.type),
        files=case((bindparam("deleted", type_=table(Message).c.deleted_at.type).is_(None), Message.files)),
        revision=Message.revision + 1,
    )
)
CHANGE_IDENTITY = (
    update(table(ImportedMessage))
    .where(ImportedMessage.thread_id == bindparam("of_thread"), ImportedMessage.seq == bindparam("of_seq"))
    .values(digest=bindparam("new_digest"), import_id=bindparam("by"))
)


def message_slice(job: Job, now: datetime) -> None:
    """Make the next messages."""
    row = present(job)
    queue = queue_of(job, row)
    # If this fails, the queue lacks what it has given out, and nobody may go on with it.
    queue.place = None
    parts: Sequence[Part] = queue.take(SLICE)
    if not parts:
        with slice_of(job, now) as row:
            end_step(row, now)
        return
    found = judge(row, parts)
    if (kept := _with_few_files(parts, found)) is not parts:
        queue.give_back(_without(parts, kept))
        parts, found = kept, judge(row, kept)
    files.prepare(job, found.new, now)
    with slice_of(job, now) as row:
        _write(row, found, now)
        row.made += len(found.new)
        row.same += found.same
        row.changed += len(found.changed)
        row.refused += len(found.refused)
        row.worked += sum(len(part.lines) for part in parts)
        row.place = place_after(parts)
        put_notes([note_of(row.id, row.step, REFUSED, no, why) for no, why in found.refused])
    queue.place = row.place


def _with_few_files(parts: Sequence[Part], found: Verdicts) -> Sequence[Part]:
    """Return the beginning of the parts that has at most MAX_FILES files: each may take seconds."""
    count = 0
    for each in found.new:
        count += len(each.content["files"])
        if count > MAX_FILES:
            return _up_to(parts, each.line.no) or parts
    return parts


def _up_to(parts: Sequence[Part], no: int) -> list[Part]:
    """Return the lines before this one; with it, if it is the first."""
    kept: list[Part] = []
    for part in parts:
        if no in part.lines:
            at = list(part.lines).index(no)
            if at or not kept:
                kept.append(part._replace(lines=part.lines[: at or 1]))
            return kept
        kept.append(part)
    return kept


def _without(parts: Sequence[Part], done: Sequence[Part]) -> list[Part]:
    last = done[-1]
    rest = list(parts[len(done) :])
    whole = parts[len(done) - 1]
    if len(whole.lines) > len(last.lines):
        cut = len(last.lines)
        rest.insert(0, Part(whole.thread_id, whole.offset + cut, whole.lines[cut:]))
    return rest


def _write(row: Import, found: Verdicts, now: datetime) -> None:
    written = [*found.new, *found.changed]
    if not written:
        return
    # The lock of a send: whoever writes meanwhile waits, and finds the thread closed.
    ids = {each.thread.id for each in written}
    locked = (
        select(Thread.id, Thread.last_seq).where(Thread.id.in_(ids)).order_by(Thread.id).with_for_update()
    )
    last: dict[str, int] = dict(db.session.execute(locked).all())
    _refuse_gone(found)
    divided = _hold_live(row, found, now)
    if found.new:
        dividers = [_divider(row, thread_id, last, now) for thread_id in divided]
        _insert(row, found.new, last, dividers)
    if found.changed:
        _change(row, found.changed, now)


def _refuse_gone(found: Verdicts) -> None:
    """Refuse messages of whoever was erased since they were judged: their words would stay.

    Erasing locks the threads that are locked here. So it is over by now, or finds what is written.
    """
    senders = {each.sender_id for each in (*found.new, *found.changed)}
    query = select(User).where(User.id.in_(senders)).execution_options(populate_existing=True)
    gone = {each.id for each in db.session.execute(query).scalars() if each.is_gone}
    if gone:
        for each in (*found.new, *found.changed):
            if each.sender_id in gone:
                found.refused.append((each.line.no, f"{each.line.sender} was erased"))
        found.new = [each for each in found.new if each.sender_id not in gone]
        found.changed = [each for each in found.changed if each.sender_id not in gone]


def _hold_live(row: Import, found: Verdicts, now: datetime) -> list[str]:
    """Close live threads that are appended to, until the import is opened. Return those that were open."""
    fresh = sorted({each.thread.id for each in found.new if not each.thread.held})
    if not fresh:
        return []
    make_system_person(now)
    hold(fresh, now)
    mine = (ImportThread.import_id == row.id, ImportThread.thread_id.in_(fresh))
    db.session.execute(
        update(ImportThread).where(*mine).values(held=True).execution_options(synchronize_session=False)
    )
    return fresh


def _divider(row: Import, thread_id: str, last: dict[str, int], now: datetime) -> dict[str, Any]:
    """Return the line between what people wrote here and what an import appends."""
    last[thread_id] += 1
    return {
        **dict.fromkeys(("subject_id", "reply_to", "edited_at", "deleted_at", "files")),
        "thread_id": thread_id,
        "seq": last[thread_id],
        "sender_id": SYSTEM_ID,
        "body": gettext("Earlier messages, brought over:"),
        "client_key": KEY + row.id,
        "created_at": now,
        "revision": 0,
        "told": NONE,
    }


def _insert(
    row: Import, new: Sequence[Judged], last: dict[str, int], dividers: Sequence[dict[str, Any]]
) -> None:
    replies = Replies(new)
    messages, identities = [*dividers], []
    notes: list[dict[str, Any]] = []
    ends: dict[str, dict[str, Any]] = {}
    kinds = _kinds(new)
    for each in new:
        thread, line = each.thread, each.line
        each.seq = seq = last[thread.id] = last[thread.id] + 1
        target = replies.target(each)
        if target is None and each.content["reply_to"] is not None:
            text = (
                f"it replies to {each.content['reply_to']}, which is nothing before it: kept without the link"
            )
            notes.append(note_of(row.id, row.step, NOTE, line.no, text))
        notes += [
            note_of(row.id, row.step, NOTE, line.no, f"file {file.name}: {file.why}")
            for file in each.files
            if file.attachment_id is None
        ]
        messages.append(_message(each, target))
        identities.append(_identity(row, each))
        end = ends.setdefault(thread.id, {"of_thread": thread.id, "about": None})
        end |= {"new_seq": seq, "last_at": max(end.get("last_at", to_moment(line.at)), to_moment(line.at))}
        end["about"] = kinds.get(str(each.subject_id)) or end["about"]
    execute(NEW_MESSAGE, messages)
    execute(NEW_IDENTITY, identities)
    execute(
        MOVE_THREAD,
        [{name: end[name] for name in ("of_thread", "new_seq", "last_at")} for end in ends.values()],
    )
    execute(MOVE_MEMBERSHIPS, list(ends.values()))
    execute(
        _moved(row.id), [{"of_thread": end["of_thread"], "new_seq": end["new_seq"]} for end in ends.values()]
    )
    put_notes(notes)


def _moved(import_id: str) -> Any:
    return (
        update(_noted)
        .where(ImportThread.import_id == import_id, ImportThread.thread_id == bindparam("of_thread"))
        .values(last_seq=bindparam("new_seq"))
    )


def _kinds(new: Sequence[Judged]) -> dict[str, str]:
    found = subjects_by_id({each.subject_id for each in new if each.subject_id})
    return {subject_id: subject.kind for subject_id, subject in found.items()}


def _message(each: Judged, target: int | None) -> dict[str, Any]:
    content, line = each.content, each.line
    edited = to_moment(content["edited"]) if content["edited"] is not None else None
    at = to_moment(line.at)
    return {
        "thread_id": each.thread.id,
        "seq": each.seq,
        "sender_id": each.sender_id,
        "body": body_of(content, [file.name for file in each.files if file.attachment_id is None]),
        "client_key": KEY + _secret_name(each.key),
        "subject_id": each.subject_id,
        "reply_to": target,
        "created_at": at,
        "edited_at": edited,
        "deleted_at": (edited or at) if content["deleted"] else None,
        "revision": 0,
        "files": files.attach(each, each.seq),
        "told": None,
    }


def body_of(content: dict[str, Any], lost: Sequence[str]) -> str | None:
    """Return the text of a message, with a line for each file that was not taken. None: it was deleted."""
    if content["body"] is None:
        return None
    return "\n".join([content["body"], *map(files.sentence, lost)] if lost else [content["body"]])


def _secret_name(key: tuple[str, str, str]) -> str:
    """Return a digest that only this installation makes, so that nobody takes the key before."""
    secret = hashlib.sha256(setting("SECRET_KEY").encode()).digest()
    return hashlib.blake2b("\0".join(key).encode(), key=secret, digest_size=20).hexdigest()


def _identity(row: Import, each: Judged) -> dict[str, Any]:
    source, chat, source_id = each.key
    return {
        "source": source,
        "chat": chat,
        "source_id": source_id,
        "thread_id": each.thread.id,
        "seq": each.seq,
        "import_id": row.id,
        "digest": each.digest,
        "late": each.line.at <= each.thread.base_at,
        "files": [[file.digest, file.attachment_id] for file in each.files] or None,
    }


def _change(row: Import, changed: Sequence[Judged], now: datetime) -> None:
    """Bring messages of an earlier run into the state of this file: edited since, or deleted."""
    values = []
    for each in changed:
        content, known = each.content, each.line.known_files or []
        edited = to_moment(content["edited"]) if content["edited"] is not None else None
        deleted = (edited or to_moment(each.line.at)) if content["deleted"] else None
        if deleted and known:
            withdraw(thread_id=each.thread.id, seq=each.seq, now=now)
        lost = [name for (_, name), (_, kept) in zip(content["files"], known, strict=False) if kept is None]
        where = {"of_thread": each.thread.id, "of_seq": each.seq}
        values.append({**where, "text": body_of(content, lost), "edited": edited, "deleted": deleted})
    execute(CHANGE_MESSAGE, values)
    names = [
        {"of_thread": each.thread.id, "of_seq": each.seq, "new_digest": each.digest, "by": row.id}
        for each in changed
    ]
    execute(CHANGE_IDENTITY, names)
