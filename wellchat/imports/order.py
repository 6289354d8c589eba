"""Put the messages of a thread in their order: by time, then by the chats' first times, ids and the file.

Stable, so that equal times keep their order, and a second run is the same.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, collate, select

from wellchat.db import db, is_postgresql
from wellchat.imports.models import MESSAGE, Import, ImportedChat, ImportLine, ImportThread
from wellchat.imports.slices import Job

MOST = 20_000  # messages whose order is read at once; more for a longer thread alone
THREADS = 200


class Part(NamedTuple):
    """Lines of one thread, by their numbers in the file; `offset` is the place of the first in the thread."""

    thread_id: str
    offset: int
    lines: Sequence[int]


class Queue:
    """The messages that an import has still to look at. It is made from `place`, and kept between slices."""

    def __init__(self, job: Job, place: str) -> None:
        self.job = job
        self.place: str | None = place
        self.after, _, offset = place.partition(" ")
        self.skip = int(offset or 0)
        self.waiting: deque[Part] = deque()

    def take(self, count: int) -> list[Part]:
        """Return the next lines, at most `count`; none at the end."""
        found: list[Part] = []
        while count > 0:
            if not self.waiting:
                self._read()
            if not self.waiting:
                break
            part = self.waiting.popleft()
            if len(part.lines) > count:
                rest = Part(part.thread_id, part.offset + count, part.lines[count:])
                self.waiting.appendleft(rest)
                part = part._replace(lines=part.lines[:count])
            found.append(part)
            count -= len(part.lines)
        return found

    def give_back(self, parts: Sequence[Part]) -> None:
        """Put lines back that were taken last."""
        self.waiting.extendleft(reversed(parts))

    def _read(self) -> None:
        # With an offset, the thread itself is not done yet.
        here = ImportThread.thread_id >= self.after if self.skip else ImportThread.thread_id > self.after
        query = select(ImportThread.thread_id, ImportThread.lines).where(
            ImportThread.import_id == self.job.id, here
        )
        threads: list[str] = []
        total = 0
        for thread_id, lines in db.session.execute(query.order_by(ImportThread.thread_id).limit(THREADS)):
            if threads and total + lines > MOST:
                break
            threads.append(thread_id)
            total += lines
        if not threads:
            return
        numbers: dict[str, array[int]] = {thread_id: array("i") for thread_id in threads}
        for thread_id, no in db.session.execute(_ordered(self.job.id, threads)):
            numbers[thread_id].append(no)
        for thread_id in threads:
            skip = self.skip if thread_id == self.after else 0
            self.waiting.append(Part(thread_id, skip, numbers[thread_id][skip:]))
        self.after, self.skip = threads[-1], 0


def place_after(parts: Sequence[Part]) -> str:
    """Return where to go on once these are done."""
    last = parts[-1]
    return f"{last.thread_id} {last.offset + len(last.lines)}"


def _ordered(import_id: str, threads: Sequence[str]) -> Any:
    # By code points on both databases, as `verify` sorts.
    chat = collate(ImportedChat.chat, "C") if is_postgresql() else ImportedChat.chat
    source = collate(ImportedChat.source, "C") if is_postgresql() else ImportedChat.source
    mine = and_(
        ImportLine.import_id == import_id,
        ImportLine.source == ImportedChat.source,
        ImportLine.chat == ImportedChat.chat,
        ImportLine.kind == MESSAGE,
    )
    return (
        select(ImportedChat.thread_id, ImportLine.no)
        .join(ImportLine, mine)
        .where(ImportedChat.thread_id.in_(threads), ImportedChat.import_id == import_id)
        .order_by(ImportLine.at, ImportedChat.first_at, chat, source, ImportLine.no)
    )


_latest: list[Queue] = []


def queue_of(job: Job, row: Import) -> Queue:
    """Return the queue of a claimed import, at its place. Only the latest is kept."""
    if _latest and _latest[0].job == job and _latest[0].place == row.place:
        return _latest[0]
    _latest[:] = [Queue(job, row.place)]
    return _latest[0]
