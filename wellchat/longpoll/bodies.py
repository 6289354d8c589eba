"""Request bodies that have not come whole yet.

The worker collects a body before the application sees its request: in memory, and in a file once it is large.
While it comes, its connection waits in the selector and holds no thread.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import Any, NoReturn

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import IterUnreader

IN_MEMORY = 64 * 1024  # bytes of one body; a longer one goes to a temporary file
READ_SIZE = 256 * 1024  # bytes that one event takes from a socket
MAX_CHUNK_LINE = 8190
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(;.*)?\r?")


class BodyIncomplete(BaseException):
    """Raised out of the thread that handles a request whose body has not come whole.

    A BaseException, so that no error handler of gunicorn catches it.
    """

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming


class _LengthEnd:
    """Finds the end of a body with a Content-Length."""

    def __init__(self, length: int) -> None:
        self.missing = length

    def feed(self, data: bytes) -> int | None:
        """Return how many of these bytes belong to the body if it ends in them, else None."""
        if self.missing <= len(data):
            return self.missing
        self.missing -= len(data)
        return None


class _ChunkedEnd:
    """Finds the end of a chunked body (RFC 9112, 7.1).

    It checks nothing. What cannot be read counts as the end, and gunicorn refuses it when it reads the body.
    """

    missing = READ_SIZE

    def __init__(self) -> None:
        self._line = bytearray()
        self._skip = 0
        self._in_trailers = False

    def feed(self, data: bytes) -> int | None:
        """Return how many of these bytes belong to the body if it ends in them, else None."""
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            end = data.find(b"\n", position) + 1
            self._line += data[position : end or None]
            position = end or len(data)
            if not end and len(self._line) <= MAX_CHUNK_LINE:
                return None
            if not end or self._is_last_line():
                return position
        return None

    def _is_last_line(self) -> bool:
        line = bytes(self._line).removesuffix(b"\n")
        self._line.clear()
        if self._in_trailers:
            return line in (b"", b"\r")
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            return True
        size = int(found[1], 16)
        self._in_trailers = size == 0
        # With the line break behind the data. After the last chunk come the trailers, line by line.
        self._skip = size + 2 if size else 0
        return False


class Incoming:
    """A request whose body is being collected. `limit`: bytes after which nothing more is collected.

    `began_at`: monotonic seconds.
    """

    def __init__(self, connection: Any, request: Any, limit: int) -> None:
        self.connection, self.request = connection, request
        reader = request.body.reader
        self._end = _LengthEnd(reader.length) if isinstance(reader, LengthReader) else _ChunkedEnd()
        self._limit = limit
        self._spool: Any = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when it is read
        self.received = 0
        self.began_at = time.monotonic()

    @property
    def is_large(self) -> bool:
        """Return whether the body is too large to be kept in memory."""
        return self.received > IN_MEMORY

    def feed(self, data: bytes) -> bool:
        """Take what has come. Return whether the body is whole, and the request ready to be handled.

        Raises OSError if it cannot be kept.
        """
        end = self._end.feed(data)
        self._spool.write(data if end is None else data[:end])
        self.received += len(data) if end is None else end
        # At the limit it counts as whole, and the application refuses it for its size.
        if end is None and self.received < self._limit:
            return False
        # The next request has begun behind it (pipelining): its bytes go back to the parser.
        if end is not None and end < len(data):
            self.connection.parser.unreader.unread(data[end:])
        self._spool.seek(0)
        unreader = IterUnreader(_pieces(self._spool))
        reader = self.request.body.reader
        if isinstance(reader, LengthReader):
            self.request.body = Body(LengthReader(unreader, reader.length))
        else:
            self.request.body = Body(_Checked(ChunkedReader(self.request, unreader)))
        self.request.is_collected = True
        return True

    def feed_what_is_there(self) -> bool:
        """Take what the client has sent already, without waiting. Return as `feed` does."""
        if self.feed(self.connection.parser.unreader.take_buffered()):
            return True
        with suppress(BlockingIOError):
            if data := self.connection.sock.recv(self.wanted(), socket.MSG_DONTWAIT):
                return self.feed(data)
        return False

    def wanted(self) -> int:
        """Return how many bytes may be read at once, without touching the next request."""
        return min(self._end.missing, READ_SIZE)

    def is_too_slow(self, now: float, *, pace: int, patience: float) -> bool:
        """Return whether the body came with fewer than `pace` bytes a second on average.

        False in the first `patience` seconds. `now`: monotonic seconds.
        """
        seconds = now - self.began_at
        return seconds > patience and self.received < pace * seconds


def _pieces(spool: Any) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(READ_SIZE):
            yield piece


class _Checked:
    """Reads chunks. What is wrong with them is the client's fault: Flask answers 400 to an OSError."""

    def __init__(self, reader: ChunkedReader) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises OSError."""
        try:
            return bytes(self._reader.read(size))
        except ParseException as error:
            raise ConnectionAbortedError(f"a chunk cannot be read: {type(error).__name__}") from None


class _Unread:
    """Stands in for a body that nobody waits for: who reads it all the same finds a client that is gone."""

    def read(self, _size: int) -> NoReturn:
        """Raise OSError."""
        raise ConnectionAbortedError("this body is not read")


def collect(request: Any, connection: Any, *, max_body: int, max_anonymous: int) -> None:
    """Give the request a body that can be read without waiting.

    `max_body`: bytes of the largest body that any address takes. `max_anonymous`: of one without credentials.
    What is larger is not read: the application refuses it by its head. Raises BodyIncomplete if the client
    has to send more first, and OSError if it cannot be kept.
    """
    reader = request.body.reader
    has_length = isinstance(reader, LengthReader)
    if (has_length and not reader.length) or getattr(request, "is_collected", False):
        return
    # Whether they are good is known only later. Without any, few bytes are enough.
    has_credentials = any(name in ("COOKIE", "AUTHORIZATION") for name, _ in request.headers)
    limit = max_body if has_credentials else max_anonymous
    awaits_consent, request._expected_100_continue = request._expected_100_continue, False
    if has_length and reader.length > limit:
        # Its body is on the way all the same, and must not be read as the next request.
        request.force_close()
        request.body = Body(_Unread())
        return
    # Chunks of few bytes are mostly chunk heads, so what comes may be longer than what it says.
    incoming = Incoming(connection, request, limit + 1 if has_length else 2 * limit)
    if not incoming.feed_what_is_there():
        # RFC 9110, 10.1.1. gunicorn would send it when the request is handled, which is after its body.
        if awaits_consent:
            connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n", socket.MSG_DONTWAIT)
        raise BodyIncomplete(incoming)
