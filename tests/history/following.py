"""One device, followed through its calls.

What it shows is the server's truth of one moment, in time, and whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from tests.history.folding import Fold, apply, settled
from tests.history.knowing import Known
from tests.history.recording import Call, State


class Followed:
    """One device, followed through its calls: the picture it folds must be the server's, at every step."""

    def __init__(
        self, known: Known, device: str, calls: list[Call], *, late: float | None, grace: float
    ) -> None:
        self.known, self.device, self.calls = known, device, calls
        self.late, self.grace = late, grace
        self.behind: list[float] = []  # by how many seconds polls that said "nothing new" were behind
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
        self.known.blame(kind, f"{self.device}: {words}", *calls)

    def after_poll(self, call: Call, before: dict[str, int]) -> None:
        if call.status == 200 and call.answer["cursor"] == call.about["since"]:
            self.blame("stuck", "an update that does not move the cursor", call)
        if call.status == 200 and call.answer["has_more"]:
            return
        assert self.fold is not None
        self.whole(self.fold, call)
        self.up_to_date(self.fold, call)
        if self.late is not None:
            self.in_time(before, call, self.late)

    def whole(self, fold: Fold, call: Call) -> None:
        """Check that the picture is of one moment: no message is missing, and every number is right."""
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
        known_by = call.begun - self.grace
        for thread_id, members in self.known.members.items():
            if call.user not in members:
                continue
            thread = fold.threads.get(thread_id)
            for name, user in (
                ("last_seq", None),
                ("last_read_seq", members[0]),
                ("last_read_seq", members[1]),
            ):
                key: Any = (name, thread_id) if user is None else (name, thread_id, user)
                field = name if user in (None, call.user) else "other_read_seq"
                holds = thread[field] if thread else 0
                first = self.known.first_above(key, holds)
                if first is None or first.ended >= call.begun:
                    continue
                self.behind.append(call.begun - first.ended)
                if first.ended < known_by:
                    self.blame(
                        "stale poll",
                        f"{field} of {thread_id} was {first.value}, it holds {holds}",
                        first.call,
                        call,
                    )
        for thread_id in fold.threads:
            changes, at = self.known.changes.get(thread_id, []), fold.compared.get(thread_id, 0)
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
            self.blame(
                "stale poll", f"{place} was deleted at {ended:.4f}, it holds {message['body']!r}", call
            )
        if op == "edit" and not message["deleted"]:
            self.known.overwritten(place, message["body"], call.begun, call)

    def in_time(self, before: dict[str, int], call: Call, late: float) -> None:
        """A hanging poll answers the moment something changes."""
        if not call.about.get("wait"):
            return None
        for thread_id, last_seq in before.items():
            times, values, calls = self.known.steps.get(("last_seq", thread_id), ([], [], []))
            at = bisect_right(values, last_seq)
            if at < len(times) and call.ended - max(times[at], call.begun) > late:
                passed = call.ended - max(times[at], call.begun)
                return self.blame(
                    "late", f"message {values[at]:g} came {passed:.2f} s after it was known", calls[at], call
                )
        return None

    def at_the_end(self) -> None:
        """When everything is quiet the device holds just what a reload shows."""
        fold, fresh = self.fold, self.known.history.fresh.get(self.calls[-1].user)
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


def _settled(threads: dict[str, State]) -> dict[str, State]:
    return {key: settled(thread) for key, thread in threads.items()}
