"""Files go with a message: only the sender's own, once, in one transaction, visible to the two people."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from tests.attachments.files import PDF, picture, row, send, take
from tests.mail.world import DELAY, NOON
from wellchat.accounts.models import User
from wellchat.attachments import actions
from wellchat.attachments.models import Attachment
from wellchat.attachments.serializers import file_size, files_summary, fit
from wellchat.changes.models import Change
from wellchat.db import db
from wellchat.digests import runs as digests
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.messaging import dispatch
from wellchat.messaging.messages import delete_message, edit_message, send_message
from wellchat.messaging.models import Message
from wellchat.messaging.queries import thread_for
from wellchat.messaging.shown import shown_preview
from wellchat.notifications.models import Notification


def test_files_are_sent_in_their_order(app, talk, now):
    plan, beach = take(talk.cara, now, PDF, "plan.pdf"), take(talk.cara, now)
    message = send(talk, talk.cara, [plan, beach])
    assert [file["id"] for file in message.files] == [plan.id, beach.id]
    db.session.expire_all()
    kept = db.session.get(Message, (talk.id, message.seq))
    assert kept.body == ""
    assert kept.files == message.files
    shown = {"name": "beach.jpg", "media_type": "image/jpeg", "width": 60, "height": 40, "thumbnail": False}
    assert kept.files[1] == {"id": beach.id, "size": beach.size, **shown}
    for place, file in enumerate((plan, beach)):
        sent = row(file.id)
        assert (sent.reader_id, sent.thread_id, sent.message_seq, sent.position) == (
            talk.paul.id,
            talk.id,
            1,
            place,
        )


def test_a_message_without_files_needs_no_more_statements(app, talk, now, queries):
    talk.says(talk.cara, "warm")
    with queries() as words:
        talk.says(talk.cara, "only words")
    file = take(talk.cara, now)
    with queries() as with_file:
        send(talk, talk.cara, [file], "and a file")
    assert words.count == 7
    assert with_file.count == words.count + 2  # claim the files, note them at the message


@pytest.mark.parametrize(
    "whose", ["nobody's", "the other's", "a stranger's", "sent", "twice", "withdrawn", "too many"]
)
def test_files_of_others_and_sent_files_are_refused(app, cast, talk, now, whose, everything):
    mine = take(talk.cara, now)
    ids = {
        "nobody's": lambda: ["0" * 13],
        "the other's": lambda: [take(talk.paul, now).id],
        "a stranger's": lambda: [take(cast.olga, now).id],
        "sent": lambda: [row(send(talk, talk.cara, [take(talk.cara, now)]).files[0]["id"]).id],
        "twice": lambda: [mine.id, mine.id],
        "withdrawn": lambda: [_withdrawn(talk, now)],
        "too many": lambda: [take(talk.cara, now).id for _ in range(11)],
    }[whose]()
    before = everything()
    with pytest.raises(Invalid) as refusal:
        send_message(
            sender=talk.cara,
            thread_id=talk.id,
            body="x",
            client_key="k",
            attachments=[mine.id, *ids][-11:],
            now=now,
        )
    assert list(refusal.value.errors) == ["attachments"]
    assert everything() == before


def _withdrawn(talk, now):
    file = take(talk.cara, now)
    actions.discard(owner=talk.cara, attachment_id=file.id, now=now)
    return file.id


def test_a_retry_returns_the_same_message_with_the_same_files(app, talk, now):
    file = take(talk.cara, now)
    first = send(talk, talk.cara, [file], key="k")
    again, new = send_message(
        sender=talk.cara, thread_id=talk.id, body="", client_key="k", attachments=[file.id], now=now
    )
    assert (again.seq, new, again.files) == (first.seq, False, first.files)
    for ids in ([], [take(talk.cara, now).id]):
        with pytest.raises(Conflict):
            send_message(
                sender=talk.cara, thread_id=talk.id, body="", client_key="k", attachments=ids, now=now
            )


@pytest.mark.each_database
def test_one_file_in_two_simultaneous_messages_goes_with_one(app, talk, now, at_once):
    file, cara_id, thread_id = take(talk.cara, now), talk.cara.id, talk.id
    file_id = file.id

    def try_it(i):
        cara = db.session.get(User, cara_id)
        try:
            send_message(
                sender=cara,
                thread_id=thread_id,
                body=f"{i}",
                client_key=f"{i}",
                attachments=[file_id],
                now=now,
            )
        except Invalid:
            return 0
        return 1

    assert sum(at_once(6, try_it)) == 1
    said = db.session.execute(select(Message).where(Message.thread_id == thread_id)).scalars().all()
    assert [[each["id"] for each in message.files] for message in said] == [[file_id]]


@pytest.mark.each_database
def test_deleting_a_message_withdraws_its_files(app, talk, now):
    file, other = take(talk.cara, now), take(talk.cara, now)
    message = send(talk, talk.cara, [file], "words")
    send(talk, talk.cara, [other], "others stay")
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=message.seq, now=now)
    db.session.expire_all()
    assert db.session.get(Message, (talk.id, message.seq)).files is None
    assert row(file.id).state == "withdrawn"
    assert row(other.id).state == "fresh"
    for user in (talk.cara, talk.paul):
        assert not row(file.id).is_for(user.id)


def test_an_edit_keeps_the_files(app, talk, now):
    message = send(talk, talk.cara, [take(talk.cara, now)], "wrods")
    edited = edit_message(viewer=talk.cara, thread_id=talk.id, seq=message.seq, body="words", now=now)
    assert len(edited.files) == 1


def test_a_message_of_files_only_has_a_preview(app, talk, now):
    def preview(files, body=""):
        message = db.session.get(Message, (talk.id, send(talk, talk.cara, files, body).seq))
        return shown_preview(message, talk.paul.id, {})

    assert preview([take(talk.cara, now)]) == "Photo"
    assert preview([take(talk.cara, now), take(talk.cara, now)]) == "2 photos"
    assert preview([take(talk.cara, now, PDF, "plan.pdf")]) == "Document: plan.pdf"
    assert preview([take(talk.cara, now, PDF, "plan.pdf"), take(talk.cara, now)]) == "2 files"
    assert preview([take(talk.cara, now)], "look at this") == "look at this"


def test_an_unsent_file_is_visible_to_its_owner_only(app, cast, talk, now):
    file = take(talk.cara, now)
    assert row(file.id).is_for(talk.cara.id)
    assert not row(file.id).is_for(talk.paul.id)


def test_a_file_can_be_discarded_only_before_it_is_sent(app, cast, talk, now):
    unsent, sent = take(talk.cara, now), take(talk.cara, now)
    send(talk, talk.cara, [sent])
    for stranger in (talk.paul, cast.olga):
        with pytest.raises(NotFound):
            actions.discard(owner=stranger, attachment_id=unsent.id, now=now)
    actions.discard(owner=talk.cara, attachment_id=unsent.id, now=now)
    assert row(unsent.id).state == "withdrawn"
    with pytest.raises(NotFound):
        actions.discard(owner=talk.cara, attachment_id=unsent.id, now=now)
    with pytest.raises(Conflict):
        actions.discard(owner=talk.cara, attachment_id=sent.id, now=now)


def test_the_number_of_unsent_files_is_limited(app, talk, now, monkeypatch):
    monkeypatch.setattr(actions, "MAX_UNSENT", 2)
    first = take(talk.cara, now)
    take(talk.cara, now)
    with pytest.raises(Invalid, match="were not sent"):
        take(talk.cara, now)
    take(talk.paul, now)
    send(talk, talk.cara, [first])
    take(talk.cara, now)


def test_updates_have_files_without_an_extra_query(app, api, talk, now, queries):
    cursor = api(talk.paul).get("/api/me").json["cursor"]
    talk.says(talk.cara, "one")
    talk.says(talk.cara, "two")
    paul = api(talk.paul)
    paul.get("/api/me")  # the first use of a token is noted
    with queries() as words:
        paul.get("/api/updates", query_string={"since": cursor})
    send(talk, talk.cara, [take(talk.cara, now)])
    with queries() as with_file:
        told = paul.get("/api/updates", query_string={"since": cursor}).json
    assert with_file.count == words.count
    [file] = told["messages"][-1]["attachments"]
    assert (file["name"], file["width"], file["thumbnail_url"]) == ("beach.jpg", 60, None)
    assert file["url"] == f"/attachments/{file['id']}/beach.jpg"
    assert told["threads"][0]["last_message"]["attachments"] == [file]


def test_the_inbox_shows_files_without_an_extra_query(app, talk, now, queries):
    talk.says(talk.cara, "words")
    with queries() as words:
        thread_for(talk.paul, talk.id)
    send(talk, talk.cara, [take(talk.cara, now) for _ in range(3)])
    with queries() as with_files:
        view = thread_for(talk.paul, talk.id)
    assert with_files.count == words.count
    assert len(view.last_message.files) == 3


def test_a_rolled_back_send_leaves_the_file_unsent(app, talk, now):
    from wellchat.db import transaction

    file = take(talk.cara, now, picture(), "a.jpg")
    with suppress(ZeroDivisionError), transaction():
        send(talk, talk.cara, [file])
        _ = 1 / 0
    assert row(file.id).thread_id is None
    assert len(send(talk, talk.cara, [file]).files) == 1
    assert db.session.execute(select(Attachment.state)).scalars().all() == ["fresh"]


def test_both_change_logs_get_a_message_with_files_once(app, talk, now):
    send(talk, talk.cara, [take(talk.cara, now)])
    for user in (talk.cara, talk.paul):
        told = db.session.execute(
            select(Change.kind).where(Change.user_id == user.id).order_by(Change.seq)
        ).scalars()
        assert list(told) == ["thread", "message"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [((800, 600), (320, 240)), ((600, 1200), (160, 320)), ((100, 80), (100, 80)), ((4000, 100), (320, 56))],
)
def test_a_picture_is_shown_within_its_limits(size, shown):
    """tests/js/uploads.test.js holds the page to the same."""
    assert fit(size) == shown


def test_file_sizes_and_summaries_are_readable():
    assert [file_size(n) for n in (900, 12_300, 999_499, 999_500, 3_440_000)] == [
        *("900 bytes", "12 kB", "999 kB", "1.0 MB", "3.4 MB")
    ]
    file: Any = {"name": "a.mp3", "media_type": "audio/mpeg", "width": None}
    assert files_summary([file]) == "Recording: a.mp3"
    assert files_summary([file | {"media_type": "video/mp4"}]) == "Video: a.mp3"
    assert files_summary([]) == ""


def test_the_inbox_and_the_notification_summarise_the_files(app, browse, talk, now):
    paul_id, thread_id = talk.paul.id, talk.id
    send(talk, talk.cara, [take(talk.cara, now), take(talk.cara, now)])
    assert "2 photos" in browse(talk.paul).get("/").text
    dispatch.sweep(now)
    told = select(Notification.preview).where(Notification.user_id == paul_id)
    assert db.session.execute(told).scalar_one() == "2 photos"
    cara = db.session.get(User, talk.cara.id)
    delete_message(viewer=cara, thread_id=thread_id, seq=1, now=now)
    assert db.session.execute(told).scalar_one() == "This message was deleted."


def test_the_digest_summarises_the_files(world):
    world.say(world.client, "These are the pictures")
    thread = SimpleNamespace(id=world.thread.id, now=NOON)
    send(thread, world.client, [take(world.client, NOON), take(world.client, NOON)])
    send(thread, world.client, [take(world.client, NOON, PDF, "plan.pdf")], "And the plan")
    digests.sweep(NOON + DELAY)
    [mail] = world.server.messages
    for part in ("plain", "html"):
        text = mail.get_body((part,)).get_content()
        assert all(words in text for words in ("2 photos", "And the plan", "Document: plan.pdf")), part
