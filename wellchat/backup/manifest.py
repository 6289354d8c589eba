"""Say what a backup holds: `manifest.json`, and a list of checksums as `sha256sum` writes it.

A backup is a folder: the manifest, `SHA256SUMS`, `database/` and `files/`; or a tar of that folder.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Literal, Self

from pydantic import BaseModel, ValidationError

from wellchat.backup.errors import BackupError

FORMAT = 1
MANIFEST, SUMS = ("manifest.json", "SHA256SUMS")
CHUNK = 1024 * 1024  # bytes
# Nothing else is read, so that no list leads out of its folder.
NAME = re.compile(r"database/\w+(?:\.db|\.copy\.gz)|files/\w\w/[\w-]+(?:\.\w+)?", re.ASCII)
LINE = re.compile(r"([0-9a-f]{64})  (.+)\n")


class TableIn(BaseModel):
    """A table in a backup: how many rows, and on PostgreSQL the columns in the order of its file."""

    rows: int
    columns: list[str] = []


class FilesIn(BaseModel):
    """The objects of the store in a backup. `missing`: ids of files whose bytes the store did not have."""

    count: int = 0
    bytes: int = 0
    missing: list[str] = []


class Manifest(BaseModel):
    """The list of what a backup holds. It is written last, so a folder without it is no backup."""

    format: int = FORMAT
    wellchat: str  # version
    made_at: datetime
    database: Literal["sqlite", "postgresql"]
    server: str  # its version
    revision: str  # of the schema
    epoch: str
    secret: str  # tells one secret from another: see fingerprint
    tables: dict[str, TableIn]
    files: FilesIn
    sums: str = ""  # SHA-256 of SHA256SUMS

    def write(self, folder: Path) -> None:
        """Write the manifest of a folder that is complete."""
        self.sums = sha256_of(folder / SUMS)
        (folder / MANIFEST).write_text(self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the manifest of a backup. Raises BackupError."""
        try:
            found = cls.model_validate_json((folder / MANIFEST).read_bytes())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise BackupError(f"{folder} is no backup: it has no {MANIFEST}.") from None
        except ValidationError as error:
            first = error.errors()[0]
            raise BackupError(f"{MANIFEST} cannot be read: {first['loc']}: {first['msg']}") from None
        if found.format > FORMAT:
            raise BackupError("This backup was made by a newer wellchat. Install that version first.")
        return found


def fingerprint(secret: str) -> str:
    """Return 16 hexadecimal digits that tell one secret from another, and nothing about it."""
    return hmac.new(secret.encode(), b"wellchat.backup", "sha256").hexdigest()[:16]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class SumsWriter:
    """Write the list of checksums, line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file: IO[str] = (folder / SUMS).open("w")

    def write(self, name: str, chunks: Iterable[bytes]) -> int:
        """Write a file of the backup and its line. Return its size in bytes."""
        path, digest, size = self.folder / name, hashlib.sha256(), 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.file.write(f"{digest.hexdigest()}  {name}\n")
        return size

    def add(self, name: str) -> None:
        """Write the line of a file that is there already."""
        self.file.write(f"{sha256_of(self.folder / name)}  {name}\n")

    def close(self) -> None:
        """End the list."""
        self.file.close()


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (name, SHA-256) of what a backup lists. Raises BackupError for a line that cannot be."""
    # What is no UTF-8 makes a line that no backup writes.
    with (folder / SUMS).open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = LINE.fullmatch(line)
            if found is None or not NAME.fullmatch(found[2]):
                raise BackupError(f"{SUMS} has a line that no backup writes: {line.strip()[:80]!r}")
            yield found[2], found[1]
