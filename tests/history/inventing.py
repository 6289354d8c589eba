"""Histories without a server.

A small model of the product, driven in invented time, correct or broken on purpose.

Calls overlap as they do in reality: each takes effect at some moment between being made and coming back.
What the checker says of these histories is known beforehand, which makes them the test of the checker
itself.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any

from tests.history.clients import Device, Habits, Person
from tests.history.driving import Crowd
from tests.history.recording import Call, History, Request, State

Answer = tuple[int, State]


class Model:
    """The product in a page: threads, messages, watermarks, and a log of changes per user."""

    def __init__(self, rng: random.Random, people: list[str]) -> None:
        self.rng = rng
        self.threads: dict[str, State] = {}  # id -> members, marks
        self.messages: dict[str, list[State]] = {}
        self.logs: dict[str, list[tuple[str, int | None]]] = {user: [] for user in people}
        self.now = 0.0
        self.broke = 0  # how often a broken one did what it should not

    # What changes something

    def open(self, user: str, request: Request) -> Answer:
        other = request.body["with"]
        thread_id = self.thread_of(user, other)
        made = thread_id not in self.threads
        if made:
            members = sorted((user, other))
            self.threads[thread_id] = {"members": members, "read": dict.fromkeys(members, 0), "again": {}}
            self.messages[thread_id] = []
            self.tell(thread_id, None)
        return (201 if made else 200), {"thread": self.thread(user, thread_id)}

    def thread_of(self, user: str, other: str) -> str:
        return "-".join(sorted((user, other)))

    def send(self, user: str, request: Request) -> Answer:
        thread_id, key, body = request.about["thread"], request.body["client_key"], request.body["body"]
        if first := self.find(thread_id, user, key):
            return 200, {"message": self.message(user, first)}
        message = self.store(thread_id, user, key, body)
        return 201, {"message": self.message(user, message)}

    def find(self, thread_id: str, user: str, key: str) -> State | None:
        mine = (m for m in self.messages[thread_id] if m["sender_id"] == user and m["key"] == key)
        return next(mine, None)

    def next_seq(self, thread_id: str) -> int:
        return max((m["seq"] for m in self.messages[thread_id]), default=0) + 1

    def store(self, thread_id: str, user: str, key: str, body: str) -> State:
        seq = self.next_seq(thread_id)
        message = {
            "thread_id": thread_id,
            "seq": seq,
            "sender_id": user,
            "key": key,
            "body": body,
            "deleted": False,
        }
        message |= {"revision": 0, "marks": []}
        self.messages[thread_id].append(message)
        marks = self.threads[thread_id]["read"]
        if marks[user] == seq - 1:
            marks[user] = seq
        self.tell(thread_id, seq)
        return message

    def tell(self, thread_id: str, seq: int | None) -> None:
        for user in self.threads[thread_id]["members"]:
            self.logs[user].append((thread_id, seq))

    def at(self, request: Request) -> State:
        found = [m for m in self.messages[request.about["thread"]] if m["seq"] == request.about["seq"]]
        if not found:
            raise LookupError
        return found[0]

    def edit(self, user: str, request: Request) -> Answer:
        message = self.at(request)
        if message["deleted"]:
            return 422, {}
        message["body"] = request.body["body"]
        message["revision"] += 1
        self.tell(message["thread_id"], message["seq"])
        return 200, {"message": self.message(user, message)}

    def delete(self, user: str, request: Request) -> Answer:
        message = self.at(request)
        if not message["deleted"]:
            message["body"], message["deleted"], message["marks"] = None, True, []
            message["revision"] += 1
            self.tell(message["thread_id"], message["seq"])
        return 200, {"message": self.message(user, message)}

    def mark(self, user: str, request: Request) -> Answer:
        message, mark = self.at(request), f"{user} {request.path}"
        if message["deleted"]:
            return 422, {}
        if (request.method == "PUT") != (mark in message["marks"]):
            message["marks"] = sorted({*message["marks"]} ^ {mark})
            message["revision"] += 1
            self.tell(message["thread_id"], message["seq"])
        return 200, {"message": self.message(user, message)}

    def mark_unread(self, user: str, request: Request) -> Answer:
        thread, seq = self.threads[request.about["thread"]], request.body["seq"]
        thread["again"][user] = seq if seq <= thread["read"][user] else None
        self.tell(request.about["thread"], None)
        return 200, {}

    def read(self, user: str, request: Request) -> Answer:
        thread, seq = self.threads[request.about["thread"]], request.body["seq"]
        marks, again = thread["read"], thread["again"].get(user)
        if seq > marks[user] or (again and again <= seq):
            thread["again"][user] = seq + 1 if again and again <= seq < marks[user] else None
            marks[user] = max(marks[user], seq)
            self.tell(request.about["thread"], None)
        return 200, {}

    # What only looks

    def thread(self, user: str, thread_id: str) -> State:
        members, marks = self.threads[thread_id]["members"], self.threads[thread_id]["read"]
        other = next(m for m in members if m != user)
        return {
            "id": thread_id,
            "client": {"id": members[0]},
            "professional": {"id": members[1]},
            "last_seq": self.next_seq(thread_id) - 1,
            "last_read_seq": marks[user],
            "unread_from": self.threads[thread_id]["again"].get(user),
            "other_read_seq": marks[other],
            "other_delivered_seq": marks[other],
            "unread": self.unread(user, thread_id),
        }

    def unread(self, user: str, thread_id: str) -> int:
        mark, again = self.threads[thread_id]["read"][user], self.threads[thread_id]["again"].get(user)
        mark = min(mark, again - 1) if again else mark
        above = (m for m in self.messages[thread_id] if m["seq"] > mark)
        return sum(m["sender_id"] != user and not m["deleted"] for m in above)

    def message(self, user: str, message: State) -> State:
        shown = {k: v for k, v in message.items() if k != "key"}
        return shown | ({"client_key": message["key"]} if message["sender_id"] == user else {})

    def mine(self, user: str) -> list[str]:
        return [t for t, thread in self.threads.items() if user in thread["members"]]

    def total(self, user: str) -> State:
        return {"messages": sum(self.unread(user, t) for t in self.mine(user)), "notifications": 0}

    def cursor(self, user: str) -> str:
        return f"{user}:{len(self.logs[user])}"

    def me(self, user: str, _request: Request) -> Answer:
        return 200, {"unread": self.total(user), "cursor": self.cursor(user)}

    def all_threads(self, user: str, _request: Request) -> Answer:
        return 200, {"threads": [self.thread(user, t) for t in self.mine(user)], "cursor": self.cursor(user)}

    def messages_page(self, user: str, request: Request) -> Answer:
        thread_id, query = request.about["thread"], request.query
        found = sorted(self.messages[thread_id], key=lambda m: m["seq"])
        if "after" in query:
            found = [m for m in found if m["seq"] > query["after"]]
            page = found[: query["limit"]]
        else:
            page = [m for m in found if m["seq"] < query.get("before", 1e9)][-query["limit"] :]
        more = len(page) < len(found)
        return 200, {
            "messages": [self.message(user, m) for m in page],
            "has_more": more,
            "cursor": self.cursor(user),
        }

    def notifications(self, user: str, _request: Request) -> Answer:
        return 200, {"notifications": [], "next": None, "cursor": self.cursor(user)}

    def stray_poll(self, _user: str, _request: Request) -> Answer:
        return 410, {"reason": "foreign"}

    def poll(self, user: str, request: Request) -> Answer:
        since = int(request.query["since"].rpartition(":")[2])
        rows = self.logs[user][since : since + request.query["limit"]]
        if not rows:
            return 204, {}
        upto = since + len(rows)
        return 200, {
            "cursor": f"{user}:{upto}",
            "has_more": upto < len(self.logs[user]),
            "threads": [self.thread(user, t) for t in sorted({t for t, _ in rows})],
            "messages": self.changed(user, {(t, seq) for t, seq in rows if seq is not None}),
            "notifications": [],
            "unread": self.total(user),
        }

    def changed(self, user: str, places: set[tuple[str, int]]) -> list[State]:
        return [
            self.message(user, m) for t in self.threads for m in self.messages[t] if (t, m["seq"]) in places
        ]


START = -1e6  # before any clock of the machine, which takes over at the end

# The calls that share a name with a part of the model go by another.
CALLS = {
    "threads": "all_threads",
    "messages": "messages_page",
    "stray poll": "stray_poll",
    "mark unread": "mark_unread",
}


def invent(
    seed: int, make: Callable[[random.Random, list[str]], Model] = Model, *, steps: int = 45
) -> tuple[History, Model]:
    """A whole history of four people with two devices each, and the model that gave the answers."""
    rng = random.Random(seed)
    people = ["ann", "bob", "cyd", "dan"]
    model = make(rng, people)
    persons = {"ann": ["cyd", "dan"], "bob": ["cyd", "dan"], "cyd": ["ann", "bob"], "dan": ["ann", "bob"]}
    owners = {user: Person(user, user, others) for user, others in persons.items()}
    devices = [
        Device(f"{user}/{i}", owners[user], random.Random(f"{seed}.{user}.{i}"), Habits())
        for user in people
        for i in range(2)
    ]
    crowd = Crowd(devices, lambda: _ModelDoor(model))
    _simulate(crowd, model, rng, steps)
    return crowd.finish(), model


def _simulate(crowd: Crowd, model: Model, rng: random.Random, steps: int) -> None:
    """Run all devices in invented time. Some calls get lost, before they take effect or after."""
    order = itertools.count()
    lives = {device.name: device.live(steps) for device in crowd.devices}
    agenda: list[tuple[float, int, Callable[[float], None]]] = []

    def at(moment: float, what: Callable[[float], None]) -> None:
        heapq.heappush(agenda, (moment, next(order), what))

    def go_on(device: Device, given: Call | None) -> Callable[[float], None]:
        def step(now: float) -> None:
            try:
                wanted = lives[device.name].send(given)
            except StopIteration:
                return
            if isinstance(wanted, Request):
                ask(device, wanted, now)
            else:
                at(now + wanted, go_on(device, None))

        return step

    def ask(device: Device, request: Request, begun: float) -> None:
        fate = rng.random()

        def take_effect(now: float) -> None:
            status: int | None
            model.now = now
            status, answer = (None, {}) if fate < 0.02 else respond(model, device.person.id, request)
            ended = now + rng.expovariate(100)
            if fate > 0.97:  # it happened, and nobody was told
                status, answer = None, {}
            call = Call(
                device.name, device.person.id, request.op, request.about, begun, ended, status, answer
            )
            at(ended, lambda _: crowd.recorder.history.calls.append(call))
            at(ended, go_on(device, call))

        at(begun + rng.expovariate(100), take_effect)

    for device in crowd.devices:
        at(START, go_on(device, None))
    while agenda:
        moment, _, what = heapq.heappop(agenda)
        what(moment)


class _ModelDoor:
    """For the end of a history, when nothing overlaps any more."""

    def __init__(self, model: Model) -> None:
        self.model, self.user = model, ""

    def ask(self, request: Request, token: str) -> tuple[int, State, dict[str, str]]:
        op = request.op or {
            "/api/threads": "threads",
            "/api/me": "me",
            "/api/notifications": "notifications",
        }.get(request.path, "messages")
        if op == "messages" and not request.about:
            request.about = {"thread": request.path.split("/")[3]}
        status, answer = respond(
            self.model, token, Request(op, "", "", request.query, request.body, request.about)
        )
        return status, answer, {}


def respond(model: Model, user: str, request: Request) -> Answer:
    """Ask the model, whose answer is a copy: what happens later does not change what was said."""
    method = getattr(model, CALLS.get(request.op, request.op))
    try:
        status, answer = method(user, request)
    except LookupError:
        return 404, {}
    return status, _copy(answer)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value
