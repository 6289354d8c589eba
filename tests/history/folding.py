"""A device's picture of the world, folded from the answers it got, as a correct client folds them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.history.recording import Call, State

Place = tuple[str, int]


class Fold:
    """The state of one device: from lists first, then from updates. `cursor` is its place in the log."""

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        self.threads: dict[str, State] = {}
        self.messages: dict[Place, State] = {}
        self.notifications: dict[str, State] = {}
        self.unread: State | None = None
        self.floors: dict[str, int] = {}  # messages up to here were not loaded, on purpose
        self.held: dict[str, int] = {}  # messages from the floor up to here are all there
        self.compared: dict[str, int] = {}  # by thread: acknowledged edits and deletes it was compared with

    def copy(self) -> Fold:
        twin = Fold(self.cursor)
        twin.threads, twin.messages = dict(self.threads), dict(self.messages)
        twin.notifications, twin.floors = dict(self.notifications), dict(self.floors)
        twin.held = dict(self.held)
        twin.compared = dict(self.compared)
        twin.unread = self.unread
        return twin

    def list_threads(self, answer: State) -> None:
        for thread in answer["threads"]:
            self.threads[thread["id"]] = thread

    def list_messages(self, thread_id: str, answer: State) -> None:
        """The latest page of a thread. What lies below it is not this device's business."""
        found = answer["messages"]
        for message in found:
            self.messages[thread_id, message["seq"]] = message
        self.floors[thread_id] = found[0]["seq"] - 1 if found else 0

    def list_notifications(self, answer: State) -> None:
        for record in answer["notifications"]:
            self.notifications[record["id"]] = record

    def update(self, answer: State) -> None:
        for thread in answer["threads"]:
            self.threads[thread["id"]] = thread
        for message in answer["messages"]:
            self.messages[message["thread_id"], message["seq"]] = message
        for record in answer["notifications"]:
            self.notifications[record["id"]] = record
        self.unread = answer["unread"]
        self.cursor = answer["cursor"]

    def missing(self, thread_id: str) -> int | None:
        """The first number of the thread that this device must hold and does not."""
        seq = max(self.held.get(thread_id, 0), self.floors.get(thread_id, 0)) + 1
        while (thread_id, seq) in self.messages:
            seq += 1
        self.held[thread_id] = seq - 1
        return seq if seq <= self.threads[thread_id]["last_seq"] else None

    def recount(self, thread_id: str, user: str) -> int | None:
        """Unread messages counted from what it holds; None where it does not hold all that count."""
        thread = self.threads[thread_id]
        if read_up_to(thread) < self.floors.get(thread_id, 0):
            return None
        above = range(read_up_to(thread) + 1, thread["last_seq"] + 1)
        return unread(
            (self.messages[thread_id, seq] for seq in above if (thread_id, seq) in self.messages), user
        )


def read_up_to(thread: State) -> int:
    """Below what counts as unread: the watermark, or what was marked unread again."""
    read, again = thread["last_read_seq"], thread.get("unread_from")
    return min(read, again - 1) if again else read


def unread(above_watermark: Iterable[State], user: str) -> int:
    """The definition: of the messages above what counts as read those that are not mine and not deleted."""
    return sum(m["sender_id"] != user and not m["deleted"] for m in above_watermark)


def apply(fold: Fold | None, call: Call) -> Fold | None:
    """The picture after one answered call; a new one where the device started afresh."""
    if call.op == "threads" and call.about.get("load"):
        fold = Fold(call.answer["cursor"])
        fold.list_threads(call.answer)
    elif fold is None or not call.about.get("load", call.op == "poll"):
        return fold
    elif call.op == "messages":
        fold.list_messages(call.about["thread"], call.answer)
    elif call.op == "notifications":
        fold.list_notifications(call.answer)
    elif call.op == "poll" and call.status == 200:
        fold.update(call.answer)
    return fold


def settled(thread: State) -> State:
    """A thread without what changes by the mere passing of time."""
    kept = {k: v for k, v in thread.items() if k not in ("muted",)}
    if "other" in kept:
        kept["other"] = {k: v for k, v in kept["other"].items() if k not in ("presence", "seen_at")}
    return kept
