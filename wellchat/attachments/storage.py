"""Store the bytes of files in a folder or an S3 bucket.

Keys are made by us, never from a person's file name.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from wellchat.config import setting

CHUNK = 256 * 1024  # bytes per read
TIMEOUT = 10  # seconds to wait for the bucket


class Missing(Exception):
    """The row exists, but its bytes do not."""


class Store(Protocol):
    """The operations of a store."""

    def put(self, key: str, content: bytes) -> None:
        """Store the content, replacing what was there. It is durable on return."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` up to `stop` in chunks.

        Raises Missing at once, before the first chunk.
        """

    def delete(self, key: str) -> None:
        """Delete the content; a key that does not exist is no error."""

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield (key, time of writing) of everything stored."""

    def check(self) -> str:
        """Write and delete a test object. Return a line for `wellchat doctor`.

        Raises what the store raises.
        """


class Folder:
    """Store in a folder of the local disk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        """Write to a temporary file and rename it, so that a reader never sees half a file."""
        path = self.root / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
            try:
                part.write(content)
                part.flush()
                # fsync before the rename, or a crash could leave an empty file under the final name.
                os.fsync(part.fileno())
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes in chunks. Raises Missing."""
        try:
            # Here, not in the generator, which would raise only when somebody asks for the first chunk.
            file = (self.root / key).open("rb")
        except FileNotFoundError:
            raise Missing(key) from None
        return _chunks(file, start, stop)

    def delete(self, key: str) -> None:
        """Delete the file if it exists."""
        (self.root / key).unlink(missing_ok=True)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield (key, time of writing) of every file."""
        # Hidden files are temporary ones of `put`; `collect` removes those of a crash, too.
        # Folder by folder: a list of all files would not fit everywhere.
        for path in (path for folder in sorted(self.root.glob("??")) for path in sorted(folder.glob("*"))):
            try:
                since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:
                # Deleted in the meantime.
                continue
            yield path.relative_to(self.root).as_posix(), since

    def check(self) -> str:
        """Write and delete a test file."""
        self.put("zz/.check", b"x")
        self.delete("zz/.check")
        return f"{self.root} is writable"


def _chunks(file: Any, start: int, stop: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if stop is None else stop - start
        while left is None or left > 0:
            chunk = file.read(CHUNK if left is None else min(CHUNK, left))
            if not chunk:
                return
            left = None if left is None else left - len(chunk)
            yield chunk


class Bucket:
    """Store in an S3 bucket. boto3 finds the credentials by itself (AWS_ACCESS_KEY_ID ...)."""

    def __init__(self, name: str, prefix: str, endpoint: str | None) -> None:
        import boto3
        from botocore.config import Config

        self.name, self.prefix = name, f"{prefix}/" if prefix else ""
        config = Config(
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            retries={"max_attempts": 3, "mode": "standard"},
            # other S3 servers do not support the newest checksums
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.client = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)

    def put(self, key: str, content: bytes) -> None:
        """Upload the object."""
        self.client.put_object(Bucket=self.name, Key=self.prefix + key, Body=content)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes in chunks, by a Range request where only a part is asked for. Raises Missing."""
        asked = (
            {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
            if start or stop is not None
            else {}
        )
        try:
            found = self.client.get_object(Bucket=self.name, Key=self.prefix + key, **asked)
        except self.client.exceptions.NoSuchKey:
            raise Missing(key) from None
        chunks: Iterator[bytes] = found["Body"].iter_chunks(CHUNK)
        return chunks

    def delete(self, key: str) -> None:
        """Delete the object; S3 ignores keys that do not exist."""
        self.client.delete_object(Bucket=self.name, Key=self.prefix + key)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Yield (key, time of writing) of every object below the prefix."""
        for page in self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=self.prefix
        ):
            for found in page.get("Contents", []):
                yield found["Key"].removeprefix(self.prefix), found["LastModified"]

    def check(self) -> str:
        """Upload and delete a test object."""
        self.put("zz/.check", b"x")
        self.delete("zz/.check")
        return f"bucket {self.name} takes files"


def get_store() -> Store:
    """Return the store that the settings name."""
    return _store(setting("STORAGE_URL"), setting("S3_ENDPOINT"), setting("INSTANCE"))


# Kept for the life of the process: a client of a bucket takes long to make.
@cache
def _store(url: str | None, endpoint: str | None, instance: Path) -> Store:
    if not url:
        return Folder(instance / "files")
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(parts.path))
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint)


def key_of(attachment_id: str) -> str:
    """Return the key of a file. Its first two letters spread files over folders."""
    return f"{attachment_id[:2]}/{attachment_id}"


def thumbnail_key(attachment_id: str) -> str:
    """Return the key of a file's thumbnail."""
    return f"{key_of(attachment_id)}.thumb"


def attachment_id_of(key: str) -> str:
    """Return the id of the file that a key belongs to."""
    return key.rpartition("/")[2].partition(".")[0]
