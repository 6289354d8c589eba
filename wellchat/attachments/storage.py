"""Where the bytes of files lie: a folder, or a bucket that speaks S3. Names in it are ours, never a person's."""

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

CHUNK = 256 * 1024  # bytes read at once
TIMEOUT = 10  # seconds for an answer of the bucket


class Missing(Exception):
    """The row is there, and its bytes are not."""


class Store(Protocol):
    def put(self, key: str, content: bytes) -> None:
        """Durable when it comes back; what stood there before is replaced."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`. Raises Missing, before anything is read."""

    def delete(self, key: str) -> None:
        """Twice is the same as once."""

    def keys(self) -> Iterator[tuple[str, datetime]]:
        """Everything that lies here, and since when."""

    def check(self) -> str:
        """Writes and takes away again; answers where, in words. Raises what the store raises."""


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
            try:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        try:
            file = (self.root / key).open("rb")
        except FileNotFoundError:
            raise Missing(key) from None
        return _chunks(file, start, stop)

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        for path in sorted(self.root.glob("??/*")):
            try:
                since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue  # taken away meanwhile
            yield path.relative_to(self.root).as_posix(), since

    def check(self) -> str:
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
    """S3 and what speaks like it. Who we are to it comes from where its own tools look (AWS_ACCESS_KEY_ID ...)."""

    def __init__(self, name: str, prefix: str, endpoint: str | None) -> None:
        import boto3
        from botocore.config import Config

        self.name, self.prefix = name, f"{prefix}/" if prefix else ""
        config = Config(
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            retries={"max_attempts": 3, "mode": "standard"},
            request_checksum_calculation="when_required",  # other makers' servers do not know the newest
            response_checksum_validation="when_required",
        )
        self.client = boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=self.prefix + key, Body=content)

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
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
        self.client.delete_object(Bucket=self.name, Key=self.prefix + key)

    def keys(self) -> Iterator[tuple[str, datetime]]:
        for page in self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=self.prefix
        ):
            for found in page.get("Contents", []):
                yield found["Key"].removeprefix(self.prefix), found["LastModified"]

    def check(self) -> str:
        self.put("zz/.check", b"x")
        self.delete("zz/.check")
        return f"bucket {self.name} takes files"


def get_store() -> Store:
    return _store(setting("STORAGE_URL"), setting("S3_ENDPOINT"), setting("INSTANCE"))


@cache
def _store(url: str | None, endpoint: str | None, instance: Path) -> Store:
    if not url:
        return Folder(instance / "files")
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(parts.path))
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint)


def key_of(attachment_id: str) -> str:
    return f"{attachment_id[:2]}/{attachment_id}"


def thumbnail_key(attachment_id: str) -> str:
    return f"{key_of(attachment_id)}.thumb"


def attachment_id_of(key: str) -> str:
    """Whose bytes lie under a name of the store."""
    return key.rpartition("/")[2].partition(".")[0]
