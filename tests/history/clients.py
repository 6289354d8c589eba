"""Random clients.

A device is a generator of requests: who drives it decides what is on the other side, and when.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.history.recording import Call, Request, State

Life = Generator[Request | float, Call | None, Any]  # a number is a pause in seconds

KEEP = 6  # cursors that a device may go back to
TRIES = 40  # of a call whose fate is unknown, before a device gives up on it


@dataclass
class Person:
    """A user, whom they may write to, and what all their devices share."""

    id: str
    token: str
    others: list[str]
    # messages sent of late, which any device may send again
    recent: list[Request] = field(default_factory=list)


@dataclass
class Habits:
    """How lively the devices are. Weights of what they do, and the longest they wait."""

    weights: dict[str, float] = field(
        default_factory=lambda: {
            "poll": 30,
            "send": 14,
            "send_again": 4,
            "edit": 4,
            "delete": 2,
            "mark": 4,
            "mark_unread": 1,
            "read": 8,
            "open": 2,
            "browse": 3,
            "go_back": 4,
            "go_away": 2,
            "begin_anew": 1,
            "stray": 1,
        }
    )
    waits: tuple[float, ...] = (0, 0, 0.2, 1.0)
    away: float = 0.3  # longest absence in seconds
    patience: float = 0.05  # first pause before a call is made again


class Device:
    """One of a person's devices, sequential as a tab is: it has one call in the air at a time."""

    keys = itertools.count(1)

    def __init__(self, name: str, person: Person, rng: random.Random, habits: Habits) -> None:
        self.name, self.person, self.rng, self.habits = name, person, rng, habits
        self.cursor, self.limit = "", rng.choice((5, 20, 100))
        self.kept: list[str] = []
        self.day_is_over = threading.Event()
        self.threads: dict[str, State] = {}
        self.messages: dict[tuple[str, int], State] = {}
        self.strays: list[str] = []  # cursors of other people, shown to the server as if they were one's own

    # A life

    def live(self, steps: int) -> Life:
        """Start, and do so many things, or until the day is over."""
        yield from self.begin_anew()
        for _ in range(steps):
            if self.day_is_over.is_set():
                return
            yield from self.step()

    def step(self) -> Life:
        """Any one thing that a person may do."""
        names, weights = list(self.habits.weights), list(self.habits.weights.values())
        yield from getattr(self, self.rng.choices(names, weights)[0])()

    def begin_anew(self) -> Life:
        """A fresh tab: the lists first, the cursor from the first of them, then updates."""
        while True:
            self.cursor, self.kept, self.threads, self.messages = "", [], {}, {}
            threads = yield from self.call(
                Request("threads", "GET", "/api/threads", {"limit": 100}, about={"load": True})
            )
            if not threads.is_ok:
                yield self.habits.patience * 4
                continue
            self.threads = {t["id"]: t for t in threads.answer["threads"]}
            if (yield from self.load_rest()):
                self.cursor = threads.answer["cursor"]
                return

    def load_rest(self) -> Life:
        for thread_id in list(self.threads):
            query = {"limit": self.rng.choice((1, 5, 30, 100))}
            page = yield from self.call(self.messages_of(thread_id, query, load=True))
            if not page or not page.is_ok:
                return False
            self.learn(page.answer)
        before: State = {}
        while True:
            query = {"limit": 100, **before}
            page = yield from self.call(
                Request("notifications", "GET", "/api/notifications", query, about={"load": True})
            )
            if not page or not page.is_ok:
                return False
            if page.answer["next"] is None:
                break
            before = {"before": page.answer["next"]}
        me = yield from self.call(Request("me", "GET", "/api/me", about={"load": True}))
        return bool(me and me.is_ok)

    def messages_of(self, thread_id: str, query: State, *, load: bool) -> Request:
        path = f"/api/threads/{thread_id}/messages"
        return Request("messages", "GET", path, query, about={"thread": thread_id, "load": load})

    def learn(self, answer: State) -> None:
        for thread in answer.get("threads", []):
            self.threads[thread["id"]] = thread
        for message in answer.get("messages", []):
            self.messages[message["thread_id"], message["seq"]] = message

    # What it does

    def poll(self, *, wait: float | None = None, last: bool = False) -> Life:
        wait = self.rng.choice(self.habits.waits) if wait is None else wait
        # Mostly the very same poll as before: what a server remembers of one is to be put to the test.
        limit = self.limit if self.rng.random() < 0.6 else self.rng.choice((1, 2, 5, 20, 100))
        query = {"since": self.cursor, "limit": limit, "wait": wait}
        about = {"since": self.cursor, "wait": wait} | ({"last": True} if last else {})
        call = yield from self.call(Request("poll", "GET", "/api/updates", query, about=about))
        if call is None:
            return False
        if call.status == 410:
            yield from self.begin_anew()
        elif call.status == 200:
            self.learn(call.answer)
            self.cursor = call.answer["cursor"]
            self.kept = [*self.kept[-KEEP:], self.cursor]
        return call.status == 200

    def go_back(self) -> Life:
        """A page restored from the browser's memory goes on from where it was."""
        if self.kept:
            self.cursor = self.rng.choice(self.kept)
        yield from self.poll()

    def go_away(self) -> Life:
        yield self.rng.uniform(0, self.habits.away)

    def open(self) -> Life:
        other = self.rng.choice(self.person.others)
        about = {"members": [self.person.id, other]}
        call = yield from self.persist(
            Request("open", "POST", "/api/threads", body={"with": other}, about=about)
        )
        if call and call.is_ok and self.rng.random() < 0.5:
            yield from self.say(call.answer["thread"]["id"])

    def send(self) -> Life:
        if not self.threads:
            return (yield from self.open())
        return (yield from self.say(self.rng.choice(list(self.threads))))

    def say(self, thread_id: str) -> Life:
        key = f"k{next(self.keys)}-{self.name}"
        body: State = {"body": f"{key} {'x' * self.rng.choice((0, 10, 300))}".strip(), "client_key": key}
        held = [seq for t, seq in self.messages if t == thread_id]
        if held and self.rng.random() < 0.2:
            body["reply_to"] = self.rng.choice(held)
        about = {"thread": thread_id, "key": key, "body": body["body"]}
        wish = Request("send", "POST", f"/api/threads/{thread_id}/messages", body=body, about=about)
        self.person.recent = [*self.person.recent[-8:], wish]
        yield from self.persist(wish)

    def send_again(self) -> Life:
        """The same key again, by this device or another: perhaps while the first try is still under way."""
        if self.person.recent:
            yield from self.call(self.rng.choice(self.person.recent))

    def own(self) -> State | None:
        mine = [m for m in self.messages.values() if m["sender_id"] == self.person.id and not m["deleted"]]
        return self.rng.choice(mine[-20:]) if mine else None

    def edit(self) -> Life:
        if message := self.own():
            thread_id, seq = message["thread_id"], message["seq"]
            text = f"{message['body'].split()[0].split('~')[0]}~{next(self.keys)}"
            about = {"thread": thread_id, "seq": seq, "body": text}
            path = f"/api/threads/{thread_id}/messages/{seq}"
            # Not again with the same words: they might come back after somebody else's newer ones.
            yield from self.call(Request("edit", "PATCH", path, body={"body": text}, about=about))

    def delete(self) -> Life:
        if message := self.own():
            thread_id, seq = message["thread_id"], message["seq"]
            path = f"/api/threads/{thread_id}/messages/{seq}"
            yield from self.persist(
                Request("delete", "DELETE", path, about={"thread": thread_id, "seq": seq})
            )

    def mark(self) -> Life:
        """React to anybody's message, or pin it; or take that back."""
        if self.messages:
            thread_id, seq = self.rng.choice(sorted(self.messages)[-20:])
            what = self.rng.choice(("pin", f"reactions/{quote('👍')}", f"reactions/{quote('🎉')}"))
            path = f"/api/threads/{thread_id}/messages/{seq}/{what}"
            method = self.rng.choice(("PUT", "PUT", "DELETE"))
            yield from self.persist(Request("mark", method, path, about={"thread": thread_id, "seq": seq}))

    def mark_unread(self) -> Life:
        """From anything that is on the screen."""
        if self.messages:
            thread_id, seq = self.rng.choice(sorted(self.messages))
            path, about = f"/api/threads/{thread_id}/unread", {"thread": thread_id, "seq": seq}
            yield from self.call(Request("mark unread", "PUT", path, body={"seq": seq}, about=about))

    def read(self) -> Life:
        """Up to a message that is on the screen: the latest, or any."""
        if self.messages:
            thread_id = self.rng.choice(sorted({t for t, _ in self.messages}))
            shown = [seq for t, seq in self.messages if t == thread_id]
            seq = max(shown) if self.rng.random() < 0.6 else self.rng.choice(shown)
            path = f"/api/threads/{thread_id}/read"
            about = {"thread": thread_id, "seq": seq}
            yield from self.persist(Request("read", "PUT", path, body={"seq": seq}, about=about))

    def browse(self) -> Life:
        """A look that changes nothing of what the device holds."""
        if self.threads and self.rng.random() < 0.7:
            thread_id = self.rng.choice(list(self.threads))
            last = self.threads[thread_id]["last_seq"]
            query: State = {"limit": self.rng.randint(1, 100)}
            query |= self.rng.choice(
                ({}, {"after": self.rng.randint(0, last)}, {"before": self.rng.randint(1, last + 1)})
            )
            yield from self.call(self.messages_of(thread_id, query, load=False))
        else:
            limit = self.rng.randint(1, 10)
            yield from self.call(
                Request("threads", "GET", "/api/threads", {"limit": limit}, about={"load": False})
            )

    def stray(self) -> Life:
        """Somebody else's cursor, or none at all."""
        since = self.rng.choice([*self.strays, "bm8gY3Vyc29y"])
        yield from self.call(Request("stray poll", "GET", "/api/updates", {"since": since}))

    # Calls

    def call(self, request: Request) -> Life:
        """Make a call once; waits a little where the answer says so."""
        call = yield request
        assert call is not None
        if call.pause:
            yield call.pause
        return call

    def persist(self, request: Request) -> Life:
        """Make a call again until its fate is known, as an outbox does."""
        pause = self.habits.patience
        for _ in range(TRIES):
            call = yield from self.call(request)
            if call.result == "ok" or (call.result == "fail" and call.status != 429):
                return call
            yield pause * self.rng.uniform(0.5, 1.5)
            pause = min(1.0, pause * 1.6)
        return None
