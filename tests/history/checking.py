"""The checker: does a recorded history keep every promise of the product?

It knows nothing of how the server works, only what was asked, what was answered, and when. Each rule below is one
method; each finding says which promise was broken and shows the calls that break it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from tests.history.folding import Fold, apply, read_up_to, settled, unread
from tests.history.recording import Call, Fresh, History, State

FOREVER = float("inf")
MOST_SHOWN = 3  # findings of one kind that are spelled out

# What an answer may be when nothing is broken. Under faults 503, and no answer at all, may take its place.
EXPECTED = {
    "open": {200, 201},
    "send": {200, 201},
    "edit": {200, 422},  # 422: it was deleted, or is too old
    "delete": {200},
    "mark": {200, 422},  # 422: it was deleted
    "mark unread": {200, 422},  # 422: there is nothing of the other's from there on
    "read": {200},
    "me": {200},
    "threads": {200},
    "messages": {200},
    "notifications": {200},
    "poll": {200, 204, 410},
    "stray poll": {410, 422},  # with a cursor that is not one's own
}


def _threads(call: Call) -> list[State]:
    """Every thread that an answer shows."""
    return [*call.answer.get("threads", []), *([call.answer["thread"]] if "thread" in call.answer else [])]


def _messages(call: Call) -> list[State]:
    return [*call.answer.get("messages", []), *([call.answer["message"]] if "message" in call.answer else [])]


class Violation(NamedTuple):
    kind: str
    words: str
    at: float = FOREVER  # when it showed; FOREVER: only in the end

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


class Write(NamedTuple):
    """Something that gave a message its text, and the time in which that may have taken effect."""

    body: str
    begun: float
    ended: float  # FOREVER where it is not known to have happened


class Event(NamedTuple):
    """A value of something that only grows: established by `ended`, and seen or made no earlier than `begun`."""

    begun: float
    ended: float
    value: float
    call: Call
    is_new: bool = False  # it was made then, so it must be above everything established before, not just as high


def check(
    history: History,
    *,
    faults: bool = False,
    late: float | None = None,
    grace: float = 0.0,
    may_expire: bool = False,
) -> list[Violation]:
    """Every broken promise of a finished history; none in a correct one.

    `faults`: 503 and silence are legal answers. `late`: seconds after which a hanging poll should have brought what
    was acknowledged. `grace`: seconds for which "nothing new" may be said though there is.
    `may_expire`: logs were trimmed meanwhile, so that 410 is legal.
    """
    return Checker(history, faults=faults, late=late, grace=grace, may_expire=may_expire).check()


class Checker:
    def __init__(self, history: History, *, faults: bool, late: float | None, grace: float, may_expire: bool) -> None:
        self.history, self.faults, self.late = history, faults, late
        self.grace, self.may_expire = grace, may_expire
        self.behind: list[float] = []  # by how many seconds polls that said "nothing new" were behind
        self.found: list[Violation] = []
        self.members: dict[str, tuple[str, ...]] = {}
        self.sends: dict[tuple[str, str, str], list[Call]] = defaultdict(list)  # thread, sender, key
        self.writes: dict[tuple[str, int], list[Write]] = defaultdict(list)
        self.deletes: dict[tuple[str, int], list[Call]] = defaultdict(list)
        self.events: dict[Hashable, list[Event]] = defaultdict(list)
        self.steps: dict[Hashable, tuple[list[float], list[float], list[Call]]] = defaultdict(lambda: ([], [], []))
        self.seen: dict[tuple[str, int], list[tuple[Call, str]]] = defaultdict(list)
        self.changes: dict[str, list[tuple[float, str, int]]] = defaultdict(list)  # by thread: when, kind, seq

    def blame(self, kind: str, words: str, *calls: Call) -> None:
        at = calls[-1].begun if calls else FOREVER
        self.found.append(Violation(kind, "\n    ".join([words, *map(str, calls)]), at))

    def check(self) -> list[Violation]:
        self.answers()
        self.gather()
        self.opening()
        self.sending()
        self.contents()
        self.watermarks()
        self.growing()
        self.marks()
        self.texts()
        for device, calls in self.history.by_device().items():
            Followed(self, device, calls).check()
        return self.found

    # Gathering

    def gather(self) -> None:
        """One walk through the calls: who is in which thread, what was written, what was seen when."""
        for call in self.history.calls:
            for thread in _threads(call) if call.is_ok else ():
                self.members.setdefault(thread["id"], (thread["client"]["id"], thread["professional"]["id"]))
        for call in self.history.calls:
            if call.op == "send":
                self.sends[call.about["thread"], call.user, call.about["key"]].append(call)
            elif call.op == "edit" and call.result != "fail":
                place = call.about["thread"], call.about["seq"]
                self.writes[place].append(Write(call.about["body"], call.begun, call.ended if call.is_ok else FOREVER))
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
        self.events["last_read_seq", thread_id, call.user].append(Event(*event, thread["last_read_seq"], call))
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

    # The rules

    def answers(self) -> None:
        """Every answer is one that the contract names; nothing is refused that should be taken."""
        for call in self.history.calls:
            if call.status in EXPECTED[call.op] or call.status == 429:
                if call.status == 410 and call.op == "poll" and not self.may_expire:
                    self.blame("resync", f"a cursor of its own was refused: {call.answer.get('reason')}", call)
            elif not (self.faults and call.result == "info"):
                self.blame("answer", f"{call.status} {str(call.answer)[:200]}", call)

    def opening(self) -> None:
        """One thread per pair, made once, whoever opens it and how often."""
        by_pair: dict[tuple[str, ...], list[Call]] = defaultdict(list)
        for call in self.history.of("open"):
            if call.is_ok:
                by_pair[tuple(sorted(call.about["members"]))].append(call)
        for pair, calls in by_pair.items():
            if len({c.answer["thread"]["id"] for c in calls}) > 1:
                self.blame("two threads", f"{pair} have more than one", *calls[:MOST_SHOWN])
            if sum(c.status == 201 for c in calls) > 1:
                self.blame("two threads", f"that of {pair} was made more than once", *calls[:MOST_SHOWN])

    def sending(self) -> None:
        """Each key stands once where it was acknowledged, never where it was refused; numbers are 1..n, in one view."""
        for thread, members in self.members.items():
            views = [self.history.fresh[m].messages.get(thread, []) for m in members if m in self.history.fresh]
            numbers = [[m["seq"] for m in view] for view in views]
            for view in numbers:
                if view != list(range(1, len(view) + 1)):
                    self.blame("gap", f"{thread} is numbered {view}")
            shown = [[{k: v for k, v in m.items() if k != "client_key"} for m in view] for view in views]
            if shown and any(view != shown[0] for view in shown):
                self.blame("two truths", f"{members} do not see the same in {thread}")
        for user, fresh in self.history.fresh.items():
            for thread, messages in fresh.messages.items():
                self.own_messages(user, thread, [m for m in messages if m["sender_id"] == user])
                for message in messages:
                    if message["sender_id"] not in self.members.get(thread, ()):
                        self.blame("phantom", f"{message['sender_id']} is no member of {thread}")

    def own_messages(self, user: str, thread: str, messages: list[State]) -> None:
        """What one person has in one thread, against what their devices sent."""
        places: dict[str, list[int]] = defaultdict(list)
        for message in messages:
            places[message["client_key"]].append(message["seq"])
        for key in places.keys() - {k for t, u, k in self.sends if (t, u) == (thread, user)}:
            self.blame("phantom", f"{user} never sent {key} to {thread}, yet it stands at {places[key]}")
        for (t, u, key), tries in self.sends.items():
            if (t, u) != (thread, user):
                continue
            acks = [c for c in tries if c.is_ok]
            told = {c.answer["message"]["seq"] for c in acks}
            stands = places.get(key, [])
            if len(told) > 1:
                self.blame("two numbers", f"{key} was acknowledged as {sorted(told)}", *acks[:MOST_SHOWN])
            if acks and not stands:
                self.blame("lost", f"{key} was acknowledged as {sorted(told)} and is not there", *acks[:MOST_SHOWN])
            if len(stands) > 1:
                self.blame("duplicate", f"{key} stands at {stands}", *tries[:MOST_SHOWN])
            elif stands and acks and told != set(stands):
                self.blame("renumbered", f"{key}, acknowledged as {sorted(told)}, stands at {stands}", *acks[:1])
            if stands and all(c.result == "fail" for c in tries):
                self.blame("refused and kept", f"{key} stands at {stands}", *tries[:MOST_SHOWN])

    def contents(self) -> None:
        """What stands in the end was asked for: each text was written, each deletion made, each wish fulfilled."""
        for user, fresh in self.history.fresh.items():
            for thread, messages in fresh.messages.items():
                for m in messages:
                    self.content(user, (thread, m["seq"]), m)

    def content(self, user: str, place: tuple[str, int], message: State) -> None:
        deletes = self.deletes.get(place, [])
        if message["deleted"] and not deletes:
            self.blame("phantom delete", f"nobody deleted {place}, {user} sees it deleted")
        if not message["deleted"]:
            if acked := [c for c in deletes if c.is_ok]:
                self.blame("undeleted", f"{place} was deleted, {user} sees {message['body']!r}", *acked[:1])
            if message["body"] not in {w.body for w in self.writes.get(place, [])}:
                self.blame("phantom text", f"nobody wrote {message['body']!r}, {user} sees it at {place}")
            self.overwritten(place, message["body"], FOREVER, None)

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

    def marks(self) -> None:
        """A watermark is never seen where its owner had not put it by then: by reading up to there, or by writing."""
        put: dict[tuple[str, str], dict[float, float]] = defaultdict(dict)
        for call in self.history.of("read"):
            places = put[call.about["thread"], call.user]
            places[call.about["seq"]] = min(call.begun, places.get(call.about["seq"], FOREVER))
        for (thread, sender, key), tries in self.sends.items():
            acked = next((c.answer["message"] for c in tries if c.is_ok), None) or self.stored(thread, sender, key)
            if acked:
                places = put[thread, sender]
                places[acked["seq"]] = min(*(c.begun for c in tries), places.get(acked["seq"], FOREVER))
        for name, events in self.events.items():
            if isinstance(name, tuple) and name[0] == "last_read_seq":
                places = put[name[1], name[2]]
                for event in events:
                    if event.value and places.get(event.value, FOREVER) > event.ended:
                        self.blame("watermark", f"{name[2]} at {event.value} in {name[1]}, never put there", event.call)

    def texts(self) -> None:
        """No look shows a text nobody wrote, one not written yet, or one that was replaced; none goes back."""
        for place, looks in self.seen.items():
            writes = {w.body: w for w in self.writes.get(place, [])}
            history: dict[str, list[str]] = defaultdict(list)
            for call, body in looks:
                if body not in writes:
                    self.blame("phantom text", f"nobody wrote {body!r}, seen at {place}", call)
                elif writes[body].begun > call.ended:
                    self.blame("text before its time", f"{body!r} seen at {place}", call)
                before = history[call.device]
                if body in before[:-1] and before[-1] != body:
                    self.blame("went back", f"{place}: {before[-1]!r}, then {body!r} again", call)
                if not before or before[-1] != body:
                    before.append(body)
                self.overwritten(place, body, call.begun, call)

    def watermarks(self) -> None:
        """A watermark stands where somebody put it, and unread is what the definition says."""
        for user, fresh in self.history.fresh.items():
            for thread_id, thread in fresh.threads.items():
                messages = fresh.messages[thread_id]
                self.watermark(user, thread, messages)
                expected = unread([m for m in messages if m["seq"] > read_up_to(thread)], user)
                if thread["unread"] != expected:
                    self.blame("unread", f"{user} is told {thread['unread']} in {thread_id}, it is {expected}")
            total = sum(thread["unread"] for thread in fresh.threads.values())
            if fresh.unread["messages"] != total:
                self.blame("unread", f"{user} is told {fresh.unread['messages']} in all, it is {total}")
            rung = sum(not n["read"] for n in fresh.notifications.values())
            if fresh.unread["notifications"] != rung:
                self.blame("unread", f"{user} is told {fresh.unread['notifications']} in the bell, it is {rung}")
            self.bell(user, fresh)

    def watermark(self, user: str, thread: State, messages: list[State]) -> None:
        reads = [c for c in self.history.of("read") if (c.user, c.about["thread"]) == (user, thread["id"])]
        legal = {0, *(c.about["seq"] for c in reads if c.result != "fail")}
        for message in messages:  # writing below everything one has read moves the watermark along
            if message["sender_id"] == user and message["seq"] - 1 in legal:
                legal.add(message["seq"])
        mark = thread["last_read_seq"]
        least = max((c.about["seq"] for c in reads if c.is_ok), default=0)
        if mark not in legal or mark < least or mark > thread["last_seq"]:
            self.blame("watermark", f"{user} stands at {mark} in {thread['id']}; acknowledged was {least}")
        for member in self.members.get(thread["id"], ()):
            view = self.history.fresh[member].threads.get(thread["id"]) if member in self.history.fresh else None
            if member != user and view and view["other_read_seq"] != mark:
                self.blame("watermark", f"{member} sees {user} at {view['other_read_seq']}, who stands at {mark}")

    def bell(self, user: str, fresh: Fresh) -> None:
        """One unread record per thread, which counts each message of the other at most once."""
        rung: dict[str, list[State]] = defaultdict(list)
        for record in fresh.notifications.values():
            if record["thread_id"] and not record["read"]:
                rung[record["thread_id"]].append(record)
        for thread_id, records in rung.items():
            from_other = sum(m["sender_id"] != user for m in fresh.messages.get(thread_id, []))
            if len(records) > 1 or records[0]["count"] > from_other:
                counts = [record["count"] for record in records]
                self.blame("bell", f"{user} has {counts} in {thread_id} for {from_other} messages")

    def growing(self) -> None:
        """Numbers, watermarks and tombstones only grow, in the order of real time, for everybody who looks."""
        for name, events in self.events.items():
            known = sorted(events, key=lambda e: e.ended)
            floor, at = -FOREVER, 0
            by: Call | None = None
            for event in sorted(events, key=lambda e: e.begun):
                while at < len(known) and known[at].ended < event.begun:
                    if known[at].value > floor:
                        floor, by = known[at].value, known[at].call
                    at += 1
                if by is not None and (event.value <= floor if event.is_new else event.value < floor):
                    kind = "order" if event.is_new else "stale"
                    self.blame(kind, f"{name}: {event.value} although {floor} was known", by, event.call)

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


def _returns(calls: list[Call]) -> Iterator[str]:
    """The older cursors that a device polls from again."""
    cursor = None
    for call in calls:
        if not call.is_ok:
            continue
        if call.op == "poll":
            if call.about["since"] != cursor:
                yield call.about["since"]
            cursor = call.answer.get("cursor", call.about["since"])
        elif call.op == "threads" and call.about.get("load"):
            cursor = call.answer["cursor"]


class Followed:
    """One device, followed through its calls: the picture it folds must be the server's, at every step."""

    def __init__(self, checker: Checker, device: str, calls: list[Call]) -> None:
        self.checker, self.device, self.calls = checker, device, calls
        self.fold: Fold | None = None
        self.kept: dict[str, Fold] = {}

    def check(self) -> None:
        targets = set(_returns(self.calls))
        for call in self.calls:
            if not call.is_ok:
                continue
            if call.op == "poll" and self.fold and call.about["since"] != self.fold.cursor:
                self.fold = self.kept[call.about["since"]].copy()  # it went back to what it showed then
            before = {t: thread["last_seq"] for t, thread in self.fold.threads.items()} if self.fold else {}
            self.fold = apply(self.fold, call)
            if call.op == "poll" and self.fold is not None:
                self.after_poll(call, before)
                if self.fold.cursor in targets:
                    self.kept[self.fold.cursor] = self.fold.copy()
        if self.fold is not None and self.calls[-1].about.get("last"):
            self.at_the_end()

    def blame(self, kind: str, words: str, *calls: Call) -> None:
        self.checker.blame(kind, f"{self.device}: {words}", *calls)

    def after_poll(self, call: Call, before: dict[str, int]) -> None:
        if call.status == 200 and call.answer["cursor"] == call.about["since"]:
            self.blame("stuck", "an update that does not move the cursor", call)
        if call.status == 200 and call.answer["has_more"]:
            return
        assert self.fold is not None
        self.whole(self.fold, call)
        self.up_to_date(self.fold, call)
        if self.checker.late is not None:
            self.in_time(before, call, self.checker.late)

    def whole(self, fold: Fold, call: Call) -> None:
        """With everything applied the picture is one moment's: no message missing, every number its recount."""
        for thread_id, thread in fold.threads.items():
            if (seq := fold.missing(thread_id)) is not None:
                self.blame("missing", f"message {seq} of {thread_id}, which has {thread['last_seq']}", call)
            recount = fold.recount(thread_id, call.user)
            if recount is not None and thread["unread"] != recount:
                self.blame("unread", f"told {thread['unread']} in {thread_id}, holds {recount}", call)
        total = sum(thread["unread"] for thread in fold.threads.values())
        if fold.unread is not None and fold.unread["messages"] != total:
            self.blame("unread", f"told {fold.unread['messages']} in all, holds {total}", call)
        rung = sum(not record["read"] for record in fold.notifications.values())
        if fold.unread is not None and fold.unread["notifications"] != rung:
            self.blame("unread", f"told {fold.unread['notifications']} in the bell, holds {rung}", call)

    def up_to_date(self, fold: Fold, call: Call) -> None:
        """Nothing acknowledged before the poll began is missing from what the device holds after it."""
        checker, known_by = self.checker, call.begun - self.checker.grace
        for thread_id, members in checker.members.items():
            if call.user not in members:
                continue
            thread = fold.threads.get(thread_id)
            for name, user in (("last_seq", None), ("last_read_seq", members[0]), ("last_read_seq", members[1])):
                key: Any = (name, thread_id) if user is None else (name, thread_id, user)
                field = name if user in (None, call.user) else "other_read_seq"
                holds = thread[field] if thread else 0
                known = checker.first_above(key, holds)
                if known is None or known.ended >= call.begun:
                    continue
                checker.behind.append(call.begun - known.ended)
                if known.ended < known_by:
                    self.blame(
                        "stale poll", f"{field} of {thread_id} was {known.value}, it holds {holds}", known.call, call
                    )
        for thread_id in fold.threads:
            changes, at = checker.changes.get(thread_id, []), fold.compared.get(thread_id, 0)
            while at < len(changes) and changes[at][0] < known_by:
                ended, op, seq = changes[at]
                self.change_arrived(fold, call, (thread_id, seq), op, ended)
                at += 1
            fold.compared[thread_id] = at

    def change_arrived(self, fold: Fold, call: Call, place: tuple[str, int], op: str, ended: float) -> None:
        message = fold.messages.get(place)
        if message is None:
            return
        if op == "delete" and not message["deleted"]:
            self.blame("stale poll", f"{place} was deleted at {ended:.4f}, it holds {message['body']!r}", call)
        if op == "edit" and not message["deleted"]:
            self.checker.overwritten(place, message["body"], call.begun, call)

    def in_time(self, before: dict[str, int], call: Call, late: float) -> None:
        """A hanging poll answers the moment something changes."""
        if not call.about.get("wait"):
            return None
        for thread_id, last_seq in before.items():
            times, values, calls = self.checker.steps.get(("last_seq", thread_id), ([], [], []))
            at = bisect_right(values, last_seq)
            if at < len(times) and call.ended - max(times[at], call.begun) > late:
                passed = call.ended - max(times[at], call.begun)
                return self.blame(
                    "late", f"message {values[at]:g} came {passed:.2f} s after it was known", calls[at], call
                )
        return None

    def at_the_end(self) -> None:
        """When everything is quiet the device holds just what a reload shows."""
        fold, fresh = self.fold, self.checker.history.fresh.get(self.calls[-1].user)
        if fold is None or fresh is None:
            return
        self.same("threads", {k: settled(v) for k, v in fold.threads.items()}, _settled(fresh.threads))
        self.same("notifications", fold.notifications, fresh.notifications)
        for thread_id, messages in fresh.messages.items():
            held = {seq: m for (t, seq), m in fold.messages.items() if t == thread_id}
            floor = fold.floors.get(thread_id, 0)
            due = {m["seq"]: m for m in messages if m["seq"] > floor or m["seq"] in held}
            self.same(f"messages of {thread_id}", held, due)
        if fold.unread is not None and fold.unread != fresh.unread:
            self.blame("not the same", f"unread: holds {fold.unread}, a reload shows {fresh.unread}")

    def same(self, what: str, held: dict[Any, State], fresh: dict[Any, State]) -> None:
        for key in sorted(held.keys() | fresh.keys(), key=str):
            if held.get(key) != fresh.get(key):
                words = f"{what}, {key}: holds {held.get(key)}, a reload shows {fresh.get(key)}"
                self.blame("not the same", words)
                return


def _settled(threads: dict[str, State]) -> dict[str, State]:
    return {key: settled(thread) for key, thread in threads.items()}


def spell_out(found: list[Violation]) -> Iterator[str]:
    """The findings for a person: a few of each kind."""
    shown: dict[str, int] = defaultdict(int)
    for violation in found:
        shown[violation.kind] += 1
        if shown[violation.kind] <= MOST_SHOWN:
            yield str(violation)
    yield from (f"{kind}: {count} in all" for kind, count in shown.items() if count > MOST_SHOWN)
