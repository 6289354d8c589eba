"""The change log: numbers without gaps, in commit order, and a reason for each cursor it refuses."""

from __future__ import annotations

import base64
import threading
from contextlib import suppress

import pytest
from sqlalchemy import delete, select, update

from wellchat.changes.actions import end_access, record_change, renew_epoch, trim_log
from wellchat.changes.cursor import Cursor, parse_cursor
from wellchat.changes.models import Change, ChangeLog
from wellchat.changes.queries import changes_after, check_cursor, cursor_now
from wellchat.db import db, transaction
from wellchat.errors import Invalid


def note(user_id, *threads):
    with transaction():
        for thread_id in threads:
            record_change(user_id=user_id, kind="thread", thread_id=thread_id)


def seqs(user_id):
    return list(
        db.session.execute(select(Change.seq).where(Change.user_id == user_id).order_by(Change.seq)).scalars()
    )


def test_the_same_change_twice_in_one_transaction_is_one_row(app, cast):
    note(cast.cara.id, "a", "b", "a")
    assert seqs(cast.cara.id) == [1, 2]


def test_a_change_outside_a_transaction_is_an_error(app, cast):
    with pytest.raises(RuntimeError):
        record_change(user_id=cast.cara.id, kind="thread", thread_id="a")


@pytest.mark.each_database
def test_number_order_is_commit_order(app, cast, background):
    """Trap 1: a poll that sees a number has seen every lower one, in whatever order transactions commit.

    The first transaction takes its number and is held before its commit; the second cannot overtake it.
    """
    user_id = cast.cara.id
    numbered, let_go = threading.Event(), threading.Event()

    def slow():
        with transaction():
            record_change(user_id=user_id, kind="thread", thread_id="slow")
            from wellchat.db import before_commit

            before_commit(lambda: (numbered.set(), let_go.wait(10)))

    first = background(slow)
    assert numbered.wait(10)
    second = background(lambda: note(user_id, "fast"))
    assert changes_after(user_id, 0, limit=10) == []  # a poll sees no number that a lower one could follow
    db.session.remove()
    let_go.set()
    first.result(10), second.result(10)
    assert [row.thread_id for row in changes_after(user_id, 0, limit=10)] == ["slow", "fast"]


@pytest.mark.each_database
def test_a_rollback_leaves_no_gap(app, cast):
    """Trap 7."""
    with suppress(ZeroDivisionError), transaction():
        record_change(user_id=cast.cara.id, kind="thread", thread_id="never")
        _ = 1 / 0
    note(cast.cara.id, "kept")
    assert [(r.seq, r.thread_id) for r in changes_after(cast.cara.id, 0, limit=9)] == [(1, "kept")]


@pytest.mark.each_database
def test_two_logs_are_locked_in_one_order(app, cast, at_once):
    """Trap 5: changes are recorded in opposite orders, and the logs locked in the same one."""
    people = [cast.cara.id, cast.paul.id]

    def write(i):
        for n in range(20):
            with transaction():
                for user_id in people if i % 2 else reversed(people):
                    record_change(user_id=user_id, kind="thread", thread_id=f"{i}.{n}")

    at_once(6, write)
    assert [seqs(user_id) for user_id in people] == [list(range(1, 121))] * 2


@pytest.mark.each_database
def test_ending_access_takes_no_log_before_its_turn(app, cast, background):
    """Who ends somebody's sessions and changes another one's screen waits for nobody who changes both."""
    first, last = sorted((cast.cara.id, cast.paul.id))
    ended, go_on = threading.Event(), threading.Event()

    def end():
        with transaction():
            end_access(user_id=last)
            record_change(user_id=first, kind="thread", thread_id="a")
            ended.set()
            assert go_on.wait(20)

    def change():
        assert ended.wait(20)
        with transaction():
            for user_id in (first, last):
                record_change(user_id=user_id, kind="thread", thread_id="b")

    ending, changing = background(end), background(change)
    with suppress(TimeoutError):
        # On PostgreSQL at once: nothing is locked by the other one yet. SQLite has one writer.
        changing.result(timeout=1)
    go_on.set()
    ending.result(20)
    changing.result(20)
    access = select(ChangeLog.access_seq).where(ChangeLog.user_id == last)
    assert db.session.execute(access).scalar_one() == 1
    assert (len(seqs(first)), len(seqs(last))) == (2, 1)


def test_a_refused_cursor_comes_with_its_reason(app, cast):
    """Trap 11: expired, foreign, restored or ahead; it never jumps silently."""
    cara, paul = cast.cara.id, cast.paul.id
    note(cara, "a", "b", "c")
    head = cursor_now(cara)
    assert check_cursor(cara, head) == (head, 0, 0, None)
    assert check_cursor(cara, cursor_now(paul)).refusal == "foreign"
    assert check_cursor(cara, head._replace(seq=4)).refusal == "ahead"
    assert trim_log(user_id=cara, keep=1) == 2
    assert check_cursor(cara, head._replace(seq=1)).refusal == "expired"
    assert check_cursor(cara, head._replace(seq=2)).refusal is None  # the one row above it is still there
    renew_epoch()
    assert check_cursor(cara, head).refusal == "restored"
    assert check_cursor(cara, cursor_now(cara)).refusal is None


@pytest.mark.each_database
def test_a_log_that_was_cut_short_and_grew_again_is_noticed(app, cast):
    """As after a backup that was put back, or a failover to a replica that was behind, with nobody's word."""
    cara = cast.cara.id
    note(cara, "a", "b")
    kept = cursor_now(cara)
    note(cara, "c", "d")
    lost = cursor_now(cara)
    with transaction() as session:
        session.execute(delete(Change).where(Change.user_id == cara, Change.seq > kept.seq))
        session.execute(update(ChangeLog).where(ChangeLog.user_id == cara).values(last_seq=kept.seq))
    assert check_cursor(cara, lost).refusal == "ahead"
    # The very same things change again, and get the same numbers.
    note(cara, "c", "d")
    assert check_cursor(cara, lost).refusal == "restored"
    note(cara, "e")
    assert check_cursor(cara, lost).refusal == "restored"
    assert check_cursor(cara, kept).refusal is None
    assert check_cursor(cara, parse_cursor(str(cursor_now(cara)))).refusal is None


@pytest.mark.parametrize("seq", [4, 42, 421, 4210])
def test_a_cursor_can_be_written_and_parsed(app, cast, seq):
    for cursor in (
        Cursor("epoch", "user", seq),
        Cursor("epoch", "user", seq, 7),
        Cursor("epoch", "user", seq, 0),
    ):
        assert parse_cursor(str(cursor)) == cursor
        # Processes of an older version read it so.
        text = str(cursor)
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode().split(".")
        assert (*raw[:2], int(raw[2])) == cursor[:3]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "zzz",
        "a.b.c",
        "é",
        "YS5iLmM",
        "YS5iLi0x",
        "YS5iLjk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "\x00",
        "A" * 300,
        f"{Cursor('epoch', 'user', 42, 7)}x",
        f"{Cursor('epoch', 'user', 42, 7)}{'7' * 11}",
    ],
)
def test_invalid_text_is_refused_as_a_cursor(app, text):
    with pytest.raises(Invalid):
        parse_cursor(text)
