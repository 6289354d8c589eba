"""The production web server: gunicorn with threads.

A hanging poll holds its connection and no thread, so one process holds thousands of them.
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
from wellchat.crew import Crew, Hangs, may_hang

READY = "wellchat answers on"
MOST_DRAINED = 64 * 1024  # bytes of an unread body that gunicorn reads on before the next request
KEPT_ALIVE = 512  # idle connections one process keeps open beyond those that hang and those at work
MOST_WAITING = 10_000  # hanging polls of one process, where nothing is set and the system lets it open so many files
OWN_FILES = 200  # that a process opens besides: database, Redis, listeners
FEWEST = 16  # connections that hang, and as many idle ones, however few files may be opened
UNEVEN = 2  # connections more, and a tenth, than another process has, from which on that one may take the next
COURTESY = 0.001  # seconds it has for that
CROWDED = 4  # connections more, and a fifth, from which on some are sent away to come to that one
LINGER = 2.0  # seconds in which a client is to close its side of a connection that we have ended
# How many new objects bring on each kind of garbage collection. A full one looks at all that thousands of waiting polls
# hold, for half a second in which nobody is answered, and finds next to nothing; by default there are several a minute.
COLLECT_AFTER = (10_000, 5, 40)


class Server(BaseApplication):
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Made before the processes part: they share its memory, and one that takes another's place is quick."""
        from wellchat import create_app

        app = create_app()
        codecs.lookup("idna")  # every request asks for it, and who has no file left to find it by never finds it again
        gc.collect()
        gc.freeze()  # what stands now is never looked at again, so its pages stay shared
        gc.set_threshold(*COLLECT_AFTER)
        return app


class _Again:
    """Stands in for a connection's parser, and gives the request that has hung once more."""

    def __init__(self, connection: Any, request: Any) -> None:
        self._connection, self._parser, self._request = connection, connection.parser, request

    def __next__(self) -> Any:
        self._connection.parser = self._parser
        return self._request


