"""The production web server: gunicorn with threads, its settings, and its start.

A waiting poll holds its connection and no thread, so one process holds thousands of them (see worker.py).
"""

from __future__ import annotations

import codecs
import errno
import gc
import logging
import os
import resource
import signal
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from mmap import mmap
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from wellchat import metrics
from wellchat.config import Settings
from wellchat.logs import dress
from wellchat.longpoll import own_pages
from wellchat.longpoll.reading import Limits
from wellchat.longpoll.worker import MAX_DRAINED_BODY, MIN_CONNECTIONS, Worker

READY = "wellchat answers on"
MAX_IDLE = 512  # idle connections one process keeps open beside the suspended and running ones
MAX_WAITING = 10_000  # polls of one process, where nothing is set and the limit of open files allows it
RESERVED_FILES = 200  # open files of a process beside connections: database, Redis, listeners
# How many new objects start each kind of garbage collection. A full one visits all that thousands of waiting
# polls hold: half a second in which nobody is answered, to free next to nothing. By default there are several
# a minute.
GC_THRESHOLD = (10_000, 5, 40)


class Server(BaseApplication):
    """gunicorn with these options instead of a command line."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Load the application before the fork: processes share its memory, and a replacement starts fast."""
        from wellchat import create_app

        app = create_app()
        dress(logging.getLogger("gunicorn.error"), app.config["LOG"])
        # Every request looks this codec up. A process without a free file could not load it, and Python would
        # remember the failure.
        codecs.lookup("idna")
        gc.collect()
        # What exists now is never collected. A collection would write into its pages, and they would not stay
        # shared.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLD)
        return app


def default_workers(settings: Settings) -> int:
    """Return the number of processes: one on SQLite, with its one writer; else one per CPU, 4 at most."""
    return 1 if settings.DATABASE_URL.startswith("sqlite") else min(os.cpu_count() or 1, 4)


def address(host: str, port: int) -> str:
    """Return the URL; an IPv6 address in brackets (RFC 3986)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_free(host: str, port: int) -> None:
    """Raise OSError, with one line to print, if the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "no name of a host"
            raise OSError(f"cannot listen on {host}:{port} ({why}); {_advice(error)}") from None


def _advice(error: OSError | UnicodeError) -> str:
    """Return what helps against an address that cannot be listened on."""
    number = getattr(error, "errno", None)
    if isinstance(error, socket.gaierror | UnicodeError) or number == errno.EADDRNOTAVAIL:
        return "set HOST to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"
    if number in (errno.EACCES, errno.EPERM):
        return "set PORT to 1024 or more, which need no rights"
    return "set PORT to another one"


def connection_limits(threads: int, wanted: int) -> tuple[int, int]:
    """Return two limits of one process: polls that may wait, and idle connections.

    `wanted`: polls that should be able to wait. The limit of open files may allow fewer; lifts its soft limit
    to the hard one.
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
    """Return gunicorn's settings.

    `waiting`: polls of one process. `grace`: seconds that a stop gives to running requests.
    """
    waiting, idle = connection_limits(threads, waiting)
    own_pages.install()
    # Memory that all forks share: four bytes a slot. Four times as many slots as `workers`, because there are
    # more processes while all of them are replaced.
    connection_counts = memoryview(mmap(-1, 4 * 4 * workers)).cast("I")

    def pre_fork(master: Any, worker: Any) -> None:
        # In the parent, before each fork: the child inherits its slot and the shared memory.
        taken = {each.slot for each in master.WORKERS.values()}
        worker.connection_counts = connection_counts
        worker.slot = next(slot for slot in range(len(connection_counts)) if slot not in taken)

    def child_exit(_master: Any, worker: Any) -> None:
        # In the parent, so that it also happens after a kill.
        connection_counts[worker.slot] = 0
        metrics.process_ended(worker.pid)

    def post_worker_init(worker: Any) -> None:
        worker.tpool.max_suspended, worker.max_keepalived = waiting, idle
        limit_clients(worker, worker.wsgi.config)
        connection_counts[worker.slot] = 1
        _release_polls_on_stop(worker)
        if worker.age == 1:
            # The first process of this start; one that replaces another is no start.
            import_module("wellchat.security_log.starts").record_start_soon(worker.wsgi, "web")
        print(f"{READY} {address(host, port)}", flush=True)  # noqa: T201

    def pre_request(_worker: Any, request: Any) -> None:
        # gunicorn gives up reading a large unread body and closes the connection. The response has to say so,
        # or the client sends its next request down a dead connection.
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
        # The heartbeat must not wait for a disk.
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108
        "control_socket_disable": True,
    }


def limit_clients(worker: Any, config: Mapping[str, Any]) -> None:
    """Set what clients of this worker may take, from the settings."""
    worker.reading.limits = Limits(
        patience=config["REQUEST_PATIENCE"],
        pace=config["BODY_PACE"] * 1024,
        # An upload is a form with the usual room beside its file.
        max_body=config["MAX_UPLOAD"] * 1024 * 1024 + config["MAX_CONTENT_LENGTH"],
        max_anonymous=config["MAX_CONTENT_LENGTH"],
    )
    # Behind a proxy every connection comes from the proxy's address.
    if not config["TRUSTED_PROXIES"] and config["ADDRESS_SHARE"] < 100:
        worker.places.limit = max(1, worker.worker_connections * config["ADDRESS_SHARE"] // 100)


def _release_polls_on_stop(worker: Any) -> None:
    """Wake the waiting polls on SIGTERM. Without this a stop waits for the longest poll, or cuts it off."""

    def on_term(number: int, frame: Any) -> None:
        # In a thread: a signal handler interrupts the main thread, which may hold the lock that `close`
        # needs.
        threading.Thread(target=worker.wsgi.extensions["poll_notifier"].close).start()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, on_term)


def serve(*, host: str, port: int, workers: int, threads: int, waiting: int, grace: int) -> None:
    """Serve until told to stop, then end the process. `waiting` and `grace`: see options."""
    Server(
        options(host=host, port=port, workers=workers, threads=threads, waiting=waiting, grace=grace)
    ).run()
