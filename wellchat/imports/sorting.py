"""Sort a file for `verify`, in a temporary database of its own: it may be larger than the memory."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from wellchat.imports.lines import Line, content_of, read_line
from wellchat.imports.models import CHAT, MESSAGE
from wellchat.imports.refusing import Refused
from wellchat.imports.resolving import Key
from wellchat.imports.times import clock_of

TABLES = """
CREATE TABLE chats (source TEXT, chat TEXT, line INTEGER, content TEXT, thread TEXT,
    refused INTEGER DEFAULT 0, first INTEGER, PRIMARY KEY (source, chat)) WITHOUT ROWID;
CREATE TABLE messages (source TEXT, chat TEXT, id TEXT, line INTEGER, at INTEGER, sender TEXT, body BLOB,
    files TEXT, PRIMARY KEY (source, chat, id)) WITHOUT ROWID;
"""
NEW_CHAT = "INSERT INTO chats (source, chat, line, content) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
NEW_MESSAGE = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"


class Told(NamedTuple):
    """A message as the file tells it; `body` is the SHA-256 of its text, None of a deleted one."""

    key: tuple[str, str, str]
    line: int
    at: int
    sender: str
    body: bytes | None
    files: list[str]  # SHA-256 of each, "" where it is missing


class ChatLine(NamedTuple):
    """A chat of the file. `content` is None where it has messages and no line."""

    source: str
    chat: str
    line: int | None
    content: str | None


class SortedFile:
    """The chats and messages of a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self.refused = 0

    def read(self, path: Path, folder: Path | None, zone: str | None, now: datetime) -> None:
        """Read the whole file."""
        clock = clock_of(now, zone)
        with path.open("rb") as file:
            for no, raw in enumerate(file, start=1):
                if not raw.strip():
                    continue
                try:
                    self._add(no, read_line(raw.rstrip(b"\n"), clock), folder)
                except Refused:
                    self.refused += 1
        self.db.execute(
            "INSERT INTO chats (source, chat) SELECT DISTINCT source, chat FROM messages WHERE true"
            " ON CONFLICT DO NOTHING"
        )
        self.db.execute(
            "UPDATE chats SET first = (SELECT min(at) FROM messages m"
            " WHERE m.source = chats.source AND m.chat = chats.chat)"
        )

    def _add(self, no: int, line: Line, folder: Path | None) -> None:
        if line.kind == CHAT:
            self.db.execute(NEW_CHAT, (line.source, line.chat, no, line.content))
        if line.kind != MESSAGE:
            return
        content = content_of(line)
        text = content["body"]
        body = None if text is None else hashlib.sha256(text.encode()).digest()
        digests = [_digest(folder, path) for path, _ in content["files"]]
        row = (
            line.source,
            line.chat,
            line.item,
            no,
            line.at,
            line.sender,
            body,
            orjson.dumps(digests).decode(),
        )
        if not self.db.execute(NEW_MESSAGE, row).rowcount:
            self.refused += self._is_another(row)

    def _is_another(self, row: tuple[Any, ...]) -> bool:
        """Return whether an id came twice with other words."""
        there = self.db.execute(
            "SELECT at, sender, body, files FROM messages WHERE source = ? AND chat = ? AND id = ?", row[:3]
        ).fetchone()
        return bool(there != row[4:])

    def chats(self, size: int) -> Iterator[list[ChatLine]]:
        """Yield the chats, some at a time."""
        cursor = self.db.execute("SELECT source, chat, line, content FROM chats ORDER BY source, chat")
        while found := cursor.fetchmany(size):
            yield [ChatLine(*each) for each in found]

    def place(self, threads: dict[Key, str], refused: Sequence[Key]) -> None:
        """Write down which thread each of these chats is in, and which are refused."""
        self.db.executemany(
            "UPDATE chats SET thread = ? WHERE source = ? AND chat = ?",
            [(thread, *key) for key, thread in threads.items()],
        )
        self.db.executemany("UPDATE chats SET refused = 1 WHERE source = ? AND chat = ?", refused)

    def counts(self) -> tuple[int, int, int, int]:
        """Return (chats here, messages of refused chats, messages of missing chats, refused chats)."""
        of = "SELECT count(*) FROM messages JOIN chats USING (source, chat) WHERE "
        return (
            self._one("SELECT count(*) FROM chats WHERE thread IS NOT NULL"),
            self._one(of + "refused"),
            self._one(of + "thread IS NULL AND NOT refused"),
            self._one("SELECT count(*) FROM chats WHERE refused AND line IS NOT NULL"),
        )

    def _one(self, query: str) -> int:
        found: int = self.db.execute(query).fetchone()[0]
        return found

    def threads(self) -> list[str]:
        """Return the ids of the threads, ascending."""
        query = "SELECT DISTINCT thread FROM chats WHERE thread IS NOT NULL ORDER BY thread"
        return [thread for (thread,) in self.db.execute(query)]

    def chats_of(self, thread_id: str) -> set[Key]:
        """Return the chats of a thread."""
        return set(self.db.execute("SELECT source, chat FROM chats WHERE thread = ?", (thread_id,)))

    def messages(self, thread_id: str) -> Iterator[Told]:
        """Yield the messages of a thread in their order."""
        query = (
            "SELECT source, chat, id, m.line, at, sender, body, files FROM messages m"
            " JOIN chats USING (source, chat) WHERE thread = ? ORDER BY at, first, chat, source, m.line"
        )
        for source, chat, source_id, line, at, sender, body, files in self.db.execute(query, (thread_id,)):
            yield Told((source, chat, source_id), line, at, sender, body, orjson.loads(files))


def _digest(folder: Path | None, path: str) -> str:
    try:
        return hashlib.sha256((folder / path).read_bytes()).hexdigest() if folder else ""
    except OSError:
        return ""


@contextmanager
def sorted_file(path: Path, folder: Path | None, zone: str | None, now: datetime) -> Iterator[SortedFile]:
    """Give the sorted file, and delete what it needed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="wellchat-verify-") as where,
        closing(sqlite3.connect(Path(where) / "sorted.db", isolation_level=None)) as connection,
    ):
        # Nobody needs it after a crash.
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + TABLES + "BEGIN;")
        found = SortedFile(connection)
        found.read(path, folder, zone, now)
        connection.execute("CREATE INDEX by_thread ON chats (thread)")
        yield found
