"""Interleavings that chance seldom makes, forced."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from sqlalchemy import event

from wellchat.db import db, is_postgresql
from wellchat.messaging.arriving import acknowledge
from wellchat.messaging.queries import thread_for


@pytest.mark.each_database
def test_two_people_confirm_each_other_s_messages_at_once(app, talk, at_once):
    """Trap 5: each confirmation locks the log of both, held here until both have the first of their locks."""
    talk.exchange("cp")
    thread_id, people = talk.id, [talk.cara.id, talk.paul.id]
    both = threading.Barrier(2)
    held = threading.local()

    def pause(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE change_logs") and is_postgresql() and not getattr(held, "once", False):
            held.once = True
            with suppress(threading.BrokenBarrierError):  # the other waits for our lock, as it should
                both.wait(timeout=0.5)

    event.listen(db.engine, "after_cursor_execute", pause)
    try:
        at_once(2, lambda i: acknowledge(user_id=people[i], after=0, up_to=3))
    finally:
        event.remove(db.engine, "after_cursor_execute", pause)
    assert [thread_for(person, thread_id).theirs.delivered_seq for person in (talk.cara, talk.paul)] == [2, 2]
