"""The checker against builds of the product that are wrong on purpose: it must fail on each, or it is blind.

Each of them is what a reasonable person writes first. The gap between two steps is held open for some
milliseconds where chance alone would seldom find it.
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
from wellchat.changes.queries import changes_after
from wellchat.db import after_commit, current_transaction, db, transaction
from wellchat.longpoll import executor, wakeups
from wellchat.messaging import messages, queries, receipts, serializers

api = import_module("wellchat.messaging.api")  # the package has a blueprint of that name

ROUNDS = 4  # histories tried before a build counts as passed
OVERSLEPT = 4  # polls that sleep through a message
SKIPPED = {"missing", "stale poll", "not the same", "unread"}

pytestmark = pytest.mark.slow


@pytest.fixture
def findings(app: Any, now: Any) -> Callable[..., set[str]]:
    """findings(wanted).

    The kinds of violation found, from as many histories as it takes to find a wanted one.
    """

    def find(wanted: set[str], *, habits: Habits | None = None, late: float | None = None) -> set[str]:
        found: set[str] = set()
        habits = habits or Habits()
        # every mark wakes both people, and so hides a message not told
        habits.weights |= {
            "mark": 0,
            "mark_unread": 0,
        }
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


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_sequence_as_cursor(app, findings, monkeypatch) -> None:
    """Numbers from a sequence are given in one order and seen in another.

    SQLite, with one writer, cannot show it.
    """
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
        # held back until another, with a higher number, is there; and somebody has looked
        if random.random() < 0.4:
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

    monkeypatch.setattr(changes, "write_logs", write_logs)
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
    for module in (api, serializers):
        monkeypatch.setattr(module, "message_json", shown)
    assert "duplicate" in findings({"duplicate"})


@pytest.mark.each_database
def test_unread_as_a_stored_number(findings, monkeypatch) -> None:
    """Count one up per message and set 0 on reading: wrong with a deletion, and with two at once."""
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
    for module in (api, serializers):
        monkeypatch.setattr(module, "thread_json", shown)
    assert "unread" in findings({"unread"})


@pytest.mark.each_database
def test_subscribing_after_reading(app, findings, monkeypatch) -> None:
    """A change between the read of the log and the subscription wakes nobody.

    The order is forced: a poll subscribes only once there is a message that it misses, and until such a poll
    ends nobody does anything that would wake it. This goes on until some have slept to their end.
    """
    true_add, true_remove = wakeups.PollNotifier.add_waiter, wakeups.PollNotifier.remove_waiter
    true_suspend, true_ask = executor.suspend, AppDoor.ask
    not_added = dict[Any, Any]()
    others_may_act, overslept = threading.Event(), list[Any]()
    others_may_act.set()

    def add_waiter(self: Any, waiter: Any) -> None:
        not_added[waiter] = self

    def remove_waiter(self: Any, waiter: Any) -> None:
        if not_added.pop(waiter, None) is None:
            true_remove(self, waiter)

    def suspend(waiter: Any, seconds: float) -> None:
        """Subscribe only when there is nothing left to do but sleep."""
        is_open = len(overslept) < OVERSLEPT
        misses_a_message = is_open and message_comes(app, waiter, within=1.0)
        true_add(not_added.pop(waiter), waiter)
        if misses_a_message:
            others_may_act.clear()
        true_suspend(waiter, seconds)
        others_may_act.set()
        if misses_a_message and not waiter.fired:
            overslept.append(waiter)

    def ask(self: Any, request: Any, token: str) -> Any:
        if request.op != "poll":
            others_may_act.wait(4.0)
        return true_ask(self, request, token)

    monkeypatch.setattr(wakeups.PollNotifier, "add_waiter", add_waiter)
    monkeypatch.setattr(wakeups.PollNotifier, "remove_waiter", remove_waiter)
    monkeypatch.setattr(executor, "suspend", suspend)
    monkeypatch.setattr(AppDoor, "ask", ask)
    # The refresh would hide it.
    monkeypatch.setattr(wakeups, "REFRESH_EVERY_WITHOUT_REDIS", 60.0)
    habits = Habits(waits=(2.0,))
    # Each change of a message is then a new one, which a device can be seen to get late.
    habits.weights |= {"edit": 0, "delete": 0}
    assert "late" in findings({"late"}, habits=habits, late=1.0)


def message_comes(app: Any, waiter: Any, *, within: float) -> bool:
    """Wait until a message comes that this waiter has not seen. Return False after `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with app.app_context():
            if any(
                change.kind == "message" for change in changes_after(waiter.user_id, waiter.seq, limit=100)
            ):
                return True
        time.sleep(0.005)
    return False


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
