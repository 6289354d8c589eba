"""The production web server: gunicorn with threads.

A waiting poll holds its connection and no thread, so one process holds thousands of them.
"""

from __future__ import annotations

import codecs
import errno
import gc
import os
import resource
import selectors
import signal
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from wellchat import metrics
from wellchat.config import Settings
from wellchat.longpoll.executor import Suspend, SuspendableExecutor, suspendable

READY = "wellchat answers on"
MAX_DRAINED_BODY = 64 * 1024  # bytes of an unread body that gunicorn reads on before the next request
MAX_IDLE = 512  # idle connections one process keeps open beside the suspended and running ones
MAX_WAITING = 10_000  # polls of one process, where nothing is set and the limit of open files allows it
RESERVED_FILES = 200  # open files of a process beside connections: database, Redis, listeners
MIN_CONNECTIONS = 16  # waiting ones, and as many idle ones, however low the limit of open files
REBALANCE_ACCEPT_AT = 2  # connections more, and a tenth, than another process has: then it may accept first
ACCEPT_DELAY = 0.001  # seconds it has for that
REBALANCE_CLOSE_AT = 4  # connections more, and a fifth: then some are closed, and come again elsewhere
LINGER = 2.0  # seconds a client has to close its side of a connection that we have closed
# How many new objects start each kind of garbage collection. A full one visits all that thousands of waiting
# polls hold: half a second in which nobody is answered, to free next to nothing. By default there are several
# a minute.
GC_THRESHOLD = (10_000, 5, 40)


class Server(BaseApplication):
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Load the application before the fork: the processes share its memory, and a replacement starts quickly."""
        from wellchat import create_app

        app = create_app()
        # Every request looks this codec up. A process without a free file could not load it, and would not try again.
        codecs.lookup("idna")
        gc.collect()
        gc.freeze()  # what exists now is never collected, so its pages stay shared
        gc.set_threshold(*GC_THRESHOLD)
        return app


class _ReplayParser:
    """Stands in for a connection's parser, and returns the suspended request once more."""

    def __init__(self, connection: Any, request: Any) -> None:
        self._connection, self._parser, self._request = connection, connection.parser, request

    def __next__(self) -> Any:
        self._connection.parser = self._parser
        return self._request


class Worker(ThreadWorker):
    """gunicorn's thread worker, with an executor that lets requests wait without a thread.

    New connections go to the process that has the fewest. Connections stay for long, and all processes race to
    accept one; the busiest is already running and would win. If one process has many more all the same, because
    the others have just started, it closes some after their response, and their clients connect again.

    On a stop it also accepts what the kernel has accepted already: those clients may have sent their request, and
    would be reset with it. After that, connections are refused, so that clients know that nobody read their request.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Closed by us, not yet by their clients; the oldest first.
        self._lingering: deque[Any] = deque()
        # By slot of the process: its connections plus one; 0 where there is no process. Shared memory, once forked.
        self.connection_counts = memoryview(bytearray(4)).cast("I")
        self.slot = 0

    def get_thread_pool(self) -> SuspendableExecutor:
        return SuspendableExecutor(self.cfg.threads)

    def accept(self, listener: Any) -> None:
        self._publish_count()
        if self.alive and self.nr_conns > self._fewest_of_others() * 1.1 + REBALANCE_ACCEPT_AT:
            time.sleep(ACCEPT_DELAY)
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            # Other code of this process needs files too. From here on, further connections wait in the backlog until
            # some close.
            self.worker_connections = max(self.cfg.threads, self.nr_conns - MIN_CONNECTIONS)

    def enqueue_req(self, conn: Any) -> None:
        """A connection without data waits in the selector, like an idle keep-alive one, and takes no thread."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _publish_count(self) -> None:
        self.connection_counts[self.slot] = self.nr_conns + 1 if self.alive else 0

    def _fewest_of_others(self) -> int:
        others = (
            number - 1 for slot, number in enumerate(self.connection_counts) if number and slot != self.slot
        )
        return min(others, default=self.nr_conns)

    def handle_request(self, request: Any, connection: Any) -> Any:
        open_connections = self.nr_conns - len(self._lingering)
        # Idle connections must leave room for requests. Many others may be about to become idle, so all that are not
        # suspended count.
        too_many = open_connections - self.tpool.suspended > self.max_keepalived
        if too_many or open_connections > self._fewest_of_others() * 1.2 + REBALANCE_CLOSE_AT:
            request.force_close()
        try:
            with suspendable():
                return super().handle_request(request, connection)
        except Suspend:
            connection.parser = _ReplayParser(connection, request)  # for when it is run again
            request.must_close = False  # so that the response decides anew whether the connection ends
            raise

    def finish_request(self, conn: Any, fs: Any) -> None:
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        # Otherwise gunicorn waits for the client here, in the one loop that all connections share.
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # the client is gone already
            self.nr_conns -= 1
            conn.close()
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
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        self._publish_count()
        while self._lingering and self._lingering[0].timeout <= time.monotonic():
            self._close(self._lingering.popleft())

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            before = -1
            while self.nr_conns != before:
                before = self.nr_conns
                self.accept(listener)
            listener.close()
        for conn in self.pending_conns:  # what they have sent is here by now
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)