class Worker(ThreadWorker):
    """gunicorn's, with a crew that lets requests hang without a thread.

    New connections go to whoever of the processes has the fewest: they stay for long, and all that wake up for one race
    for it, which the busiest would win, for it is awake already. Where one has many more all the same, for the others
    have just begun, it ends some with their answer, and their clients come again.

    On a stop it also takes whoever the kernel has let in already. They may have sent their request, and would be reset
    with it. From there on new ones are refused, so that they know that nobody heard them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ended: deque[Any] = deque()  # connections whose clients have not closed their side yet, the oldest first
        self.shares = memoryview(bytearray(4)).cast("I")  # one more than the connections of each process; 0: nobody
        self.place = 0  # of ours among them

    def get_thread_pool(self) -> Crew:
        return Crew(self.cfg.threads)

    def accept(self, listener: Any) -> None:
        self._tell_share()
        if self.alive and self.nr_conns > self._fewest_elsewhere() * 1.1 + UNEVEN:
            time.sleep(COURTESY)
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            # Others of this process need files too. From here on who is too many waits in line until some have left.
            self.worker_connections = max(self.cfg.threads, self.nr_conns - FEWEST)

    def enqueue_req(self, conn: Any) -> None:
        """Who has connected and said nothing yet waits without a thread, as one does between two requests."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _tell_share(self) -> None:
        self.shares[self.place] = self.nr_conns + 1 if self.alive else 0

    def _fewest_elsewhere(self) -> int:
        others = (share - 1 for place, share in enumerate(self.shares) if share and place != self.place)
        return min(others, default=self.nr_conns)

    def handle_request(self, request: Any, connection: Any) -> Any:
        staying = self.nr_conns - len(self._ended)
        # Idle ones may not take the places of those that hang, or there is none left for who has something to say. Many
        # may be on their way to be idle, so all others count.
        too_many = staying - self.tpool.hanging > self.max_keepalived
        if too_many or staying > self._fewest_elsewhere() * 1.2 + CROWDED:
            request.force_close()
        try:
            with may_hang():
                return super().handle_request(request, connection)
        except Hangs:
            connection.parser = _Again(connection, request)  # for when it is handled anew
            request.must_close = False  # as is this
            raise

    def finish_request(self, conn: Any, fs: Any) -> None:
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        # Otherwise gunicorn waits for the client here, in the one loop that all connections share.
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._hear_out, conn))
        except (OSError, ValueError):  # it is gone already
            self.nr_conns -= 1
            conn.close()
        else:
            conn.timeout = time.monotonic() + LINGER
            self._ended.append(conn)

    def _hear_out(self, conn: Any, sock: Any) -> None:
        """Whatever it still sends, or our answer may not reach it; until it has closed its side."""
        with suppress(OSError):
            if sock.recv(MOST_DRAINED):
                return
        self._ended.remove(conn)
        self._part(conn)

    def _part(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        super().murder_pending()
        self._tell_share()
        while self._ended and self._ended[0].timeout <= time.monotonic():
            self._part(self._ended.popleft())

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if self.alive:
            return
        for listener in self.sockets:
            known = -1
            while self.nr_conns != known:
                known = self.nr_conns
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


def most_open(threads: int, wanted: int) -> tuple[int, int]:
    """How many polls may hang in one process, and how many connections idle: as many as there are files for.

    Takes all the files that it is allowed.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return wanted, KEPT_ALIVE
    left = max(2 * FEWEST, files - threads - OWN_FILES)
    idle = min(KEPT_ALIVE, left // 2)
    return min(wanted, left - idle), idle


def options(*, host: str, port: int, workers: int, threads: int, waiting: int, grace: int) -> dict[str, Any]:
    """gunicorn's settings. `waiting`: polls that may hang in one process. `grace`: seconds for requests on a stop."""
    waiting, idle = most_open(threads, waiting)
    shares = memoryview(mmap(-1, 4 * 4 * workers)).cast("I")  # while all are renewed there are more than `workers`

    def give_place(master: Any, worker: Any) -> None:
        taken = {each.place for each in master.WORKERS.values()}
        worker.shares, worker.place = shares, next(place for place in range(len(shares)) if place not in taken)

    def leave(_master: Any, worker: Any) -> None:
        shares[worker.place] = 0
        metrics.process_ended(worker.pid)

    def begin(worker: Any) -> None:
        worker.tpool.most_hanging, worker.max_keepalived = waiting, idle
        shares[worker.place] = 1
        _answer_polls_on_stop(worker)
        print(f"{READY} {address(host, port)}", flush=True)  # noqa: T201

    def announce_end(_worker: Any, request: Any) -> None:
        """A large body that nobody reads ends its connection, and the answer has to say so."""
        headers = dict(request.headers)
        if "TRANSFER-ENCODING" in headers or int(headers.get("CONTENT-LENGTH") or 0) >= MOST_DRAINED:
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
        "post_worker_init": begin,
        "pre_fork": give_place,
        "child_exit": leave,
        "pre_request": announce_end,
        "loglevel": (os.environ.get("WELLCHAT_LOG_LEVEL") or "warning").lower(),
        "errorlog": "-",
        "accesslog": None,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - the heartbeat must not wait for a disk
        "control_socket_disable": True,
    }


def _answer_polls_on_stop(worker: Any) -> None:
    """Without this a stop waits for the longest hanging poll, or cuts it off."""

    def on_term(number: int, frame: Any) -> None:
        # A thread, because a signal may arrive while this one holds the lock that closing needs.
        threading.Thread(target=worker.wsgi.extensions["bell"].close).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, on_term)


def serve(*, host: str, port: int, workers: int, threads: int, waiting: int, grace: int) -> None:
    """Serve until told to stop; ends the process."""
    Server(options(host=host, port=port, workers=workers, threads=threads, waiting=waiting, grace=grace)).run()
