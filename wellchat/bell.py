"""The bell: wakes waiting polls the moment somebody's change log moves.

Redis carries it between processes and never holds anything. Where Redis is away, one thread per process asks the
database for the people who wait here; slower, and nobody loses anything. Waiting is level-triggered: listen first,
then read the log, then sleep, so that a change between the read and the sleep has already set the event.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import redis
from flask import Flask, current_app

log = logging.getLogger(__name__)

CHANNEL = "wellchat:bell"
PATIENCE = 0.25  # seconds a request may lose to a slow Redis
SILENCE = 5.0  # seconds without trying, after Redis failed
TRUTH_EVERY = 5.0  # seconds between looks at the database while Redis rings: it may lie, or have been flushed
TRUTH_EVERY_ALONE = 1.0  # the same while there is no Redis

Heads = Callable[[list[str]], Mapping[str, int]]


class Waiter:
    """One hanging poll: whose, what it has seen, and the event that ends its sleep."""

    def __init__(self, user_id: str, seq: int) -> None:
        self.user_id = user_id
        self.seq = seq
        self.event = threading.Event()


class Bell:
    def __init__(self, app: Flask, *, heads: Heads) -> None:
        self._app = app
        self._heads = heads
        self._url: str | None = app.config["REDIS_URL"]
        self._redis = connect(self._url, timeout=PATIENCE) if self._url else None
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self._waiters: dict[str, set[Waiter]] = defaultdict(set)
        self._watching_in: int | None = None  # the process with the watcher; a fork has none of its parent's threads
        self.closing = threading.Event()

    @property
    def waiting(self) -> int:
        return sum(len(waiters) for waiters in self._waiters.values())

    def ring(self, heads: Mapping[str, int]) -> None:
        """Tell everybody who waits for one of these users that their log has reached `seq`."""
        self._wake(heads)
        if self._redis is None or time.monotonic() < self._silent_until:
            return
        try:
            self._redis.publish(CHANNEL, " ".join(f"{user_id}:{seq}" for user_id, seq in heads.items()))
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + SILENCE
            log.warning("Redis does not answer (%s); polls fall back to the database", error)

    @contextmanager
    def listening(self, user_id: str, seq: int) -> Iterator[Waiter]:
        """A waiter that wakes when the log of `user_id` passes `seq`, and when the server closes."""
        waiter = Waiter(user_id, seq)
        with self._lock:
            self._waiters[user_id].add(waiter)
            if self._watching_in != os.getpid():
                self._watching_in = os.getpid()
                threading.Thread(target=self._watch, name="bell", daemon=True).start()
        try:
            if self.closing.is_set():
                waiter.event.set()
            yield waiter
        finally:
            with self._lock:
                self._waiters[user_id].discard(waiter)
                if not self._waiters[user_id]:
                    del self._waiters[user_id]

    def close(self) -> None:
        """Let every hanging poll answer now: the process is about to end."""
        self.closing.set()
        self._wake_all()

    def _wake(self, heads: Mapping[str, int]) -> None:
        with self._lock:
            for user_id, seq in heads.items():
                for waiter in self._waiters.get(user_id, ()):
                    if seq > waiter.seq:
                        waiter.event.set()

    def _wake_all(self) -> None:
        with self._lock:
            for waiters in self._waiters.values():
                for waiter in waiters:
                    waiter.event.set()

    def _watch(self) -> None:
        while not self.closing.is_set():
            try:
                if self._url is None:
                    self._ask_the_database()
                    self.closing.wait(TRUTH_EVERY_ALONE)
                else:
                    self._follow_redis(self._url)
            except redis.RedisError:
                with suppress(Exception):
                    self._ask_the_database()
                self.closing.wait(TRUTH_EVERY_ALONE)
            except Exception:
                log.warning("the bell stumbled", exc_info=True)
                self.closing.wait(TRUTH_EVERY_ALONE)

    def _follow_redis(self, url: str) -> None:
        client = connect(url, timeout=TRUTH_EVERY)
        subscription = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            subscription.subscribe(CHANNEL)
            asked = 0.0  # ask once right after subscribing: what was rung before that is lost
            while not self.closing.is_set():
                if time.monotonic() - asked > TRUTH_EVERY:
                    asked = time.monotonic()
                    self._ask_the_database()
                message = subscription.get_message(timeout=1.0)
                if message:
                    self._wake(_parse(message["data"]))
        finally:
            with suppress(Exception):
                subscription.close()
            client.close()

    def _ask_the_database(self) -> None:
        with self._lock:
            user_ids = list(self._waiters)
        if user_ids:
            with self._app.app_context():
                self._wake(self._heads(user_ids))


def connect(url: str, *, timeout: float) -> redis.Redis:
    """A client that gives up after `timeout` seconds, so that a hung Redis cannot hang a request."""
    return redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=PATIENCE, decode_responses=True)


def _parse(data: str) -> dict[str, int]:
    pairs = (pair.rpartition(":") for pair in data.split())
    return {user_id: int(seq) for user_id, _, seq in pairs if seq.isdigit()}


def ring(heads: Mapping[str, int]) -> None:
    """Ring the bell of the current application; see Bell.ring."""
    the_bell().ring(heads)


def the_bell() -> Bell:
    bell: Bell = current_app.extensions["bell"]
    return bell


def init_app(app: Flask, *, heads: Callable[[Iterable[str]], Mapping[str, int]]) -> None:
    app.extensions["bell"] = Bell(app, heads=heads)
