"""Requests that have not come whole: they wait in the worker's selector, hold no thread, and have a deadline.

Everything here runs in the worker's main thread.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from wellchat import metrics
from wellchat.longpoll.bodies import Incoming

MAX_HEAD = 32 * 1024  # bytes of a request's head
MAX_LARGE_BODIES = 64  # that one process collects at a time; each has an open file
HEAD_END = b"\r\n\r\n"
PEEK = socket.MSG_PEEK | socket.MSG_DONTWAIT
# What head_state looks at. One for all, as it runs in one thread: a new one would cost more than the look.
_seen = bytearray(MAX_HEAD)


@dataclass(frozen=True)
class Limits:
    """`patience`: seconds for a head, and for a body to reach its `pace` (bytes a second, on average).

    `max_body`: bytes of the largest body that any address takes. `max_anonymous`: of one without credentials.
    """

    patience: float = 10
    pace: int = 1024
    max_body: int = 1024 * 1024
    max_anonymous: int = 256 * 1024


def head_state(
    sock: socket.socket, buffered: bytes = b"", *, waited: bool = False
) -> Literal["complete", "partial", "too large"]:
    """Return whether a thread could read a request's head from this socket without waiting for its client.

    "complete" also if the client has closed: gunicorn's parser deals with that. If it returns "partial", the
    selector reports the socket when more has come. `buffered`: what was read beyond the request before.
    `waited`: it has returned "partial" for this socket and this head before.
    """
    try:
        size = sock.recv_into(_seen, MAX_HEAD, PEEK)
    except BlockingIOError:
        return "complete" if HEAD_END in buffered else "partial"
    except OSError:
        return "complete"
    # What was seen stays in the socket, so the selector would report it again at once. The low-water mark
    # makes it wait for one byte more than that. If it reports the socket with less, the client has closed.
    awaited = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) if waited else 1
    has_end = HEAD_END in buffered + _seen[:size] if buffered else _seen.find(HEAD_END, 0, size) >= 0
    is_complete = has_end or size < awaited
    is_too_large = not is_complete and len(buffered) + size >= MAX_HEAD
    is_partial = not is_complete and not is_too_large
    if is_partial or awaited > 1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size + 1 if is_partial else 1)
    return "complete" if is_complete else "too large" if is_too_large else "partial"


class Reading:
    """The connections of one worker whose requests are coming in. `limits` may be replaced before it runs."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self.limits = Limits()
        # By deadline, in monotonic seconds: all have the same patience, so the oldest is the first to end.
        self._heads: OrderedDict[Any, float] = OrderedDict()
        self._bodies: set[Incoming] = set()
        self._next_look = 0.0

    def wait_for_head(self, conn: Any) -> None:
        """Wait for the rest of a head, some of which has come. The connection is registered nowhere else."""
        self._heads[conn] = time.monotonic() + self.limits.patience
        self._register(conn, partial(self._on_head, conn))
        self._count()

    def _on_head(self, conn: Any, sock: socket.socket) -> None:
        buffered = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        state = head_state(sock, buffered, waited=True)
        if state == "partial":
            return
        del self._heads[conn]
        # Before a thread gets it: two must not read from one socket.
        self._worker.poller.unregister(sock)
        self._count()
        if state == "too large":
            self._worker.refuse(conn, 431, "large_head")
        else:
            conn.data_ready = True
            self._worker.enqueue_req(conn)

    def wait_for_body(self, incoming: Incoming) -> None:
        """Wait for the rest of a body."""
        self._bodies.add(incoming)
        self._register(incoming.connection, partial(self._on_body, incoming))
        self._count()
        self._check_room(incoming)

    def _check_room(self, incoming: Incoming) -> None:
        if incoming.is_large and sum(each.is_large for each in self._bodies) > MAX_LARGE_BODIES:
            self._refuse(incoming, 503, "no_room")

    def _on_body(self, incoming: Incoming, sock: socket.socket) -> None:
        try:
            data = sock.recv(incoming.wanted())
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            is_whole = bool(data) and incoming.feed(data)
        except OSError:
            # The disk is full, or there is no free file.
            self._refuse(incoming, 503, "no_room")
            return
        if not data:
            self._take_out(incoming)
            self._worker.drop(incoming.connection)
        elif is_whole:
            self._take_out(incoming)
            self._worker.resume(incoming.connection, incoming.request)
        else:
            self._check_room(incoming)

    def end_slow(self) -> None:
        """Refuse requests that came too slowly."""
        now = time.monotonic()
        while self._heads and next(iter(self._heads.values())) <= now:
            conn, _ = self._heads.popitem(last=False)
            self._worker.poller.unregister(conn.sock)
            self._worker.refuse(conn, 408, "slow_head")
        # The worker calls this after each round of events, which may be thousands a second.
        if now < self._next_look:
            return
        self._next_look = now + 1
        limits = self.limits
        # A list, because _refuse takes out of the set.
        for incoming in [
            each for each in self._bodies if each.is_too_slow(now, pace=limits.pace, patience=limits.patience)
        ]:
            self._refuse(incoming, 408, "slow_body")
        self._count()

    def hurry(self, seconds: float) -> None:
        """Wait at most so long for heads, on a stop. Bodies have the grace of running requests."""
        end = time.monotonic() + seconds
        for conn, deadline in self._heads.items():
            self._heads[conn] = min(deadline, end)

    def _register(self, conn: Any, callback: Any) -> None:
        conn.sock.setblocking(False)
        self._worker.poller.register(conn.sock, selectors.EVENT_READ, callback)

    def _take_out(self, incoming: Incoming) -> None:
        self._bodies.remove(incoming)
        self._worker.poller.unregister(incoming.connection.sock)
        self._count()

    def _refuse(self, incoming: Incoming, status: int, reason: str) -> None:
        self._take_out(incoming)
        self._worker.refuse(incoming.connection, status, reason)

    def _count(self) -> None:
        metrics.READING.labels("head").set(len(self._heads))
        metrics.READING.labels("body").set(len(self._bodies))
