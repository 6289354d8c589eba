"""Dispatch of pending deliveries: each message is decided on once, in order, and only if it is still news."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat.accounts.presence import touch_presence
from wellchat.db import db
from wellchat.messaging import dispatch
from wellchat.messaging.memberships import change_membership
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.messaging.models import PendingDelivery
from wellchat.messaging.receipts import mark_read
from wellchat.notifications.models import Notification


def bell_of(user):
    db.session.expire_all()
    return db.session.execute(select(Notification).where(Notification.user_id == user.id)).scalars().all()


def rows():
    return len(db.session.execute(select(PendingDelivery)).scalars().all())


def test_messages_of_a_thread_share_one_notification_that_counts_them(app, talk, now):
    talk.exchange("ccc")
    assert dispatch.sweep(now) == {"told": 3}
    (record,) = bell_of(talk.paul)
    assert (record.count, record.first_seq, record.last_seq, record.actor_id) == (3, 1, 3, talk.cara.id)
    assert record.preview == "message 3"
    assert bell_of(talk.cara) == []
    assert rows() == 0


def test_dispatching_twice_counts_a_message_once(app, talk, now):
    talk.exchange("c")
    dispatch.notify_recipients(thread_ids=[talk.id], now=now)
    dispatch.notify_recipients(thread_ids=[talk.id], now=now)
    dispatch.sweep(now)
    assert [r.count for r in bell_of(talk.paul)] == [1]


@pytest.mark.each_database
def test_concurrent_workers_count_a_message_once(app, talk, now, at_once):
    talk.exchange("ccccc")
    thread_id = talk.id
    at_once(6, lambda _: dispatch.notify_recipients(thread_ids=[thread_id], now=now))
    assert [r.count for r in bell_of(talk.paul)] == [5]
    assert rows() == 0


def test_a_message_read_before_dispatch_makes_no_notification(app, talk, now):
    talk.exchange("cc")
    mark_read(viewer=talk.paul, thread_id=talk.id, seq=1, now=now)
    dispatch.sweep(now)
    assert [(r.count, r.first_seq) for r in bell_of(talk.paul)] == [(1, 2)]


def test_reading_a_thread_marks_its_notification_read(app, talk, now):
    talk.exchange("cc")
    dispatch.sweep(now)
    mark_read(viewer=talk.paul, thread_id=talk.id, seq=2, now=now)
    assert [r.read_at for r in bell_of(talk.paul)] == [now]


def test_a_deleted_message_makes_no_notification_and_its_text_disappears(app, talk, now):
    talk.says(talk.cara, "a secret")
    talk.says(talk.cara, "another secret")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    dispatch.sweep(now)
    assert [r.count for r in bell_of(talk.paul)] == [1]
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=2, now=now)
    assert all("secret" not in r.preview for r in bell_of(talk.paul))


def test_an_edit_changes_the_preview_of_the_notification(app, talk, now):
    talk.says(talk.cara, "helo")
    dispatch.sweep(now)
    edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="hello", now=now)
    assert [r.preview for r in bell_of(talk.paul)] == ["hello"]


def test_a_muted_thread_makes_no_notification(app, talk, now):
    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"muted_until": now + timedelta(hours=1)})
    talk.exchange("c")
    dispatch.sweep(now)
    assert bell_of(talk.paul) == []


def test_a_recipient_who_looks_at_the_thread_is_notified_after_leaving(app, talk, now):
    """Trap 20: a laptop closed just before the message must not lose the notification."""
    touch_presence(user_id=talk.paul.id, now=now, thread_id=talk.id)
    talk.exchange("c")
    dispatch.sweep(now)
    assert (bell_of(talk.paul), rows()) == ([], 1)
    dispatch.sweep(now + timedelta(seconds=app.config["AWAY_AFTER"] + 1))
    assert ([r.count for r in bell_of(talk.paul)], rows()) == ([1], 0)


def test_a_failing_recipient_is_postponed_and_the_others_are_notified(
    app, talk, now, monkeypatch, other_talk
):
    """Trap 30."""
    true_record = dispatch.notifications.notify

    def poisoned(**what):
        if what["thread_id"] == talk.id:
            raise ValueError("poison")
        return true_record(**what)

    talk.exchange("c")
    other_talk.exchange("c")
    monkeypatch.setattr(dispatch.notifications, "notify", poisoned)
    assert dispatch.sweep(now) == {"told": 1}
    monkeypatch.undo()
    assert dispatch.sweep(now) == {"told": 0}  # not due yet
    assert dispatch.sweep(now + timedelta(minutes=1)) == {"told": 1}
