"""The checker against builds of the product that are wrong on purpose: it must fail on each, or it is blind.

Each of them is what a reasonable person writes first. The gap between two steps is held open for some milliseconds
where chance alone would seldom find it.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import func, insert, text, update

from tests.history import world
from tests.history.checking import check
from tests.history.clients import Habits
from tests.history.driving import AppDoor
from tests.history.findings import spell_out
from tests.history.world import SEED
from wellchat.changes import actions as changes
from wellchat.changes.models import Change, ChangeLog
from wellchat.db import after_commit, current_transaction, db, transaction
from wellchat.longpoll import executor, wakeups
from wellchat.messaging import messages, queries, receipts, serializers
from wellchat.updates import queries as updates

api = import_module("wellchat.messaging.api")  # the package has a blueprint of that name

ROUNDS = 4  # histories tried before a build counts as passed
SKIPPED = {"missing", "stale poll", "not the same", "unread"}

pytestmark = pytest.mark.slow


@pytest.fixture
def findings(app: Any, now: Any) -> Callable[..., set[str]]:
    """findings(wanted): the kinds of violation found, from as many histories as it takes to find a wanted one."""

    def find(wanted: set[str], *, habits: Habits | None = None, late: float | None = None) -> set[str]:
        found: set[str] = set()
        habits = habits or Habits()
        habits.weights |= {
            "mark": 0,
            "mark_unread": 0,
        }  # every mark wakes both people, and so hides a message not told
        for round_ in range(ROUNDS):
            persons = world.people(now, name=f"broken{round_}")
            crowd = world.crowd(persons, lambda: AppDoor(app), seed=SEED + round_, habits=habits)
            crowd.run(30)
            violations = check(crowd.finish(), faults=True, late=late)
            print(*spell_out(violations), sep="\n")  # noqa: T201 - shown with a failure
            found = {violation.kind for violation in violations}
            if found & wanted:
                break
        return found

    return find


def short_gap(longest: float) -> None:
    threading.Event().wait(random.uniform(0, longest))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_sequence_as_cursor(app, findings, monkeypatch) -> None:
    """Numbers from a sequence are given in one order and seen in another. SQLite, with one writer, cannot show it."""
    with transaction() as session:
        session.execute(text("CREATE SEQUENCE IF NOT EXISTS naive"))

    told, highest = threading.Condition(), Counter[str]()

    def write_logs() -> None:
        session, current = db.session(), current_transaction()
        session.flush()
        heads: dict[str, int] = {}
        for user_id, things in current.notes.pop("changes").changes.items():
            for thing in things:
                heads[user_id] = session.execute(text("SELECT nextval('naive')")).scalar_one()
                session.execute(insert(Change).values(user_id=user_id, seq=heads[user_id], **thing._asdict()))
        if (
            random.random() < 0.4
        ):  # held back until another, with a higher number, is there; and somebody has looked
            with told:
                told.wait_for(
                    lambda: any(highest[user_id] > heads[user_id] for user_id in heads), timeout=0.4
                )
            threading.Event().wait(0.1)
        after_commit(lambda: advance(heads))

    def advance(heads: dict[str, int]) -> None:
        """The head is the highest number there is, as max(id) would say."""
        with transaction() as session:
            for user_id in sorted(heads):
                highest = func.greatest(ChangeLog.last_seq, heads[user_id])
                session.execute(
                    update(ChangeLog).where(ChangeLog.user_id == user_id).values(last_seq=highest)
                )
        wakeups.notify(heads)
        with told:
            highest.update(
                {user_id: seq - highest[user_id] for user_id, seq in heads.items() if seq > highest[user_id]}
            )
            told.notify_all()

    monkeypatch.setattr(changes, "_write_logs", write_logs)
    assert findings(SKIPPED) & SKIPPED
    with transaction() as session:
        session.execute(text("DROP SEQUENCE naive"))


@pytest.mark.each_database
def test_no_unique_key(findings, monkeypatch) -> None:
    """Every try is a message of its own."""
    numbers, true_send, true_state = itertools.count(), messages.send_message, serializers.message_json

    def send(*, client_key: str, **more: Any) -> Any:
        return true_send(client_key=f"{client_key}#{next(numbers)}", **more)

    def shown(*args: Any) -> Any:
        found = true_state(*args)
        return found | {"client_key": found["client_key"].split("#")[0]} if "client_key" in found else found

    monkeypatch.setattr(messages, "send_message", send)
    for module in (api, serializers, updates):
        monkeypatch.setattr(module, "message_json", shown)
    assert "duplicate" in findings({"duplicate"})


@pytest.mark.each_database
def test_unread_as_a_stored_number(findings, monkeypatch) -> None:
    """One up for each message, none left after reading: wrong with the first deletion, and with two at once."""
    stored: Counter[tuple[str, str]] = Counter()
    true_send, true_read, true_state = messages.send_message, receipts.mark_read, serializers.thread_json

    def send(*, sender: Any, thread_id: str, **more: Any) -> Any:
        message, is_new = true_send(sender=sender, thread_id=thread_id, **more)
        if is_new:
            stored[thread_id, sender.id] += 1
        return message, is_new

    def read(*, viewer: Any, thread_id: str, **more: Any) -> None:
        true_read(viewer=viewer, thread_id=thread_id, **more)
        for thread, sender in list(stored):
            if thread == thread_id and sender != viewer.id:
                stored[thread, sender] = 0

    def shown(view: Any, viewer: Any, **more: Any) -> Any:
        other = view.thread.other_id(viewer.id)
        return true_state(view, viewer, **more) | {"unread": stored[view.thread.id, other]}

    monkeypatch.setattr(messages, "send_message", send)
    monkeypatch.setattr(receipts, "mark_read", read)
    for module in (api, updates):
        monkeypatch.setattr(module, "thread_json", shown)
    assert "unread" in findings({"unread"})


@pytest.mark.each_database
def test_subscribing_after_reading(findings, monkeypatch) -> None:
    """What comes between the look at the log and the subscription wakes nobody."""

    true_add_waiter, true_suspend, not_added = (
        wakeups.PollNotifier.add_waiter,
        executor.suspend,
        dict[Any, Any](),
    )

    def add_waiter(self: Any, *whom: Any) -> Any:
        waiter = true_add_waiter(self, *whom)
        self._waiters[waiter.user_id].discard(waiter)
        not_added[waiter] = self
        return waiter

    def suspend(waiter: Any, seconds: float) -> None:
        """Subscribes only when there is nothing left to do but sleep."""
        short_gap(0.1)
        notifier = not_added.pop(waiter)
        with notifier._lock:
            notifier._waiters[waiter.user_id].add(waiter)
        true_suspend(waiter, seconds)

    monkeypatch.setattr(wakeups.PollNotifier, "add_waiter", add_waiter)
    monkeypatch.setattr(executor, "suspend", suspend)
    monkeypatch.setattr(wakeups, "REFRESH_EVERY_WITHOUT_REDIS", 60.0)  # the look on a timer would hide it
    assert "late" in findings({"late"}, habits=Habits(waits=(3.0,)), late=1.0)


@pytest.mark.each_database
def test_a_list_before_its_cursor(findings, monkeypatch) -> None:
    """What comes between the list and the cursor that goes with it is never told."""
    true_inbox, true_cursor = queries.inbox, api.cursor_now
    found = threading.local()

    def inbox_first(user_id: str) -> Any:
        from wellchat.web import viewer

        found.views = true_inbox(viewer(), limit=100)
        db.session.commit()
        before = now_at = true_cursor(user_id)
        deadline = time.monotonic() + 0.1
        while now_at == before and time.monotonic() < deadline:  # until there is something to miss
            db.session.commit()
            time.sleep(0.005)
            now_at = true_cursor(user_id)
        return now_at

    monkeypatch.setattr(api, "cursor_now", inbox_first)
    monkeypatch.setattr(queries, "inbox", lambda *_, **__: found.views)
    habits = Habits()
    habits.weights |= {"begin_anew": 20, "poll": 60, "read": 2, "edit": 1}
    assert findings(SKIPPED, habits=habits) & SKIPPED


@pytest.mark.each_database
def test_deletions_that_are_not_told(findings, monkeypatch) -> None:
    """A delta of new messages only: edits and deletions wait for a reload."""
    monkeypatch.setattr(messages, "text_changed", lambda *_: None)
    assert findings({"not the same"}) & {"not the same", "stale poll", "stale text"}
