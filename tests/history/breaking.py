"""Models of the product with one fault each. `broke` counts how often the fault did its work."""

from __future__ import annotations

import random
from typing import Any

from tests.history.inventing import Answer, Model
from tests.history.recording import Request, State

SELDOM = 0.12


class Broken(Model):
    """`kinds`: what the checker may call it. `spoils` says whether it strikes this time."""

    kinds: tuple[str, ...] = ()

    def spoils(self, chance: float = SELDOM) -> bool:
        struck = self.rng.random() < chance
        self.broke += struck
        return struck


class Lost(Broken):
    """Acknowledged, and not kept."""

    kinds = ("lost", "two numbers", "renumbered")

    def send(self, user: str, request: Request) -> Answer:
        status, answer = super().send(user, request)
        if status == 201 and self.spoils():
            self.messages[request.about["thread"]].pop()
            self.logs = {u: [row for row in log if row != _place(answer)] for u, log in self.logs.items()}
        return status, answer


class Phantom(Broken):
    """A message that nobody sent."""

    kinds = ("phantom",)

    def send(self, user: str, request: Request) -> Answer:
        if self.spoils():
            self.store(request.about["thread"], user, f"ghost{self.broke}", "boo")
        return super().send(user, request)


class Duplicate(Broken):
    """A retry is a second message."""

    kinds = ("duplicate", "two numbers")

    def find(self, thread_id: str, user: str, key: str) -> State | None:
        found = super().find(thread_id, user, key)
        return None if found and self.spoils(0.5) else found


class TwoNumbers(Broken):
    """A retry is told another number than the first try."""

    kinds = ("two numbers", "renumbered")

    def send(self, user: str, request: Request) -> Answer:
        status, answer = super().send(user, request)
        if status == 200 and self.spoils(0.5):
            answer["message"] = answer["message"] | {"seq": answer["message"]["seq"] + 1}
        return status, answer


class Renumbered(Broken):
    """Two messages trade places after they were acknowledged."""

    kinds = ("renumbered",)

    def send(self, user: str, request: Request) -> Answer:
        messages = self.messages[request.about["thread"]]
        if len(messages) > 1 and self.spoils():
            messages[-1]["seq"], messages[-2]["seq"] = messages[-2]["seq"], messages[-1]["seq"]
        return super().send(user, request)


class Gap(Broken):
    """A number is left out."""

    kinds = ("gap",)

    def next_seq(self, thread_id: str) -> int:
        messages = self.messages[thread_id]
        if messages and messages[-1].get("skip") is None and self.spoils(0.02):
            messages[-1]["skip"] = 1
        return super().next_seq(thread_id) + sum(m.get("skip", 0) for m in messages[-1:])


class Reordered(Broken):
    """A later message gets a lower number than one acknowledged before it was sent."""

    kinds = ("order",)

    def send(self, user: str, request: Request) -> Answer:
        status, answer = super().send(user, request)
        messages = self.messages[request.about["thread"]]
        if status == 201 and len(messages) > 3 and self.spoils():
            moved = messages[-1]
            for message in messages[-4:-1]:
                message["seq"] += 1
            moved["seq"] -= 3
            answer["message"] = self.message(user, moved)
            for seq in range(moved["seq"], moved["seq"] + 4):
                self.tell(request.about["thread"], seq)
        return status, answer


class RefusedAndKept(Broken):
    """Refused for good, and there all the same."""

    kinds = ("refused and kept", "answer")

    def send(self, user: str, request: Request) -> Answer:
        status, answer = super().send(user, request)
        return (422, {}) if status == 201 and self.spoils() else (status, answer)


class StalePoll(Broken):
    """Nothing new, says the server, though there is."""

    kinds = ("stale poll", "missing")

    def poll(self, user: str, request: Request) -> Answer:
        status, answer = super().poll(user, request)
        return (204, {}) if status == 200 and not answer["has_more"] and self.spoils() else (status, answer)


class SkippedChange(Broken):
    """A row of somebody's change log is not written."""

    kinds = ("missing", "stale poll", "not the same", "unread")

    def tell(self, thread_id: str, seq: int | None) -> None:
        super().tell(thread_id, seq)
        if self.spoils(0.05):
            self.logs[self.threads[thread_id]["members"][0]].pop()


class OvertakenCursor(Broken):
    """Rows become visible out of order, and the cursor has passed them: what an id as a cursor does."""

    kinds = ("missing", "stale poll", "not the same", "unread")

    def __init__(self, rng: random.Random, people: list[str]) -> None:
        super().__init__(rng, people)
        self.under_way: dict[str, int] = {}  # by user: how many of the newest rows count as not committed yet

    def poll(self, user: str, request: Request) -> Answer:
        rows = len(self.logs[user]) - int(request.query["since"].rpartition(":")[2])
        status, answer = super().poll(user, request)
        if status == 200 and rows > 1 and not answer["has_more"] and self.spoils():
            hidden = self.rng.choice(answer["messages"] or answer["threads"])
            for name in ("messages", "threads"):
                answer[name] = [thing for thing in answer[name] if thing is not hidden]
        return status, answer


class HasMoreLies(Broken):
    """A page that was cut short says it was whole, and its cursor is at the end."""

    kinds = ("missing", "stale poll", "not the same", "unread")

    def poll(self, user: str, request: Request) -> Answer:
        status, answer = super().poll(user, request)
        if status == 200 and answer["has_more"]:
            self.broke += 1
            answer |= {"has_more": False, "cursor": self.cursor(user)}
        return status, answer


