"""Watermarks: they move forward only, to what was shown, and everything about unread is derived from them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import Membership, Message
from wellchat.messaging.queries import messages_of, thread_for
from wellchat.messaging.receipts import mark_delivered, mark_read
from wellchat.messaging.unread import unread_counts


def test_unread_counts_the_other_person_s_messages_above_the_watermark(app, talk, now):
    talk.exchange("cppcp")
    assert thread_for(talk.cara, talk.id).unread == 3
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=3, now=now)
    assert (thread_for(talk.cara, talk.id).unread, unread_counts(talk.cara.id)["messages"]) == (1, 1)


def test_the_watermark_never_moves_back(app, talk, now):
    talk.exchange("ppp")
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=3, now=now)
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    assert thread_for(talk.cara, talk.id).mine.last_read_seq == 3


def test_reading_above_the_last_message_is_refused(app, talk, now):
    talk.exchange("p")
    with pytest.raises(Invalid):
        mark_read(viewer=talk.cara, thread_id=talk.id, seq=2, now=now)
    assert thread_for(talk.cara, talk.id).unread == 1


def test_an_outsider_cannot_read_a_thread(app, cast, talk, now):
    talk.exchange("p")
    for viewer in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            mark_read(viewer=viewer, thread_id=talk.id, seq=1, now=now)
        with pytest.raises(NotFound):
            messages_of(viewer, talk.id)
        with pytest.raises(NotFound):
            thread_for(viewer, talk.id)


def test_the_other_person_sees_how_far_was_read(app, talk, now):
    talk.exchange("p")
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    assert thread_for(talk.paul, talk.id).theirs.last_read_seq == 1


def test_a_message_after_the_last_shown_one_stays_unread(app, talk, now):
    """Trap 23: a page marks the seq as read that it has shown, not everything."""
    shown = talk.says(talk.paul, "shown").seq
    talk.says(talk.paul, "came while the acknowledgement was under way")
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=shown, now=now)
    assert thread_for(talk.cara, talk.id).unread == 1


def test_a_deleted_message_is_not_unread(app, talk, now):
    """Trap 22: a stored counter would not go down."""
    talk.exchange("pp")
    delete_message(viewer=talk.paul, thread_id=talk.id, seq=1, now=now)
    assert (thread_for(talk.cara, talk.id).unread, unread_counts(talk.cara.id)["messages"]) == (1, 1)


@pytest.mark.slow
@pytest.mark.each_database
def test_unread_equals_a_recount_after_reads_and_sends_at_once(app, talk, now, at_once):
    """Trap 22, forced: senders, readers and somebody who deletes, all at once."""
    cara_id, paul_id, thread_id = talk.cara.id, talk.paul.id, talk.id
    talk.exchange("pppp")

    def act(i):
        cara, paul = db.session.get(User, cara_id), db.session.get(User, paul_id)
        for n in range(6):
            if i % 3 == 0:
                send_message(sender=paul, thread_id=thread_id, body="x", client_key=f"{i}.{n}", now=now)
            elif i % 3 == 1:
                mark_read(viewer=cara, thread_id=thread_id, seq=1 + n // 2, now=now)
            else:
                delete_message(viewer=paul, thread_id=thread_id, seq=1 + n % 4, now=now)

    at_once(6, act)
    mark = db.session.get(Membership, (thread_id, cara_id)).last_read_seq
    recount = db.session.scalar(
        select(func.count()).where(
            Message.thread_id == thread_id,
            Message.seq > mark,
            Message.sender_id == paul_id,
            Message.deleted_at.is_(None),
        )
    )
    assert unread_counts(cara_id)["messages"] == recount > 0


def test_a_message_is_delivered_when_a_later_poll_acknowledges_it(app, talk, now):
    talk.exchange("cc")
    assert thread_for(talk.cara, talk.id).theirs.delivered_seq == 0
    mark_delivered(user_id=talk.paul.id, after=0, up_to=2)  # the opening, and the first message
    assert thread_for(talk.cara, talk.id).theirs.delivered_seq == 1
    mark_delivered(user_id=talk.paul.id, after=2, up_to=3)
    mark_delivered(user_id=talk.paul.id, after=0, up_to=2)  # an older cursor, asked again, takes nothing back
    assert thread_for(talk.cara, talk.id).theirs.delivered_seq == 2


def test_pages_of_a_thread_neither_overlap_nor_skip_messages(app, talk):
    talk.exchange("cp" * 15)
    latest, more = messages_of(talk.cara, talk.id, limit=12)
    assert ([m.seq for m in latest], more) == (list(range(19, 31)), True)
    before, more = messages_of(talk.cara, talk.id, before=19, limit=20)
    assert ([m.seq for m in before], more) == (list(range(1, 19)), False)
    after, more = messages_of(talk.cara, talk.id, after=5, limit=3)
    assert ([m.seq for m in after], more) == ([6, 7, 8], True)
