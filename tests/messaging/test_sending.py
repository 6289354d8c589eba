"""Sending: numbers without gaps, never a duplicate, and changes for both people in the same transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat.accounts.models import User
from wellchat.changes.models import Change
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.messaging.messages import send_message
from wellchat.messaging.models import Message, PendingDelivery
from wellchat.messaging.queries import thread_for
from wellchat.messaging.threads import open_thread
from wellchat.subjects.actions import put_subject


def changes_of(user):
    rows = db.session.execute(select(Change).where(Change.user_id == user.id).order_by(Change.seq)).scalars()
    return [(row.seq, row.kind, row.message_seq) for row in rows]


def test_messages_are_numbered_from_one(app, talk):
    assert [talk.says(talk.cara, f"{i}").seq for i in range(3)] == [1, 2, 3]


def test_the_length_is_counted_after_line_ends_are_tidied(app, talk, api, browse):
    lines = "x\r\n" * 5_000  # 15,000 characters as a form sends them, 10,000 as they are kept
    sent = api(talk.cara).post(f"/api/threads/{talk.id}/messages", json={"body": lines, "client_key": "1"})
    assert (sent.status_code, len(sent.json["message"]["body"])) == (201, 10_000)
    form = {"body": lines, "client_key": "2"}
    assert browse(talk.cara).post(f"/threads/{talk.id}/messages", data=form).status_code == 303
    sent = api(talk.cara).post(
        f"/api/threads/{talk.id}/messages", json={"body": lines + "x", "client_key": "3"}
    )
    assert sent.status_code == 422


def test_a_message_is_recorded_for_both_people(app, talk):
    talk.says(talk.cara, "hello")
    assert changes_of(talk.cara)[-1][1:] == changes_of(talk.paul)[-1][1:] == ("message", 1)
    assert db.session.execute(select(PendingDelivery.recipient_id)).scalars().all() == [talk.paul.id]


def test_the_same_key_again_returns_the_same_message(app, talk, now):
    first, new = send_message(sender=talk.cara, thread_id=talk.id, body="hello", client_key="k", now=now)
    again, new_again = send_message(
        sender=talk.cara, thread_id=talk.id, body="hello", client_key="k", now=now
    )
    assert (new, new_again) == (True, False)
    assert again.seq == first.seq
    assert changes_of(talk.paul)[-1][1:] == ("message", 1)


def test_the_same_key_with_another_body_is_refused(app, talk, now):
    send_message(sender=talk.cara, thread_id=talk.id, body="hello", client_key="k", now=now)
    with pytest.raises(Conflict):
        send_message(sender=talk.cara, thread_id=talk.id, body="goodbye", client_key="k", now=now)
    with pytest.raises(Conflict):
        send_message(sender=talk.cara, thread_id=talk.id, body="hello", client_key="k", reply_to=1, now=now)


def test_two_people_may_use_the_same_key(app, talk, now):
    for sender in (talk.cara, talk.paul):
        send_message(sender=sender, thread_id=talk.id, body=sender.name, client_key="k", now=now)
    assert thread_for(talk.cara, talk.id).thread.last_seq == 2


@pytest.mark.each_database
def test_a_retry_at_the_same_time_returns_the_same_message(app, talk, now, at_once):
    cara_id, thread_id = talk.cara.id, talk.id

    def send(_):
        cara = db.session.get(User, cara_id)
        message, new = send_message(sender=cara, thread_id=thread_id, body="once", client_key="k", now=now)
        return message.seq, new

    sent = at_once(8, send)
    assert {seq for seq, _ in sent} == {1}
    assert sum(new for _, new in sent) == 1


@pytest.mark.slow
@pytest.mark.each_database
def test_concurrent_sends_make_no_gap_duplicate_or_deadlock(app, talk, now, at_once):
    """Traps 5 and 7: counters are locked in one order, and numbers have no gaps."""
    people, thread_id = [talk.cara.id, talk.paul.id], talk.id

    def write(i):
        sender = db.session.get(User, people[i % 2])
        return [
            send_message(sender=sender, thread_id=thread_id, body=f"{i}.{n}", client_key=f"{i}.{n}", now=now)[
                0
            ].seq
            for n in range(10)
        ]

    given = at_once(6, write)
    assert sorted(seq for seqs in given for seq in seqs) == list(range(1, 61))
    assert all(seqs == sorted(seqs) for seqs in given)
    for user_id in people:
        log = db.session.execute(
            select(Change.seq).where(Change.user_id == user_id).order_by(Change.seq)
        ).scalars()
        assert list(log) == list(range(1, 62))  # the opening, and sixty messages


@pytest.mark.each_database
def test_a_send_that_fails_leaves_no_gap(app, talk, now):
    with suppress(ZeroDivisionError), transaction():
        talk.says(talk.cara, "lost")
        _ = 1 / 0
    assert talk.says(talk.cara, "kept").seq == 1
    assert [seq for seq, _, _ in changes_of(talk.paul)] == [1, 2]


def test_outsiders_cannot_write(app, cast, talk, now):
    for sender in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            send_message(sender=sender, thread_id=talk.id, body="hi", client_key="k", now=now)


def test_sending_moves_the_sender_s_watermark(app, talk):
    talk.says(talk.cara, "hello")
    view = thread_for(talk.cara, talk.id)
    assert (view.mine.last_read_seq, view.unread) == (1, 0)


def test_sending_does_not_mark_unseen_messages_as_read(app, talk):
    """Trap 23: a message that arrived after the page was loaded and before the send stays unread."""
    talk.says(talk.paul, "unseen")
    talk.says(talk.cara, "crossing it")
    assert thread_for(talk.cara, talk.id).unread == 1


def test_a_message_may_mention_a_subject_of_the_pair(app, talk, now):
    put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        now=now,
    )
    sent, _ = send_message(
        sender=talk.cara,
        thread_id=talk.id,
        body="About it",
        client_key="k",
        subject=("booking", "b"),
        now=now,
    )
    db.session.expire_all()
    assert db.session.get(Message, (talk.id, sent.seq)).subject.title == "Cut"


def test_a_message_may_not_mention_other_people_s_subjects(app, cast, talk, now):
    put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=cast.rita.id,
        client_id=talk.cara.id,
        now=now,
    )
    for subject in (("booking", "b"), ("booking", "none"), ("nonsense", "b")):
        with pytest.raises(Invalid):
            send_message(
                sender=talk.cara, thread_id=talk.id, body="x", client_key="k", subject=subject, now=now
            )
    assert thread_for(talk.cara, talk.id).thread.last_seq == 0


def test_a_reply_must_refer_to_a_message_of_the_thread(app, talk, now):
    talk.says(talk.paul, "question")
    sent, _ = send_message(
        sender=talk.cara, thread_id=talk.id, body="yes", client_key="k", reply_to=1, now=now
    )
    assert sent.reply_to == 1
    with pytest.raises(Invalid):
        send_message(sender=talk.cara, thread_id=talk.id, body="yes", client_key="l", reply_to=9, now=now)


def test_a_new_message_unarchives_the_thread(app, talk, now, cast):
    from wellchat.messaging.memberships import change_membership

    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"archived": True})
    talk.says(talk.cara, "are you there?")
    assert not thread_for(talk.paul, talk.id).mine.archived


def test_a_new_message_does_not_unarchive_a_muted_thread(app, talk, now):
    from wellchat.messaging.memberships import change_membership

    muted = {"archived": True, "muted_until": now + timedelta(days=1)}
    change_membership(viewer=talk.paul, thread_id=talk.id, changes=muted)
    talk.says(talk.cara, "are you there?")
    assert thread_for(talk.paul, talk.id).mine.archived


def test_messages_of_different_threads_do_not_mix(app, cast, talk, now):
    put_subject(kind="coupon", external_id="c", title="Half off", professional_id=talk.paul.id, now=now)
    coupon, _ = open_thread(viewer=talk.cara, subject=("coupon", "c"), now=now)
    talk.says(talk.cara, "in the pair's thread")
    assert thread_for(talk.cara, coupon).thread.last_seq == 0
