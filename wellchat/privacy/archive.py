"""Write a zip piece by piece into the store of files, so that memory does not grow with its size.

The pieces are objects of PART_SIZE bytes; read one after the other they are the zip.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import IO, Protocol

from wellchat.attachments.storage import Missing, Store
from wellchat.errors import NotFound
from wellchat.graphemes import cut
from wellchat.scripts import joins

PART_SIZE = 8 * 1024 * 1024  # bytes
MAX_NAME = 80  # characters of one part of a path
FIRST_YEAR, LAST_YEAR = 1980, 2107  # what a zip can hold as a date
# Windows takes these for devices, whatever their ending.
RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


def part_key(export_id: str, number: int) -> str:
    """Return the key of one piece, from 1."""
    return f"{export_id[:2]}/{export_id}.zip{number:04}"


class Target(Protocol):
    """A file to write a zip into: it need not seek."""

    def write(self, content: bytes, /) -> int:
        """Take bytes."""

    def flush(self) -> None:
        """Hand on what is buffered."""

    def close(self) -> None:
        """Take notice that the zip is whole."""


class PipeWriter:
    """The standard output, for the command line."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, content: bytes, /) -> int:
        """Write bytes on."""
        return self._out.write(content)

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._out.flush()

    def close(self) -> None:
        """Hand on what is buffered; the pipe stays open."""
        self._out.flush()


class PartWriter:
    """A file to write only: no seeking, as a pipe. `zipfile` writes sizes behind each entry then."""

    def __init__(self, store: Store, export_id: str, written: Callable[[], None]) -> None:
        self._store, self._export_id, self._written = store, export_id, written
        self._buffer = bytearray()
        self.parts = self.size = 0

    def write(self, content: bytes, /) -> int:
        """Take bytes; store a piece whenever there is enough for one."""
        self._buffer += content
        while len(self._buffer) >= PART_SIZE:
            self._store_part(PART_SIZE)
        return len(content)

    def flush(self) -> None:
        """Do nothing: pieces are stored when they are full."""

    def close(self) -> None:
        """Store what is left."""
        if self._buffer:
            self._store_part(len(self._buffer))

    def _store_part(self, length: int) -> None:
        self.parts += 1
        self._store.put(part_key(self._export_id, self.parts), bytes(self._buffer[:length]))
        del self._buffer[:length]
        self.size += length
        # After the piece: a note must not promise what is not stored.
        self._written()


class Archive:
    """The zip. Every path in it is of our own making."""

    def __init__(self, target: Target) -> None:
        self._zip = zipfile.ZipFile(target, "w")

    def add(self, path: str, chunks: Iterable[bytes], *, at: datetime, packed: bool = True) -> None:
        """Write one file. `packed`: compress it, which is of no use for pictures."""
        info = zipfile.ZipInfo(path, date_time=_zip_date(at))
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        # The rights as Unix has them: without any, some programs unpack files that nobody may read.
        info.external_attr = 0o600 << 16
        # The size is not known in advance, so the entry must be able to hold any.
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for chunk in chunks:
                entry.write(chunk)

    def close(self) -> None:
        """Write the directory at the end of the zip."""
        self._zip.close()


def _zip_date(at: datetime) -> tuple[int, int, int, int, int, int]:
    """Return a date as a zip holds it. Earlier and later ones than it can hold are moved to the nearest."""
    if at.year < FIRST_YEAR:
        return (FIRST_YEAR, 1, 1, 0, 0, 0)
    if at.year > LAST_YEAR:
        return (LAST_YEAR, 12, 31, 23, 59, 58)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


def safe_name(name: str) -> str:
    """Return a name that is one harmless file name on every system. It may be shorter, never empty."""
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(
        c if (c.isprintable() or joins(plain, at)) and c not in '<>:"/\\|?*' else "_"
        for at, c in enumerate(plain)
    )
    stem, dot, ending = kept.strip(" .").rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = kept.strip(" ."), ""
    # Cut in the stem: the ending says what kind of file it is.
    short = cut(stem, MAX_NAME - len(ending)).strip(" .") or "_"
    if short.lower() in RESERVED:
        short = f"_{short}"
    return f"{short}.{ending}" if ending else short


def read_parts(store: Store, export_id: str, parts: int) -> Iterator[bytes]:
    """Return the zip in chunks. Raises NotFound at once if its first piece is gone."""
    try:
        first = store.read(part_key(export_id, 1))
    except Missing:
        raise NotFound from None

    def chunks() -> Iterator[bytes]:
        yield from first
        for number in range(2, parts + 1):
            yield from store.read(part_key(export_id, number))

    return chunks()


def delete_parts(store: Store, export_id: str, parts: int) -> None:
    """Delete the pieces. Those that do not exist are no error."""
    for number in range(1, parts + 1):
        store.delete(part_key(export_id, number))
