"""Interleavings that rarely happen by chance, forced."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import event

from wellchat.changes.actions import record_change, trim_log
from wellchat.changes.queries import changes_after, cursor_now
from wellchat.db import before_commit, db, is_postgresql, transaction
from wellchat.longpoll import middleware, wakeups
from wellchat.messaging.queries import thread_for
from wellchat.messaging.receipts import mark_delivered


def note(user_id, thread_id):
    with transaction():
        record_change(user_id=user_id, kind="thread", thread_id=thread_id)


@pytest.mark.each_database
def test_polls_that_acknowledge_each_other_s_messages_do_not_deadlock(app, talk, at_once):
    """Trap 5: each poll locks the logs of both people. Both are paused after their first lock."""
    talk.exchange("cp")
    thread_id, people = talk.id, [talk.cara.id, talk.paul.id]
    both = threading.Barrier(2)
    held = threading.local()

    def pause(_connection, _cursor, statement, *_):
        if (
            statement.startswith("UPDATE change_logs")
            and is_postgresql()
            and not getattr(held, "once", False)
        ):
            held.once = True
            with suppress(threading.BrokenBarrierError):  # the other waits for our lock, as it should
                both.wait(timeout=0.5)

    event.listen(db.engine, "after_cursor_execute", pause)
    try:
        at_once(2, lambda i: mark_delivered(user_id=people[i], after=0, up_to=3))
    finally:
        event.remove(db.engine, "after_cursor_execute", pause)
    assert [thread_for(person, thread_id).theirs.delivered_seq for person in (talk.cara, talk.paul)] == [2, 2]


@pytest.mark.each_database
def test_a_clock_that_goes_back_hides_no_message(api, talk, now):
    """Trap 2: two messages have the same time, and a third has an earlier one."""
    program = api(talk.paul)
    since = program.get("/api/me").json["cursor"]
    heard = []
    for moment in (now, now, now - timedelta(hours=1)):
        talk.says(talk.cara, "tick", now=moment)
        news = program.get("/api/updates", query_string={"since": since}).json
        since = news["cursor"]
        heard += [message["seq"] for message in news["messages"]]
    assert heard == [1, 2, 3]


@pytest.mark.each_database
def test_a_number_of_the_log_is_not_used_again(app, cast):
    """Trap 3: not even after the newest rows were deleted."""
    note(cast.cara.id, "one"), note(cast.cara.id, "two")
    cursor = cursor_now(cast.cara.id)
    trim_log(user_id=cast.cara.id, keep=0)
    note(cast.cara.id, "three")
    assert [row.thread_id for row in changes_after(cast.cara.id, cursor.seq, limit=9)] == ["three"]


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_two_people_s_logs_do_not_wait_for_each_other(app, cast, background):
    """Trap 4: one lock for everybody would be correct but slow. SQLite has one writer in any case."""
    cara, paul = cast.cara.id, cast.paul.id
    numbered, let_go = threading.Event(), threading.Event()

    def slow():
        with transaction():
            record_change(user_id=cara, kind="thread", thread_id="slow")
            before_commit(lambda: (numbered.set(), let_go.wait(20)))

    first = background(slow)
    assert numbered.wait(10)
    try:
        background(lambda: note(paul, "fast")).result(10)
    finally:
        let_go.set()
    first.result(10)
    assert [row.thread_id for row in changes_after(paul, 0, limit=9)] == ["fast"]


@pytest.mark.each_database
def test_log_numbers_are_taken_last_before_commit(app, talk):
    """Trap 6: only the inserts of changes come between locking the counters and the commit."""
    statements = []
    event.listen(
        db.engine, "before_cursor_execute", listener := lambda *seen: statements.append(seen[2].split("(")[0])
    )
    try:
        talk.says(talk.cara, "hello")
    finally:
        event.remove(db.engine, "before_cursor_execute", listener)
    first = next(i for i, words in enumerate(statements) if words.startswith("UPDATE change_logs"))
    counters = [words for words in statements[first:] if not words.startswith("UPDATE change_logs")]
    assert [words.split()[2] for words in counters[:1]] == ["changes"]
    assert not [words for words in counters[1:] if words.startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.each_database
def test_log_numbers_that_were_rolled_back_are_used_again(app, cast):
    """Trap 7: the transaction fails at the last moment, after its changes were numbered."""
    with suppress(ZeroDivisionError), transaction():
        record_change(user_id=cast.cara.id, kind="thread", thread_id="never")
        before_commit(lambda: 1 // 0)
    note(cast.cara.id, "kept")
    assert [(row.seq, row.thread_id) for row in changes_after(cast.cara.id, 0, limit=9)] == [(1, "kept")]


@pytest.mark.each_database
def test_a_change_just_before_waiting_ends_the_poll(api, talk, background, monkeypatch):
    """Trap 9: reading the log is held open until there is a message, and no timer would find it later."""
    monkeypatch.setattr(wakeups, "REFRESH_EVERY_WITHOUT_REDIS", 60.0)
    program, looked, sent = api(talk.paul), threading.Event(), threading.Event()
    since = program.get("/api/me").json["cursor"]
    true_heads = middleware.heads

    def look_then_pause(user_ids):
        found = true_heads(user_ids)
        looked.set()
        sent.wait(10)
        return found

    monkeypatch.setattr(middleware, "heads", look_then_pause)
    polling = background(lambda: program.get("/api/updates", query_string={"since": since, "wait": 25}).json)
    assert looked.wait(10)
    talk.says(talk.cara, "just now")
    sent.set()
    assert [message["body"] for message in polling.result(15)["messages"]] == ["just now"]
