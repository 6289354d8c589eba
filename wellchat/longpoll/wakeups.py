"""Wakes long polls when a user's change log grows, and caches the newest sequence number (head) of each log.

Wake-ups travel between processes over Redis pub/sub. No state is stored in Redis. Without Redis, one thread
per process polls the database for the users that wait here; then wake-ups come later, and none is lost.

Two rules prevent lost wake-ups:

1. Add the waiter, then read the log, then sleep. A change after the read fires the waiter, which does not
   sleep then.
2. Create the cached head (KnownHead) before querying the database, and only while subscribed. A wake-up
   during the query raises it. Losing the subscription discards all of them.

The heads are read again every few seconds anyway, because a process can die between its commit and its
publish. docs/longpoll.md has the whole design.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from wellchat import metrics
from wellchat.background_publisher import BackgroundPublisher
from wellchat.longpoll.heads import Head, KnownHead, ReadHeads
from wellchat.longpoll.waiters import Waiter

log = logging.getLogger(__name__)

# The name of the Redis channel. It is older than this module: processes of two versions must hear each other.
CHANNEL = "wellchat:bell"
REVOKED = "!"  # in place of a number: discard everything cached for this user
NEWS = "*"  # in place of a number: what stands before it is a topic, and not a user
REDIS_TIMEOUT = 0.25  # seconds a request may lose to a slow Redis
RETRY_AFTER = 5.0  # seconds without trying, after Redis failed
PING_EVERY = 0.5  # seconds between pings on the subscription
STALE_AFTER = 1.5  # seconds without a message or pong, after which the subscription counts as lost
REFRESH_EVERY = 5.0  # seconds between reads of the heads from the database while subscribed
REFRESH_EVERY_WITHOUT_REDIS = 1.0  # seconds between them while not subscribed
CACHE_TTL = 300.0  # seconds after which an unused cached head is dropped
BATCH_SIZE = 1_000  # heads read by one statement


class PollNotifier:
    """Publishes new heads to all processes, and wakes the polls that wait in this one."""

    def __init__(self, app: Flask, *, read_heads: ReadHeads) -> None:
        """`read_heads` is called inside the application's context."""
        self._app = app
        self._read_heads = read_heads
        self._url: str | None = app.config["REDIS_URL"]
        self._redis = connect(self._url, timeout=REDIS_TIMEOUT) if self._url else None
        self._retry_at = 0.0
        self._publisher = BackgroundPublisher(self._send)
        # Guards the four below. It is never held during a query or a call to Redis.
        self._lock = threading.Lock()
        self._waiters: dict[str, dict[Waiter, None]] = defaultdict(dict)  # each person's, oldest first
        self._known_heads: dict[str, KnownHead] = {}
        self._is_subscribed = False
        self._listeners: dict[str, Callable[[], None]] = {}  # by topic
        self.waiting = 0  # waiters of all users
        # The process that has the watcher thread: a fork has no threads of its parent, and starts its own.
        self._watcher_pid: int | None = None
        self.closing = threading.Event()

    @property
    def is_subscribed(self) -> bool:
        """Whether Redis is heard, so that heads may be cached."""
        return self._is_subscribed

    # Notifying

    def notify(self, heads: Mapping[str, int]) -> None:
        """Wake the polls of these users, in all processes. `heads`: the seq that each user's log has reached.

        Call it after the commit. If Redis fails, the other processes find the change on a timer.
        """
        self._advance(heads)
        self._publish(" ".join(f"{user_id}:{seq}" for user_id, seq in heads.items()))

    def revoke(self, user_id: str) -> None:
        """Discard what is cached for a user, in all processes: a session or token of theirs has ended."""
        self.invalidate([user_id])
        self._publish(f"{user_id}:{REVOKED}")

    def announce(self, topic: str) -> None:
        """Call who follows `topic` in the other processes. Call it after the commit."""
        self._publish(f"{topic}:{NEWS}")

    def follow(self, topic: str, listener: Callable[[], None]) -> None:
        """Have `listener` called in the application's context when `topic` is announced, and on a timer."""
        self._listeners.setdefault(topic, listener)
        self._ensure_watcher()

    def _call_listeners(self, topics: Iterable[str]) -> None:
        for listener in [self._listeners[each] for each in topics if each in self._listeners]:
            with self._app.app_context():
                listener()

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
        """Return the cached head of the user's log.

        Get it BEFORE reading the log, then update it with what was read.
        """
        self._ensure_watcher()
        with self._lock:
            if not self._is_subscribed:
                # Nobody would raise it, so it is not cached, and never counts as current.
                return KnownHead()
            return self._known_heads.setdefault(user_id, KnownHead())

    def is_current(self, user_id: str, known_head: KnownHead, seq: int) -> bool:
        """Return whether the log is known to stand at `seq` right now. Makes no query."""
        # Without the lock, on the path of every idle poll. It is safe because identities are compared: a head
        # that was discarded meanwhile is no longer in the dictionary, even if a new one took its place.
        if self._known_heads.get(user_id) is not known_head or known_head.access is None:
            return False
        known_head.last_used = time.monotonic()
        return known_head.seq == seq

    def add_waiter(self, waiter: Waiter) -> None:
        """Fire `waiter` when its user's log passes its seq or the server closes, until `remove_waiter`.

        A person has MAX_WAITING_PER_PERSON places: nobody takes those of all. The oldest waiter makes room.
        """
        self._ensure_watcher()
        oldest = None
        with self._lock:
            theirs = self._waiters[waiter.user_id]
            theirs[waiter] = None
            self.waiting += 1
            if len(theirs) > self._app.config["MAX_WAITING_PER_PERSON"]:
                del theirs[oldest := next(iter(theirs))]
        if oldest is not None:
            oldest.displaced = True
            oldest.fire()
        metrics.WAITING.inc()
        # Added first, then looked: `close` sets the event and then fires all waiters, so one of the two sees
        # the other.
        if self.closing.is_set():
            waiter.fire()

    def remove_waiter(self, waiter: Waiter) -> None:
        """Forget `waiter`. Call it exactly once for each `add_waiter`."""
        metrics.WAITING.dec()
        with self._lock:
            self._waiters[waiter.user_id].pop(waiter, None)
            self.waiting -= 1
            if not self._waiters[waiter.user_id]:
                del self._waiters[waiter.user_id]

    def close(self) -> None:
        """Wake every waiting poll, because the process is about to end. It answers 204 at once."""
        self.closing.set()
        self.invalidate(list(self._waiters))

    def invalidate(self, user_ids: Iterable[str]) -> None:
        """Discard the cached heads of these users in this process, and wake their polls, which then ask anew.

        `revoke` does it in all processes.
        """
        with self._lock:
            for user_id in user_ids:
                self._known_heads.pop(user_id, None)
                for waiter in self._waiters.get(user_id, ()):
                    waiter.fire()

    def lose_subscription(self) -> None:
        """Discard all cached heads, because wake-ups may have been missed.

        The watcher calls it when Redis falls silent. Heads are cached again as soon as Redis is heard.
        """
        with self._lock:
            self._is_subscribed = False
            self._known_heads.clear()

    def refresh(self) -> None:
        """Read the heads of all users that wait or are cached here, and drop the unused ones.

        It finds lost wake-ups and lost revocations. The watcher calls it every few seconds.
        Raises SQLAlchemyError if the database fails.
        """
        self._call_listeners(list(self._listeners))
        unused_since = time.monotonic() - CACHE_TTL
        with self._lock:
            unused = [each for each, head in self._known_heads.items() if head.last_used < unused_since]
            for user_id in unused:
                del self._known_heads[user_id]
            user_ids = list({*self._waiters, *self._known_heads})
            known = {each: head.seq for each, head in self._known_heads.items()}
        for start in range(0, len(user_ids), BATCH_SIZE):
            asked = user_ids[start : start + BATCH_SIZE]
            with self._app.app_context():
                found = self._read_heads(asked)
            over = [each for each in asked if self._is_over(each, known.get(each, 0), found.get(each))]
            self.invalidate(over)
            self._advance({user_id: head.seq for user_id, head in found.items()})

    def _is_over(self, user_id: str, known: int, head: Head | None) -> bool:
        """Return whether access ended, the user is gone, or the log fell below `known`, as at a failover."""
        access = known_head.access if (known_head := self._known_heads.get(user_id)) else None
        return head is None or head.seq < known or access not in (None, head.access)

    def _advance(self, heads: Mapping[str, int]) -> None:
        """Raise the cached heads, and wake the polls that have seen less."""
        with self._lock:
            for user_id, seq in heads.items():
                # Wake-ups of two processes may arrive in any order, so a lower number changes nothing.
                if (known_head := self._known_heads.get(user_id)) and seq > known_head.seq:
                    known_head.seq = seq
                for waiter in self._waiters.get(user_id, ()):
                    if seq > waiter.seq:
                        waiter.fire()
                        metrics.WAKES.inc()

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
                log.warning("the watcher of wake-ups failed", exc_info=True)
            finally:
                self.lose_subscription()
            # If the database fails too, polls end at their timeout and the application reports it.
            with suppress(Exception):
                self.refresh()
            self.closing.wait(REFRESH_EVERY_WITHOUT_REDIS)

    def _follow_redis(self, url: str) -> None:
        """Handle wake-ups until the process closes. Raises RedisError when the subscription is lost."""
        client = connect(url, timeout=STALE_AFTER)
        subscription = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            subscription.subscribe(CHANNEL)
            # Redis answers in order, so the pong proves that the subscription is active. Only then are heads
            # cached.
            subscription.ping()
            last_heard = last_ping = time.monotonic()
            # Refresh at once: wake-ups before the subscription were missed.
            refreshed_at = 0.0
            while not self.closing.is_set():
                message = subscription.get_message(timeout=PING_EVERY)
                now = time.monotonic()
                if message:
                    last_heard, self._is_subscribed = now, True
                    if message["type"] == "message":
                        self._handle_message(message["data"])
                # A dead connection may look open for minutes, so silence counts as loss.
                if now - last_heard > STALE_AFTER:
                    raise redis.ConnectionError(f"no sign of life for {STALE_AFTER} s")
                if now - last_ping > PING_EVERY:
                    last_ping = now
                    subscription.ping()
                if self._is_subscribed and now - refreshed_at > REFRESH_EVERY:
                    refreshed_at = now
                    self.refresh()
        finally:
            with suppress(Exception):
                subscription.close()
            client.close()

    def _handle_message(self, payload: str) -> None:
        """Obey one message: `<user id>:<seq>` or `<user id>:!`, separated by spaces; ignore anything else."""
        entries = [entry.rpartition(":") for entry in payload.split()]
        self._advance({user_id: int(seq) for user_id, _, seq in entries if seq.isdigit()})
        if revoked := [user_id for user_id, _, seq in entries if seq == REVOKED]:
            self.invalidate(revoked)
        self._call_listeners([topic for topic, _, seq in entries if seq == NEWS])


def connect(url: str, *, timeout: float) -> redis.Redis:
    """Return a client that gives up after `timeout` seconds: a hanging Redis cannot block a request."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),  # the client's own retries would take seconds
        decode_responses=True,
    )


def poll_notifier() -> PollNotifier:
    """Return the notifier of the current application."""
    notifier: PollNotifier = current_app.extensions["poll_notifier"]
    return notifier


def notify(heads: Mapping[str, int]) -> None:
    """Notify by the current application; see PollNotifier.notify."""
    poll_notifier().notify(heads)


def init_app(app: Flask, *, read_heads: ReadHeads) -> None:
    """Give the application a notifier. `read_heads`: see ReadHeads."""
    app.extensions["poll_notifier"] = PollNotifier(app, read_heads=read_heads)
