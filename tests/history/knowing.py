"""What is known from the calls of a history.

Who is in which thread, what was written, what was seen, and when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable
from typing import NamedTuple

from tests.history.findings import FOREVER, Violation
from tests.history.recording import Call, History, State


class Write(NamedTuple):
    """Something that gave a message its text, and the time in which that may have taken effect."""

    body: str
    begun: float
    ended: float  # FOREVER where it is not known to have happened


class Event(NamedTuple):
    """A value of something that only grows: true from `ended` on, and not before `begun`."""

    begun: float
    ended: float
    value: float
    call: Call
    is_new: bool = (
        False  # it was made then, so it must be above everything established before, not just as high
    )


class Known:
    """One walk through the calls. What nobody may see is blamed on the way."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.found: list[Violation] = []
        self.members: dict[str, tuple[str, ...]] = {}
        self.sends: dict[tuple[str, str, str], list[Call]] = defaultdict(list)  # thread, sender, key
        self.writes: dict[tuple[str, int], list[Write]] = defaultdict(list)
        self.deletes: dict[tuple[str, int], list[Call]] = defaultdict(list)
        self.events: dict[Hashable, list[Event]] = defaultdict(list)
        self.steps: dict[Hashable, tuple[list[float], list[float], list[Call]]] = defaultdict(
            lambda: ([], [], [])
        )
        self.seen: dict[tuple[str, int], list[tuple[Call, str]]] = defaultdict(list)
        # by thread: when, kind, seq
        self.changes: dict[str, list[tuple[float, str, int]]] = defaultdict(list)
        self.gather()

    def blame(self, kind: str, words: str, *calls: Call) -> None:
        at = calls[-1].begun if calls else FOREVER
        self.found.append(Violation(kind, "\n    ".join([words, *map(str, calls)]), at))

    def gather(self) -> None:
        for call in self.history.calls:
            for thread in _threads(call) if call.is_ok else ():
                self.members.setdefault(thread["id"], (thread["client"]["id"], thread["professional"]["id"]))
        for call in self.history.calls:
            if call.op == "send":
                self.sends[call.about["thread"], call.user, call.about["key"]].append(call)
            elif call.op == "edit" and call.result != "fail":
                place = call.about["thread"], call.about["seq"]
                self.writes[place].append(
                    Write(call.about["body"], call.begun, call.ended if call.is_ok else FOREVER)
                )
            elif call.op == "delete" and call.result != "fail":
                self.deletes[call.about["thread"], call.about["seq"]].append(call)
            if call.is_ok:
                self.observe(call)
        self.established()
        for changes in self.changes.values():
            changes.sort()
        self.find_steps()

    def established(self) -> None:
        """What acknowledged writes establish, whoever sees it."""
        for (thread, sender, _), tries in self.sends.items():
            acks = [c for c in tries if c.is_ok]
            first = min(acks, key=lambda c: c.ended, default=None)
            begun = min((c.begun for c in tries if c.result != "fail"), default=FOREVER)
            if first is not None:
                seq = first.answer["message"]["seq"]
                self.events["last_seq", thread].append(Event(begun, first.ended, seq, first, is_new=True))
                self.writes[thread, seq].insert(0, Write(first.about["body"], begun, first.ended))
            elif (found := self.stored(thread, sender, tries[0].about["key"])) is not None:
                self.writes[thread, found["seq"]].insert(0, Write(tries[0].about["body"], begun, FOREVER))
        for call in self.history.of("read"):
            if call.is_ok:
                key = "last_read_seq", call.about["thread"], call.user
                self.events[key].append(Event(-FOREVER, call.ended, call.about["seq"], call))
        for op in ("edit", "delete"):
            for call in self.history.of(op):
                if call.is_ok:
                    self.changes[call.about["thread"]].append((call.ended, op, call.about["seq"]))
        for place, calls in self.deletes.items():
            for call in calls:
                if call.is_ok:
                    self.events["deleted", *place].append(Event(-FOREVER, call.ended, 1, call))

    def stored(self, thread: str, sender: str, key: str) -> State | None:
        found = self.history.fresh[sender].messages.get(thread, []) if sender in self.history.fresh else []
        return next((m for m in found if m.get("client_key") == key), None)

    def observe(self, call: Call) -> None:
        for thread in _threads(call):
            self.observe_thread(call, thread)
        for message in _messages(call):
            self.observe_message(call, message)

    def observe_thread(self, call: Call, thread: State) -> None:
        thread_id, event = thread["id"], (call.begun, call.ended)
        members = self.members.get(thread_id, ())
        if call.user not in members:
            return self.blame("leak", f"{call.user} was shown thread {thread_id} of {members}", call)
        other = next(m for m in members if m != call.user)
        self.events["last_seq", thread_id].append(Event(*event, thread["last_seq"], call))
        self.events["last_read_seq", thread_id, call.user].append(
            Event(*event, thread["last_read_seq"], call)
        )
        self.events["last_read_seq", thread_id, other].append(Event(*event, thread["other_read_seq"], call))
        self.events["delivered", thread_id, other].append(Event(*event, thread["other_delivered_seq"], call))
        return None

    def observe_message(self, call: Call, message: State) -> None:
        place = message["thread_id"], message["seq"]
        members = self.members.get(place[0], ())
        if call.user not in members:
            return self.blame("leak", f"{call.user} was shown message {place} of {members}", call)
        if message["sender_id"] != call.user and message.get("client_key") is not None:
            self.blame("leak", f"{call.user} was shown somebody else's client_key at {place}", call)
        self.events["last_seq", place[0]].append(Event(-FOREVER, call.ended, place[1], call))
        self.events["deleted", *place].append(Event(call.begun, call.ended, int(message["deleted"]), call))
        self.events["revision", *place].append(Event(call.begun, call.ended, message["revision"], call))
        if message["deleted"] != (message["body"] is None):
            self.blame("text of a deleted message", f"{place}: {message['body']!r}", call)
        if message["body"] is not None:
            self.seen[place].append((call, message["body"]))
        return None

    def overwritten(self, place: tuple[str, int], body: str, begun: float, call: Call | None) -> None:
        """A text that was surely replaced before the look began must not be seen again."""
        own = [w for w in self.writes.get(place, []) if w.body == body]
        if not own:
            return None
        latest = max(own, key=lambda w: w.ended)
        for write in self.writes[place]:
            if write.ended < begun and latest.ended < write.begun:
                words = f"{place} shows {body!r}, replaced by {write.body!r} at {write.ended:.4f}"
                return self.blame("stale text", words, *([call] if call else []))
        return None

    def find_steps(self) -> None:
        """For everything that grows: when it was known to have grown, to what, and by which call."""
        for name, events in self.events.items():
            times, values, calls = self.steps[name]
            for event in sorted(events, key=lambda e: e.ended):
                if not values or event.value > values[-1]:
                    times.append(event.ended)
                    values.append(event.value)
                    calls.append(event.call)

    def first_above(self, name: Hashable, value: float) -> Event | None:
        """What first made known that something had grown above a value."""
        times, values, calls = self.steps.get(name, ([], [], []))
        at = bisect_right(values, value)
        return Event(times[at], times[at], values[at], calls[at]) if at < len(times) else None


def _threads(call: Call) -> list[State]:
    """Every thread that an answer shows."""
    return [*call.answer.get("threads", []), *([call.answer["thread"]] if "thread" in call.answer else [])]


def _messages(call: Call) -> list[State]:
    return [*call.answer.get("messages", []), *([call.answer["message"]] if "message" in call.answer else [])]
