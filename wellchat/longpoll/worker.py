"""The gunicorn worker in which a suspended request keeps its connection and gives back its thread.

The poll itself waits in middleware.py.

It also balances connections between the processes, and never lets one client block the loop that all of them
share, or hold a thread: requests that come slowly wait in the selector (reading.py, bodies.py).
"""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from wellchat import metrics
from wellchat.longpoll import own_pages
from wellchat.longpoll.addresses import Connection, Places
from wellchat.longpoll.bodies import BodyIncomplete, Incoming, collect
from wellchat.longpoll.executor import Suspend, SuspendableExecutor, suspendable
from wellchat.longpoll.reading import Reading, head_state

MAX_DRAINED_BODY = 64 * 1024  # bytes of an unread body that gunicorn reads on before the next request
MIN_CONNECTIONS = 16  # waiting ones, and as many idle ones, however low the limit of open files
REBALANCE_ACCEPT_AT = 2  # connections more, and a tenth, than another process has: then it may accept first
ACCEPT_DELAY = 0.001  # seconds it has for that
REBALANCE_CLOSE_AT = 4  # connections more, and a fifth: then some are closed, and come again elsewhere
LINGER = 2.0  # seconds a client has to close its side of a connection that we have closed
POLL_PATH = "/api/updates"
SEND_PATIENCE = 60.0  # seconds a client has to take one piece of a response
LOOK_EVERY = 0.2  # seconds between looks at what has taken too long, and between signs of life


class _ReplayParser:
    """Stands in for a connection's parser, to return a request once more that was suspended or not whole."""

    def __init__(self, connection: Any, request: Any) -> None:
        self._connection, self._parser, self._request = connection, connection.parser, request

    def __next__(self) -> Any:
        self._connection.parser = self._parser
        return self._request


