"""The bell: wakes waiting polls the moment somebody's change log moves, and knows where the logs stand meanwhile.

Redis carries it between processes and never holds anything. Where Redis is away, one thread per process asks the
database for the people who wait here; slower, and nobody loses anything.

Two rules keep it from ever hiding a change:

- Waiting is level-triggered: listen first, then read the log, then sleep. A change between the read and the sleep
  has already rung the waiter.
- What is known of a log (a Standing) is made before the database is asked, and only while Redis is heard. A ring
  that comes in between raises it; a bell that falls silent voids it; and the database is asked on a timer all the
  same, for a process may die between its commit and its ring.
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
from wellchat.crew import Wake
from wellchat.ringer import Ringer

log = logging.getLogger(__name__)

CHANNEL = "wellchat:bell"
EXPELLED = "!"  # in the place of a number: nothing that is known of this person holds any longer
PATIENCE = 0.25  # seconds a request may lose to a slow Redis
SILENCE = 5.0  # seconds without trying, after Redis failed
LISTEN = 0.5  # seconds between signs of life asked of Redis
DEAF = 1.5  # seconds without one, after which the bell counts as silent
TRUTH_EVERY = 5.0  # seconds between looks at the database while Redis rings
TRUTH_EVERY_ALONE = 1.0  # the same while there is no Redis
FORGET = 300.0  # seconds after which a log that nobody asks for is no longer followed
AT_ONCE = 1_000  # logs looked up in one statement


class Head(NamedTuple):
    """What the database says of a log: its last number, and how often access to it has ended."""

    seq: int
    access: int


Heads = Callable[[list[str]], Mapping[str, Head]]


class Standing:
    """What this process knows of one user's log: at least how far it has come; and `access`, once it has been read."""

    __slots__ = ("access", "confirmed", "seq", "used")

    def __init__(self) -> None:
        self.seq = 0
        self.confirmed = 0  # what polls have said has arrived, as far as this process has dealt with it
        self.access: int | None = None
        self.used = time.monotonic()

    def learn(self, head: Head) -> None:
        """The database says so."""
        self.seq = max(self.seq, head.seq)
        self.access = head.access


class Waiter(Wake):
    """One hanging poll: whose, and what it has seen."""

    __slots__ = ("seq", "user_id")

    def __init__(self, user_id: str, seq: int) -> None:
        super().__init__()
        self.user_id = user_id
        self.seq = seq


