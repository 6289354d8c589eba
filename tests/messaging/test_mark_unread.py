"""Marking a thread as unread: for oneself only, and without moving a watermark back."""

from __future__ import annotations

import pytest

from wellchat.accounts.models import User
from wellchat.changes.queries import cursor_now
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.messages import delete_message
from wellchat.messaging.queries import inbox, thread_for
from wellchat.messaging.receipts import mark_read, mark_unread
from wellchat.messaging.unread import unread_counts


@pytest.fixture
def read(talk, now):
    """Return a thread that Cara has read to its end. Messages 1 and 4 are hers."""
    talk.exchange("cppcpp")
    mark_read(viewer=talk.cara, thread_id=talk.id, seq=6, now=now)
    return talk


def counts(talk):
    db.session.rollback()
    db.session.expire_all()
    (view,) = inbox(talk.cara)[0]
    assert view.unread == thread_for(talk.cara, talk.id).unread
    return view.unread, unread_counts(talk.cara.id)["messages"]


@pytest.mark.each_database
@pytest.mark.parametrize(("seq", "unread"), [(1, 4), (2, 4), (3, 3), (4, 2), (6, 1)])
def test_a_thread_counts_as_unread_from_the_marked_message_on(app, read, seq, unread):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=seq)
    assert counts(read) == (unread, unread)


def test_marking_unread_moves_no_watermark(app, read):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=2)
    db.session.rollback()
    assert thread_for(read.cara, read.id).mine.last_read_seq == 6
    assert thread_for(read.paul, read.id).theirs.last_read_seq == 6


def test_marking_unread_is_recorded_for_oneself_only(app, read):
    heads = cursor_now(read.cara.id).seq, cursor_now(read.paul.id).seq
    mark_unread(viewer=read.cara, thread_id=read.id, seq=2)
    db.session.rollback()
    assert (cursor_now(read.cara.id).seq, cursor_now(read.paul.id).seq) == (heads[0] + 1, heads[1])


@pytest.mark.each_database
def test_reading_again_clears_the_mark(app, read, now):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=1, now=now)  # below the mark: nothing
    assert counts(read) == (4, 4)
    mark_read(viewer=read.cara, thread_id=read.id, seq=3, now=now)  # as far as it was shown
    assert counts(read) == (2, 2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=6, now=now)
    assert counts(read) == (0, 0)
    assert thread_for(read.cara, read.id).mine.unread_from is None
    assert thread_for(read.cara, read.id).mine.last_read_seq == 6


@pytest.mark.each_database
def test_new_and_deleted_messages_count_as_usual_after_marking(app, read, now):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=5)
    read.exchange("pp")
    assert counts(read) == (4, 4)
    delete_message(viewer=read.paul, thread_id=read.id, seq=5, now=now)
    delete_message(viewer=read.paul, thread_id=read.id, seq=7, now=now)
    assert counts(read) == (2, 2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=8, now=now)
    assert counts(read) == (0, 0)


def test_marking_from_an_unread_message_changes_nothing(app, read, now):
    read.exchange("pp")
    mark_unread(viewer=read.cara, thread_id=read.id, seq=7)
    assert counts(read) == (2, 2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=8, now=now)
    assert counts(read) == (0, 0)


@pytest.mark.parametrize("seq", [7, 100])
def test_marking_is_refused_without_a_message_of_the_other_person(app, read, seq):
    with pytest.raises(Invalid):
        mark_unread(viewer=read.cara, thread_id=read.id, seq=seq)


def test_outsiders_cannot_mark_a_thread_unread(app, cast, read):
    for viewer in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            mark_unread(viewer=viewer, thread_id=read.id, seq=1)


@pytest.mark.each_database
def test_reading_and_marking_at_once_end_in_a_valid_state(app, read, now, at_once):
    """In any order, the badge equals the sum over the threads, and the watermark stays."""
    cara_id = read.cara.id

    def act(i):
        cara = db.session.get(User, cara_id)
        for n in range(6):
            if i % 2:
                mark_unread(viewer=cara, thread_id=read.id, seq=2 + n % 4)
            else:
                mark_read(viewer=cara, thread_id=read.id, seq=1 + n, now=now)

    at_once(4, act)
    in_list, in_all = counts(read)
    assert in_list == in_all
    assert thread_for(read.cara, read.id).mine.last_read_seq == 6


def test_the_page_shows_the_divider_at_the_marked_message(app, browse, read):
    page = browse(read.cara)
    answer = page.post(f"/threads/{read.id}/unread", data={"seq": "3"})
    assert answer.headers["Location"] == "/"
    assert "3 new messages" in page.get("/").text
    text = page.get(f"/threads/{read.id}").text
    assert text.index("message 2<") < text.index('role="separator"') < text.index("message 3<")
