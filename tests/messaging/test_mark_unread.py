"""Marked unread again: for oneself alone, derived like all that is unread, and no watermark moves back."""

from __future__ import annotations

import pytest

from wellchat.accounts.models import User
from wellchat.changes.queries import cursor_now
from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.messages import delete_message
from wellchat.messaging.queries import inbox, thread_for, unread_counts
from wellchat.messaging.receipts import mark_read, mark_unread


@pytest.fixture
def read(talk, now):
    """Cara has read all of it: 1 and 4 are hers."""
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
def test_it_counts_from_there_on(app, read, seq, unread):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=seq)
    assert counts(read) == (unread, unread)


def test_no_watermark_moves(app, read):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=2)
    db.session.rollback()
    assert thread_for(read.cara, read.id).mine.last_read_seq == 6
    assert thread_for(read.paul, read.id).theirs.last_read_seq == 6


def test_only_their_own_screens_are_told(app, read):
    heads = cursor_now(read.cara.id).seq, cursor_now(read.paul.id).seq
    mark_unread(viewer=read.cara, thread_id=read.id, seq=2)
    db.session.rollback()
    assert (cursor_now(read.cara.id).seq, cursor_now(read.paul.id).seq) == (heads[0] + 1, heads[1])


@pytest.mark.each_database
def test_reading_again_ends_it(app, read, now):
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
def test_what_arrives_and_what_is_deleted_counts_as_ever(app, read, now):
    mark_unread(viewer=read.cara, thread_id=read.id, seq=5)
    read.exchange("pp")
    assert counts(read) == (4, 4)
    delete_message(viewer=read.paul, thread_id=read.id, seq=5, now=now)
    delete_message(viewer=read.paul, thread_id=read.id, seq=7, now=now)
    assert counts(read) == (2, 2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=8, now=now)
    assert counts(read) == (0, 0)


def test_what_was_never_read_stays_as_it_is(app, read, now):
    read.exchange("pp")
    mark_unread(viewer=read.cara, thread_id=read.id, seq=7)
    assert counts(read) == (2, 2)
    mark_read(viewer=read.cara, thread_id=read.id, seq=8, now=now)
    assert counts(read) == (0, 0)


@pytest.mark.parametrize("seq", [7, 100])
def test_there_must_be_something_of_theirs(app, read, seq):
    with pytest.raises(Invalid):
        mark_unread(viewer=read.cara, thread_id=read.id, seq=seq)


def test_outsiders(app, cast, read):
    for viewer in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            mark_unread(viewer=viewer, thread_id=read.id, seq=1)


@pytest.mark.each_database
def test_reading_and_marking_at_once(app, read, now, at_once):
    """The badge equals the rows' sum whatever came first, and the watermark stays."""
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


def test_the_page_divides_where_it_was_marked(app, browse, read):
    page = browse(read.cara)
    answer = page.post(f"/threads/{read.id}/unread", data={"seq": "3"})
    assert answer.headers["Location"] == "/"
    assert "3 new messages" in page.get("/").text
    text = page.get(f"/threads/{read.id}").text
    assert text.index("message 2<") < text.index('role="separator"') < text.index("message 3<")