class Bell:
    def __init__(self, app: Flask, *, heads: Heads) -> None:
        self._app = app
        self._heads = heads
        self._url: str | None = app.config["REDIS_URL"]
        self._redis = connect(self._url, timeout=PATIENCE) if self._url else None
        self._silent_until = 0.0
        self._ringer = Ringer(self._carry)
        self._lock = threading.Lock()
        self._waiters: dict[str, set[Waiter]] = defaultdict(set)
        self.waiting = 0  # of them, all told
        self._standings: dict[str, Standing] = {}
        self._hearing = False
        self._watching_in: int | None = None  # the process with the watcher; a fork has none of its parent's threads
        self.closing = threading.Event()

    # Ringing

    def ring(self, heads: Mapping[str, int]) -> None:
        """Tell everybody who follows one of these users that their log has reached `seq`."""
        self._heard(heads)
        self._publish(" ".join(f"{user_id}:{seq}" for user_id, seq in heads.items()))

    def expel(self, user_id: str) -> None:
        """A session or token of this user has ended: nothing remembered of them holds any longer, anywhere."""
        self._void([user_id])
        self._publish(f"{user_id}:{EXPELLED}")

    def _publish(self, words: str) -> None:
        if self._redis is not None:
            self._ringer.give(words)

    def _carry(self, bells: list[str]) -> None:
        assert self._redis is not None
        if time.monotonic() < self._silent_until:
            return
        try:
            self._redis.publish(CHANNEL, " ".join(bells))
        except redis.RedisError as error:
            self._silent_until = time.monotonic() + SILENCE
            log.warning("Redis does not answer (%s); polls fall back to the database", error)

    # Following

    def standing(self, user_id: str) -> Standing:
        """What is known of the user's log; get it BEFORE reading the log, and let it learn what was read."""
        self._watch_over()
        with self._lock:
            if not self._hearing:
                return Standing()  # known to nobody but the caller, so never current
            return self._standings.setdefault(user_id, Standing())

    def is_current(self, user_id: str, standing: Standing, seq: int) -> bool:
        """Whether the log is known to stand at `seq` this very moment, without asking anybody."""
        if self._standings.get(user_id) is not standing or standing.access is None:
            return False
        standing.used = time.monotonic()
        return standing.seq == seq

    def listen(self, user_id: str, seq: int) -> Waiter:
        """A waiter that wakes when the log of `user_id` passes `seq`, and when the server closes; until `leave`."""
        waiter = Waiter(user_id, seq)
        self._watch_over()
        with self._lock:
            self._waiters[user_id].add(waiter)
            self.waiting += 1
        metrics.WAITING.inc()
        if self.closing.is_set():
            waiter.ring()
        return waiter

    def leave(self, waiter: Waiter) -> None:
        metrics.WAITING.dec()
        with self._lock:
            self._waiters[waiter.user_id].discard(waiter)
            self.waiting -= 1
            if not self._waiters[waiter.user_id]:
                del self._waiters[waiter.user_id]

    def close(self) -> None:
        """Let every hanging poll answer now: the process is about to end."""
        self.closing.set()
        self._void(list(self._waiters))

    def _heard(self, heads: Mapping[str, int]) -> None:
        with self._lock:
            for user_id, seq in heads.items():
                if (standing := self._standings.get(user_id)) and seq > standing.seq:
                    standing.seq = seq
                for waiter in self._waiters.get(user_id, ()):
                    if seq > waiter.seq:
                        waiter.ring()
                        metrics.WAKES.inc()

    def _void(self, user_ids: Iterable[str]) -> None:
        """Forget what is known of these people's logs, and let their polls ask anew."""
        with self._lock:
            for user_id in user_ids:
                self._standings.pop(user_id, None)
                for waiter in self._waiters.get(user_id, ()):
                    waiter.ring()

    # The watcher

    def _watch_over(self) -> None:
        """Make sure that this process has its watcher."""
        if self._watching_in == os.getpid():
            return
        with self._lock:
            if self._watching_in != os.getpid():
                self._watching_in = os.getpid()
                threading.Thread(target=self._watch, name="bell", daemon=True).start()

    def _watch(self) -> None:
        while not self.closing.is_set():
            try:
                if self._url is not None:
                    self._follow_redis(self._url)
            except redis.RedisError as error:
                log.info("the bell is silent: %s", error)
            except Exception:
                log.warning("the bell stumbled", exc_info=True)
            finally:
                with self._lock:
                    self._hearing = False
                    self._standings.clear()
            with suppress(Exception):
                self._ask_the_database()
            self.closing.wait(TRUTH_EVERY_ALONE)

    def _follow_redis(self, url: str) -> None:
        client = connect(url, timeout=DEAF)
        subscription = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            subscription.subscribe(CHANNEL)
            subscription.ping()  # its answer comes after the subscription stands
            heard = pinged = time.monotonic()
            asked = 0.0  # at once: what was rung before the subscription stood is lost
            while not self.closing.is_set():
                message = subscription.get_message(timeout=LISTEN)
                now = time.monotonic()
                if message:
                    heard, self._hearing = now, True
                    if message["type"] == "message":
                        self._obey(message["data"])
                if now - heard > DEAF:
                    raise redis.ConnectionError(f"no sign of life for {DEAF} s")
                if now - pinged > LISTEN:
                    pinged = now
                    subscription.ping()
                if self._hearing and now - asked > TRUTH_EVERY:
                    asked = now
                    self._ask_the_database()
        finally:
            with suppress(Exception):
                subscription.close()
            client.close()

    def _obey(self, words: str) -> None:
        told = [word.rpartition(":") for word in words.split()]
        self._heard({user_id: int(seq) for user_id, _, seq in told if seq.isdigit()})
        if expelled := [user_id for user_id, _, seq in told if seq == EXPELLED]:
            self._void(expelled)

    def _ask_the_database(self) -> None:
        long_ago = time.monotonic() - FORGET
        with self._lock:
            for user_id in [u for u, standing in self._standings.items() if standing.used < long_ago]:
                del self._standings[user_id]
            user_ids = list({*self._waiters, *self._standings})
        for start in range(0, len(user_ids), AT_ONCE):
            asked = user_ids[start : start + AT_ONCE]
            with self._app.app_context():
                found = self._heads(asked)
            self._void([u for u in asked if self._has_lost_access(u, found.get(u))])
            self._heard({user_id: head.seq for user_id, head in found.items()})

    def _has_lost_access(self, user_id: str, head: Head | None) -> bool:
        """Whether a session or token of theirs has ended since it was shown, or they are gone."""
        standing = self._standings.get(user_id)
        return head is None or (standing is not None and standing.access not in (None, head.access))


def connect(url: str, *, timeout: float) -> redis.Redis:
    """A client that gives up after `timeout` seconds, so that a hung Redis cannot hang a request."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),  # the client's own retries would take seconds
        decode_responses=True,
    )


def ring(heads: Mapping[str, int]) -> None:
    """Ring the bell of the current application; see Bell.ring."""
    the_bell().ring(heads)


def the_bell() -> Bell:
    bell: Bell = current_app.extensions["bell"]
    return bell


def init_app(app: Flask, *, heads: Heads) -> None:
    app.extensions["bell"] = Bell(app, heads=heads)