class Worker(ThreadWorker):
    """gunicorn's thread worker, with an executor that lets requests wait without a thread.

    New connections go to the process that has the fewest. Connections stay for long, and all processes race
    to accept one; the busiest is already running and would win. If one process has many more all the same,
    because the others have just started, it closes some after their response, and their clients connect
    again.

    On a stop it also accepts what the kernel has accepted already: those clients may have sent their request,
    and would be reset with it. After that, connections are refused, so that clients know that nobody read
    their request.

    It overrides methods of ThreadWorker and uses attributes that gunicorn does not document: `tpool`,
    `poller`, `nr_conns`, `alive`, `pending_conns`, `max_keepalived`, and `parser`, `timeout`, `initialized`
    and `data_ready` of a connection. So pyproject.toml pins gunicorn to the exact version that tests/longpoll
    and tests/faults were run with. Before another version is pinned, read what has changed in
    gunicorn/workers/gthread.py.

    Methods run in the main thread, which owns the selector, except `handle_request`, which runs in the pool.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Closed by us, not yet by their clients; the oldest first.
        self._lingering: deque[Any] = deque()
        self.reading = Reading(self)
        self.places = Places()
        # By slot of the process: its connections plus one; 0 where there is no process. Shared memory, once
        # forked.
        self.connection_counts = memoryview(bytearray(4)).cast("I")
        self.slot = 0
        self._next_look = self._next_notice = 0.0

    def get_thread_pool(self) -> SuspendableExecutor:
        """Return the pool that gunicorn submits connections to."""
        return SuspendableExecutor(self.cfg.threads)

    def accept(self, listener: Any) -> None:
        """Accept one connection, after a short delay if another process has fewer of them."""
        self._publish_count()
        if self.alive and self.nr_conns > self._fewest_of_others() * 1.1 + REBALANCE_ACCEPT_AT:
            time.sleep(ACCEPT_DELAY)
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # No free file. Other code of this process needs files too, so from here on fewer connections
                # are allowed; further ones wait in the kernel's backlog until some close.
                self.worker_connections = max(self.cfg.threads, self.nr_conns - MIN_CONNECTIONS)
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        give_back = self.places.take(client)
        if give_back is None:
            _turn_away(sock)
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(SEND_PATIENCE), 0))
        self.nr_conns += 1
        self.enqueue_req(Connection(self.cfg, sock, client, listener.getsockname(), give_back))

    def enqueue_req(self, conn: Any) -> None:
        """Submit a connection to the pool, or wait for its first request in the selector.

        gunicorn would wait for it in a thread. Browsers open connections ahead of need.
        """
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """Submit a new connection once the head of its first request is complete."""
        self._on_readable(conn, client, self.pending_conns, super().on_pending_socket_readable)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Submit a kept connection once the head of its next request is complete."""
        self._on_readable(conn, client, self.keepalived_conns, super().on_client_socket_readable)

    def _on_readable(self, conn: Any, client: Any, among: deque[Any], submit: Callable[..., None]) -> None:
        state = head_state(client)
        if state == "complete":
            submit(conn, client)
            return
        self.poller.unregister(client)
        among.remove(conn)
        if state == "partial":
            self.reading.wait_for_head(conn)
        else:
            self.refuse(conn, 431, "large_head")

    def resume(self, conn: Any, request: Any) -> None:
        """Submit a connection whose request is whole now."""
        conn.parser = _ReplayParser(conn, request)
        self.enqueue_req(conn)

    def refuse(self, conn: Any, status: int, reason: str) -> None:
        """Answer with a page of the server's own, and close. `reason`: for the metrics."""
        self._answer(conn.sock, status, reason)
        self._close_slowly(conn)

    def _answer(self, sock: socket.socket, status: int, reason: str) -> None:
        metrics.REFUSED.labels(reason).inc()
        with suppress(OSError):
            sock.send(own_pages.page(status), socket.MSG_DONTWAIT)

    def drop(self, conn: Any) -> None:
        """Close a connection that is not in the selector."""
        self.nr_conns -= 1
        conn.close()

    def _publish_count(self) -> None:
        self.connection_counts[self.slot] = self.nr_conns + 1 if self.alive else 0

    def _fewest_of_others(self) -> int:
        """Return the connections of the other process that has the fewest; our own if there is no other."""
        counts = enumerate(self.connection_counts)
        return min((n - 1 for slot, n in counts if n and slot != self.slot), default=self.nr_conns)

    def handle_request(self, request: Any, connection: Any) -> Any:
        """Handle one request in a thread of the pool. Raises Suspend if it waits without the thread."""
        open_connections = self.nr_conns - len(self._lingering)
        # Idle connections must leave room for requests. Many others may be about to become idle, so all that
        # are not suspended count.
        too_many = open_connections - self.tpool.suspended > self.max_keepalived
        if too_many or open_connections > self._fewest_of_others() * 1.2 + REBALANCE_CLOSE_AT:
            request.force_close()
        limits = self.reading.limits
        try:
            collect(request, connection, max_body=limits.max_body, max_anonymous=limits.max_anonymous)
        except OSError:
            self._answer(connection.sock, 503, "no_room")
            raise StopIteration from None
        # A client that takes no more of a response must not hold the thread for ever. Most polls are answered
        # with a few bytes, and each timeout costs two system calls: theirs is the one of `accept`.
        if request.path != POLL_PATH:
            connection.sock.settimeout(SEND_PATIENCE)
        try:
            with suspendable():
                return super().handle_request(request, connection)
        except (TimeoutError, BlockingIOError):
            metrics.REFUSED.labels("slow_reader").inc()
            raise StopIteration from None
        except Suspend:
            # The job is run again from `handle`, which takes the next request from the parser: it must be
            # this one.
            connection.parser = _ReplayParser(connection, request)
            # The second run decides anew whether the response ends the connection.
            request.must_close = False
            raise

    def handle(self, conn: Any) -> Any:
        """Handle a request. Returns the Incoming one if its body has not come whole."""
        try:
            return super().handle(conn)
        except BodyIncomplete as wait:
            return wait.incoming

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that could not be read, or whose handling failed outside the application."""
        status = own_pages.status_of(exc)
        if status == 500:
            self.log.exception("Error handling request %s", getattr(req, "path", ""))
        else:
            self.log.warning("Invalid request from ip=%s: %s", addr[0] if addr else "", type(exc).__name__)
        self._answer(client, status, "unreadable" if status != 500 else "failed")

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Put a connection back into the selector, or close it without waiting for its client."""
        if fs.cancelled() or fs.exception():
            super().finish_request(conn, fs)
            return
        result = fs.result()
        if isinstance(result, Incoming):
            self.reading.wait_for_body(result)
        elif not result:
            self._close_slowly(conn)
        elif (rest := conn.parser.unreader.buf.getvalue()) and head_state(conn.sock, rest) == "partial":
            # gunicorn would wait for the rest of this head in a thread.
            self.reading.wait_for_head(conn)
        else:
            super().finish_request(conn, fs)

    def _close_slowly(self, conn: Any) -> None:
        # gunicorn would wait for the client here, in the one loop that all connections share.
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            # The client is gone already.
            self.drop(conn)
        else:
            conn.timeout = time.monotonic() + LINGER
            self._lingering.append(conn)

    def _drain(self, conn: Any, sock: Any) -> None:
        """Read what the client still sends until it closes its side: a reset could destroy our response."""
        with suppress(OSError):
            if sock.recv(MAX_DRAINED_BODY):
                return
        self._lingering.remove(conn)
        self._close(conn)

    def _close(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.drop(conn)

    def notify(self) -> None:
        """Tell the parent that this process lives. gunicorn does it twice for each request."""
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + LOOK_EVERY
            super().notify()

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that sent no further request in time; `force`: all that are kept."""
        if force or not self.alive or time.monotonic() >= self._next_look:
            super().murder_keepalived(force)

    def murder_pending(self) -> None:
        """Close connections that did not send, or did not close, in time.

        gunicorn calls it after murder_keepalived, at each round of its loop.
        """
        now = time.monotonic()
        # On a stop the loop waits for the first of them to end, and would spin if it did not.
        if now < self._next_look and self.alive:
            return
        self._next_look = now + LOOK_EVERY
        super().murder_pending()
        self.reading.end_slow()
        self._publish_count()
        # All have the same LINGER, so the oldest is the first to end.
        while self._lingering and self._lingering[0].timeout <= now:
            self._close(self._lingering.popleft())

    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop to accept; the last time, on a stop, take what the kernel has accepted already."""
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            before = -1
            while self.nr_conns != before:
                before = self.nr_conns
                self.accept(listener)
            listener.close()
        # Whatever those clients have sent is here by now, so they need not be waited for as long as usual.
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.reading.hurry(STOP_KEEPALIVE_LINGER)


def _turn_away(sock: socket.socket) -> None:
    """Close a new connection of an address that has as many as it may."""
    metrics.REFUSED.labels("address").inc()
    with suppress(OSError):
        sock.send(own_pages.page(429), socket.MSG_DONTWAIT)
        sock.shutdown(socket.SHUT_WR)
    sock.close()
