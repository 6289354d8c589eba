"""Editing, deleting, and each person's own state of a thread."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat.db import db
from wellchat.errors import Invalid, NotFound
from wellchat.messaging.memberships import change_membership
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.messaging.models import Message, MessageRevision
from wellchat.messaging.queries import inbox, thread_for


def earlier_texts():
    return db.session.execute(select(MessageRevision.body)).scalars().all()


def test_an_edit_keeps_the_earlier_text_as_a_revision(app, talk, now):
    talk.says(talk.cara, "helo")
    edited = edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="hello", now=now)
    assert (edited.body, edited.edited_at, earlier_texts()) == ("hello", now, ["helo"])


def test_an_edit_to_the_same_text_changes_nothing(app, talk, now):
    talk.says(talk.cara, "hello")
    assert edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="hello", now=now).edited_at is None


@pytest.mark.parametrize(("minutes", "allowed"), [(5, True), (5.01, False)])
def test_a_message_cannot_be_edited_after_five_minutes(app, talk, now, minutes, allowed):
    talk.says(talk.cara, "hello")
    later = now + timedelta(minutes=minutes)
    if allowed:
        assert edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="bye", now=later).body == "bye"
    else:
        with pytest.raises(Invalid, match="5 minutes"):
            edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="bye", now=later)


def test_only_the_sender_may_edit_or_delete_a_message(app, cast, talk, now):
    talk.says(talk.cara, "hello")
    for viewer in (talk.paul, cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            edit_message(viewer=viewer, thread_id=talk.id, seq=1, body="bye", now=now)
        with pytest.raises(NotFound):
            delete_message(viewer=viewer, thread_id=talk.id, seq=1, now=now)
    with pytest.raises(NotFound):
        delete_message(viewer=talk.cara, thread_id=talk.id, seq=2, now=now)


def test_a_deleted_message_leaves_a_tombstone_without_its_text(app, talk, now):
    talk.says(talk.cara, "never mind")
    for _ in range(2):
        gone = delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
        assert (gone.body, gone.deleted_at) == (None, now)
    assert earlier_texts() == ["never mind"]
    assert thread_for(talk.paul, talk.id).last_message.body is None


def test_a_deleted_message_cannot_be_edited_back(app, talk, now):
    talk.says(talk.cara, "never mind")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    with pytest.raises(Invalid):
        edit_message(viewer=talk.cara, thread_id=talk.id, seq=1, body="on second thought", now=now)
    assert db.session.get(Message, (talk.id, 1)).body is None


def test_archiving_does_not_affect_the_other_person(app, talk, now):
    talk.says(talk.cara, "hello")
    change_membership(viewer=talk.paul, thread_id=talk.id, changes={"archived": True})
    assert [len(inbox(talk.paul, archived=archived)[0]) for archived in (False, True)] == [0, 1]
    assert len(inbox(talk.cara)[0]) == 1


def test_outsiders_cannot_change_a_membership(app, cast, talk):
    for viewer in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            change_membership(viewer=viewer, thread_id=talk.id, changes={"archived": True})