class Stuck(Broken):
    """The cursor does not move."""

    kinds = ("stuck",)

    def poll(self, user: str, request: Request) -> Answer:
        status, answer = super().poll(user, request)
        if status == 200 and self.spoils(0.05) and self.now:
            answer["cursor"] = request.query["since"]
        return status, answer


class Undeleted(Broken):
    """A deletion is taken back."""

    kinds = ("undeleted", "stale", "phantom text", "stale poll")

    def delete(self, user: str, request: Request) -> Answer:
        message = self.at(request)
        words = message["body"]
        status, answer = super().delete(user, request)
        if words is not None and self.spoils(0.3):
            message["body"], message["deleted"] = words, False
        return status, answer


class TextKept(Broken):
    """A tombstone that still says what was deleted."""

    kinds = ("text of a deleted message",)

    def delete(self, user: str, request: Request) -> Answer:
        message = self.at(request)
        words = message["body"]
        status, answer = super().delete(user, request)
        if words is not None and self.spoils(0.3):
            message["body"] = words
        return status, answer


class LostEdit(Broken):
    """An edit is acknowledged and does not happen."""

    kinds = ("stale text", "stale poll")

    def edit(self, user: str, request: Request) -> Answer:
        words = self.at(request)["body"]
        status, answer = super().edit(user, request)
        if status == 200 and self.spoils(0.3):
            self.at(request)["body"] = words
        return status, answer


class EditTakenBack(Broken):
    """An earlier text comes back when somebody reads."""

    kinds = ("stale text", "went back")

    def __init__(self, rng: random.Random, people: list[str]) -> None:
        super().__init__(rng, people)
        self.earlier: list[tuple[State, str]] = []

    def edit(self, user: str, request: Request) -> Answer:
        self.earlier.append((self.at(request), self.at(request)["body"]))
        return super().edit(user, request)

    def read(self, user: str, request: Request) -> Answer:
        if self.earlier and self.spoils(0.5):
            message, words = self.earlier.pop(0)
            if not message["deleted"]:
                message["body"] = words
                self.tell(message["thread_id"], message["seq"])
        return super().read(user, request)


class SwappedText(Broken):
    """Somebody gets the text of another message."""

    kinds = ("phantom text",)

    def store(self, thread_id: str, user: str, key: str, body: str) -> State:
        messages = self.messages[thread_id]
        if messages and messages[-1]["body"] and self.spoils():
            body = messages[-1]["body"]
        return super().store(thread_id, user, key, body)


class CountedUnread(Broken):
    """Unread is a stored number, which a deletion does not lower."""

    kinds = ("unread",)

    def unread(self, user: str, thread_id: str) -> int:
        mark = self.threads[thread_id]["read"][user]
        gone = [
            m for m in self.messages[thread_id] if m["seq"] > mark and m["sender_id"] != user and m["deleted"]
        ]
        self.broke += bool(gone)
        return super().unread(user, thread_id) + len(gone)


class WrongTotal(Broken):
    """The sum on the badge is not the sum."""

    kinds = ("unread",)

    def total(self, user: str) -> State:
        return super().total(user) | ({"messages": 99} if self.spoils() else {})


class WatermarkBack(Broken):
    """Reading an older message moves the watermark back."""

    kinds = ("watermark", "stale", "stale poll")

    def read(self, user: str, request: Request) -> Answer:
        marks = self.threads[request.about["thread"]]["read"]
        if request.body["seq"] < marks[user]:
            self.broke += 1
            marks[user] = request.body["seq"]
            self.tell(request.about["thread"], None)
            return 200, {}
        return super().read(user, request)


class ReadsAll(Broken):
    """Reading one message reads those that came meanwhile too."""

    kinds = ("watermark",)

    def read(self, user: str, request: Request) -> Answer:
        thread_id, marks = request.about["thread"], self.threads[request.about["thread"]]["read"]
        last = self.next_seq(thread_id) - 1
        if request.body["seq"] < last and self.spoils(1):
            marks[user] = last
            self.tell(thread_id, None)
            return 200, {}
        return super().read(user, request)


class LostRead(Broken):
    """Reading is acknowledged and does not happen."""

    kinds = ("watermark", "stale", "stale poll")

    def read(self, user: str, request: Request) -> Answer:
        mark = self.threads[request.about["thread"]]["read"][user]
        return (200, {}) if request.body["seq"] > mark and self.spoils(0.3) else super().read(user, request)


class TwoThreads(Broken):
    """A pair has one thread for whoever asks first, and one for the other."""

    kinds = ("two threads",)

    def thread_of(self, user: str, other: str) -> str:
        self.broke += 1
        return f"{user}-{other}"


class Leak(Broken):
    """Somebody is shown a message of other people's."""

    kinds = ("leak",)

    def changed(self, user: str, places: set[tuple[str, int]]) -> list[State]:
        others = [m for t, messages in self.messages.items() for m in messages if t not in self.mine(user)]
        leaked = [self.message(user, others[-1])] if others and self.spoils() else []
        return super().changed(user, places) + leaked


class Crash(Broken):
    """A 500."""

    kinds = ("answer",)

    def send(self, user: str, request: Request) -> Answer:
        return (500, {}) if self.spoils(0.05) else super().send(user, request)


class Forgotten(Broken):
    """A cursor of one's own is refused, for no reason."""

    kinds = ("resync",)

    def poll(self, user: str, request: Request) -> Answer:
        return (410, {"reason": "expired"}) if self.spoils(0.05) and self.now else super().poll(user, request)


def _place(answer: Any) -> tuple[str, int]:
    return answer["message"]["thread_id"], answer["message"]["seq"]


FAULTS = list(Broken.__subclasses__())