def default_workers(settings: Settings) -> int:
    """One process on SQLite, which has one writer; otherwise one per processor, four at most."""
    return 1 if settings.DATABASE_URL.startswith("sqlite") else min(os.cpu_count() or 1, 4)


def address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_free(host: str, port: int) -> None:
    """Raises OSError, with one line to print, where the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"cannot listen on {host}:{port} ({error.strerror}); set PORT to another one"
            raise OSError(reason) from None


def connection_limits(threads: int, wanted: int) -> tuple[int, int]:
    """Returns how many polls may wait in one process and how many connections may be idle, by the limit of open files.

    Raises the soft limit to the hard one.
    """
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted, MAX_IDLE
    available = max(2 * MIN_CONNECTIONS, files - threads - RESERVED_FILES)
    idle = min(MAX_IDLE, available // 2)
    return min(wanted, available - idle), idle


def options(*, host: str, port: int, workers: int, threads: int, waiting: int, grace: int) -> dict[str, Any]:
    """Returns gunicorn's settings. `waiting`: polls of one process. `grace`: seconds for requests on a stop."""
    waiting, idle = connection_limits(threads, waiting)
    # Four times as many slots as `workers`: there are more of them while all are replaced.
    connection_counts = memoryview(mmap(-1, 4 * 4 * workers)).cast("I")

    def pre_fork(master: Any, worker: Any) -> None:
        taken = {each.slot for each in master.WORKERS.values()}
        worker.connection_counts = connection_counts
        worker.slot = next(slot for slot in range(len(connection_counts)) if slot not in taken)

    def child_exit(_master: Any, worker: Any) -> None:
        connection_counts[worker.slot] = 0
        metrics.process_ended(worker.pid)

    def post_worker_init(worker: Any) -> None:
        worker.tpool.max_suspended, worker.max_keepalived = waiting, idle
        connection_counts[worker.slot] = 1
        _release_polls_on_stop(worker)
        print(f"{READY} {address(host, port)}", flush=True)  # noqa: T201

    def pre_request(_worker: Any, request: Any) -> None:
        """A large unread body ends its connection, and the response has to say so."""
        headers = dict(request.headers)
        if "TRANSFER-ENCODING" in headers or int(headers.get("CONTENT-LENGTH") or 0) >= MAX_DRAINED_BODY:
            request.force_close()

    return {
        "bind": address(host, port).removeprefix("http://"),
        "worker_class": Worker,
        "preload_app": True,
        "workers": workers,
        "threads": threads,
        "worker_connections": waiting + threads + idle,
        "keepalive": 15,
        "timeout": 60,
        "graceful_timeout": grace,
        "post_worker_init": post_worker_init,
        "pre_fork": pre_fork,
        "child_exit": child_exit,
        "pre_request": pre_request,
        "loglevel": (os.environ.get("WELLCHAT_LOG_LEVEL") or "warning").lower(),
        "errorlog": "-",
        "accesslog": None,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - the heartbeat must not wait for a disk
        "control_socket_disable": True,
    }


def _release_polls_on_stop(worker: Any) -> None:
    """Without this a stop waits for the longest poll, or cuts it off."""

    def on_term(number: int, frame: Any) -> None:
        # In a thread: the signal may arrive while this one holds the lock that `close` needs.
        threading.Thread(target=worker.wsgi.extensions["poll_notifier"].close).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, on_term)


def serve(*, host: str, port: int, workers: int, threads: int, waiting: int, grace: int) -> None:
    """Serve until told to stop; ends the process."""
    Server(
        options(host=host, port=port, workers=workers, threads=threads, waiting=waiting, grace=grace)
    ).run()
