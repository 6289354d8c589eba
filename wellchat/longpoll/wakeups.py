"""Wakes long polls when a user's change log grows, and caches the newest sequence number (head) of each log.

Wakeups travel between processes over Redis pub/sub; Redis stores nothing. Without Redis, one thread per process polls
the database for the users that wait here; wakeups come later then, and none is lost.

Two rules prevent a lost change:

- Add the waiter first, then read the log, then sleep. A change between the read and the sleep has already woken it.
- Create the cached head (KnownHead) before querying the database, and only while subscribed. A wakeup during the query
  raises it; losing the subscription discards all of them. The heads are read again every few seconds anyway, because a
  process can die between its commit and its publish.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from wellchat import metrics
from wellchat.background_publisher import BackgroundPublisher
from wellchat.longpoll.executor import Wakeup

log = logging.getLogger(__name__)

CHANNEL = (
    "wellchat:bell"  # of Redis; the name on the wire, kept so that processes of two versions hear each other
)
REVOKED = "!"  # in place of a number: discard everything cached for this user
REDIS_TIMEOUT = 0.25  # seconds a request may lose to a slow Redis
RETRY_AFTER = 5.0  # seconds without trying, after Redis failed
PING_EVERY = 0.5  # seconds between pings on the subscription
STALE_AFTER = 1.5  # seconds without a message or pong, after which the subscription counts as lost
REFRESH_EVERY = 5.0  # seconds between reads of the heads from the database while subscribed
REFRESH_EVERY_WITHOUT_REDIS = 1.0  # the same while not subscribed
CACHE_TTL = 300.0  # seconds after which an unused cached head is dropped
BATCH_SIZE = 1_000  # heads read by one statement


class Head(NamedTuple):
    """A log in the database: its last number, and how often access to it has ended."""

    seq: int
    access: int


ReadHeads = Callable[[list[str]], Mapping[str, Head]]


class KnownHead:
    """What this process knows of one user's log.

    `seq`: the log has come at least this far. `access`: None until it has been read from the database.
    """

    __slots__ = ("access", "acknowledged", "last_used", "seq")

    def __init__(self) -> None:
        self.seq = 0
        self.acknowledged = 0  # what polls have acknowledged, as far as this process has dealt with it
        self.access: int | None = None
        self.last_used = time.monotonic()

    def update(self, head: Head) -> None:
        """Take over what the database says."""
        self.seq = max(self.seq, head.seq)
        self.access = head.access


class Waiter(Wakeup):
    """One waiting poll: its user, and the head it has seen."""

    __slots__ = ("seq", "user_id")

    def __init__(self, user_id: str, seq: int) -> None:
        super().__init__()
        self.user_id = user_id
        self.seq = seq


class PollNotifier:
    """Publishes new heads to all processes, and wakes the polls that wait in this one."""

    def __init__(self, app: Flask, *, read_heads: ReadHeads) -> None:
        self._app = app
        self._read_heads = read_heads
        self._url: str | None = app.config["REDIS_URL"]
        self._redis = connect(self._url, timeout=REDIS_TIMEOUT) if self._url else None
        self._retry_at = 0.0
        self._publisher = BackgroundPublisher(self._send)
        self._lock = threading.Lock()
        self._waiters: dict[str, set[Waiter]] = defaultdict(set)
        self.waiting = 0  # waiters of all users
        self._known_heads: dict[str, KnownHead] = {}
        self._is_subscribed = False
        self._watcher_pid: int | None = (
            None  # the process that has the watcher; a fork has no threads of its parent
        )
        self.closing = threading.Event()

    # Notifying

    def notify(self, heads: Mapping[str, int]) -> None:
        """Wake the polls of these users, in all processes: their logs have reached `seq`."""
        self._advance(heads)
        self._publish(" ".join(f"{user_id}:{seq}" for user_id, seq in heads.items()))

    def revoke(self, user_id: str) -> None:
        """A session or token of this user has ended: discard what is cached for them, in all processes."""
        self._invalidate([user_id])
        self._publish(f"{user_id}:{REVOKED}")

    def _publish(self, payload: str) -> None:
        if self._redis is not None:
            self._publisher.put(payload)

    def _send(self, payloads: list[str]) -> None:
        assert self._redis is not None
        if time.monotonic() < self._retry_at:
            return
        try:
            self._redis.publish(CHANNEL, " ".join(payloads))
        except redis.RedisError as error:
            self._retry_at = time.monotonic() + RETRY_AFTER
            log.warning("Redis does not answer (%s); polls fall back to the database", error)

    # Waiting

    def known_head(self, user_id: str) -> KnownHead:
        """Returns the cached head of the user's log.

        Get it BEFORE reading the log, then update it with what was read.
        """
        self._ensure_watcher()
        with self._lock:
            if not self._is_subscribed:
                return KnownHead()  # held by nobody but the caller, so it never counts as current
            return self._known_heads.setdefault(user_id, KnownHead())

    def is_current(self, user_id: str, known_head: KnownHead, seq: int) -> bool:
        """Whether the log is known to stand at `seq` right now, without a query."""
        if self._known_heads.get(user_id) is not known_head or known_head.access is None:
            return False
        known_head.last_used = time.monotonic()
        return known_head.seq == seq

    def add_waiter(self, user_id: str, seq: int) -> Waiter:
        """Returns a waiter that fires when the log passes `seq` or the server closes; until `remove_waiter`."""
        waiter = Waiter(user_id, seq)
        self._ensure_watcher()
        with self._lock:
            self._waiters[user_id].add(waiter)
            self.waiting += 1
        metrics.WAITING.inc()
        if self.closing.is_set():
            waiter.fire()
        return waiter

    def remove_waiter(self, waiter: Waiter) -> None:
        metrics.WAITING.dec()
        with self._lock:
            self._waiters[waiter.user_id].discard(waiter)
            self.waiting -= 1
            if not self._waiters[waiter.user_id]:
                del self._waiters[waiter.user_id]

    def close(self) -> None:
        """Let every waiting poll answer now: the process is about to end."""
        self.closing.set()
        self._invalidate(list(self._waiters))

    def _advance(self, heads: Mapping[str, int]) -> None:
        """Raise the cached heads, and wake the polls that have seen less."""
        with self._lock:
            for user_id, seq in heads.items():
                if (known_head := self._known_heads.get(user_id)) and seq > known_head.seq:
                    known_head.seq = seq
                for waiter in self._waiters.get(user_id, ()):
                    if seq > waiter.seq:
                        waiter.fire()
                        metrics.WAKES.inc()

    def _invalidate(self, user_ids: Iterable[str]) -> None:
        """Drop the cached heads of these users, and let their polls ask again."""
        with self._lock:
            for user_id in user_ids:
                self._known_heads.pop(user_id, None)
                for waiter in self._waiters.get(user_id, ()):
                    waiter.fire()

    # The watcher

    def _ensure_watcher(self) -> None:
        """Start the watcher thread unless this process has it."""
        if self._watcher_pid == os.getpid():
            return
        with self._lock:
            if self._watcher_pid != os.getpid():
                self._watcher_pid = os.getpid()
                threading.Thread(target=self._run_watcher, name="poll-notifier", daemon=True).start()

    def _run_watcher(self) -> None:
        while not self.closing.is_set():
            try:
                if self._url is not None:
                    self._follow_redis(self._url)
            except redis.RedisError as error:
                log.info("the subscription to Redis is lost: %s", error)
            except Exception:
                log.warning("the watcher of wakeups failed", exc_info=True)
            finally:
                with self._lock:
                    self._is_subscribed = False
                    self._known_heads.clear()
            with suppress(Exception):
                self._refresh()
            self.closing.wait(REFRESH_EVERY_WITHOUT_REDIS)

    def _follow_redis(self, url: str) -> None:
        client = connect(url, timeout=STALE_AFTER)
        subscription = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            subscription.subscribe(CHANNEL)
            subscription.ping()  # the pong comes after the subscription is active
            last_heard = last_ping = time.monotonic()
            asked = 0.0  # refresh at once: what was published before the subscription is lost
            while not self.closing.is_set():
                message = subscription.get_message(timeout=PING_EVERY)
                now = time.monotonic()
                if message:
                    last_heard, self._is_subscribed = now, True
                    if message["type"] == "message":
                        self._handle_message(message["data"])
                if now - last_heard > STALE_AFTER:
                    raise redis.ConnectionError(f"no sign of life for {STALE_AFTER} s")
                if now - last_ping > PING_EVERY:
                    last_ping = now
                    subscription.ping()
                if self._is_subscribed and now - asked > REFRESH_EVERY:
                    asked = now
                    self._refresh()
        finally:
            with suppress(Exception):
                subscription.close()
            client.close()

    def _handle_message(self, payload: str) -> None:
        entries = [entry.rpartition(":") for entry in payload.split()]
        self._advance({user_id: int(seq) for user_id, _, seq in entries if seq.isdigit()})
        if revoked := [user_id for user_id, _, seq in entries if seq == REVOKED]:
            self._invalidate(revoked)

    def _refresh(self) -> None:
        """Read the heads of all users that wait or are cached here, and drop unused ones."""
        unused_since = time.monotonic() - CACHE_TTL
        with self._lock:
            for user_id in [
                u for u, known_head in self._known_heads.items() if known_head.last_used < unused_since
            ]:
                del self._known_heads[user_id]
            user_ids = list({*self._waiters, *self._known_heads})
        for start in range(0, len(user_ids), BATCH_SIZE):
            asked = user_ids[start : start + BATCH_SIZE]
            with self._app.app_context():
                found = self._read_heads(asked)
            self._invalidate([u for u in asked if self._has_lost_access(u, found.get(u))])
            self._advance({user_id: head.seq for user_id, head in found.items()})

    def _has_lost_access(self, user_id: str, head: Head | None) -> bool:
        """Whether a session or token of theirs has ended since the head was cached, or the user is deleted."""
        known_head = self._known_heads.get(user_id)
        return head is None or (known_head is not None and known_head.access not in (None, head.access))


def connect(url: str, *, timeout: float) -> redis.Redis:
    """Returns a client that gives up after `timeout` seconds, so that a hanging Redis cannot block a request."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),  # the client's own retries would take seconds
        decode_responses=True,
    )


def notify(heads: Mapping[str, int]) -> None:
    """Notify by the current application; see PollNotifier.notify."""
    poll_notifier().notify(heads)


def poll_notifier() -> PollNotifier:
    notifier: PollNotifier = current_app.extensions["poll_notifier"]
    return notifier


def init_app(app: Flask, *, read_heads: ReadHeads) -> None:
    app.extensions["poll_notifier"] = PollNotifier(app, read_heads=read_heads)
