"""What the worker does: thumbnails, taking away, and finding what belongs to nobody."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.attachments.files import DAMAGED, PDF, picture, row, send, take
from wellchat import sweeps
from wellchat.attachments import pictures, processing
from wellchat.attachments.models import Attachment
from wellchat.attachments.storage import Folder, get_store, key_of, thumbnail_key
from wellchat.changes.models import Change
from wellchat.db import db
from wellchat.messaging.messages import delete_message
from wellchat.messaging.models import Message


def stored():
    return {key for key, _ in get_store().keys()}  # noqa: SIM118


@pytest.fixture(autouse=True)
def _empty_store(app):
    for key in stored():
        get_store().delete(key)


def changes_of(user):
    rows = db.session.execute(select(Change).where(Change.user_id == user.id).order_by(Change.seq)).scalars()
    return [(each.kind, each.message_seq) for each in rows]


@pytest.mark.each_database
def test_a_thumbnail_made_after_sending_is_a_change_for_both(app, talk, now):
    file = take(talk.cara, now)
    send(talk, talk.cara, [take(talk.cara, now, PDF, "a.pdf"), file])
    before = [changes_of(user) for user in (talk.cara, talk.paul)]
    assert processing.process(attachment_id=file.id, now=now) == "ready"
    db.session.expire_all()
    assert [each["thumbnail"] for each in db.session.get(Message, (talk.id, 1)).files] == [False, True]
    assert (row(file.id).state, row(file.id).due_at) == ("ready", None)
    assert [changes_of(user) for user in (talk.cara, talk.paul)] == [
        [*told, ("message", 1)] for told in before
    ]
    assert stored() >= {key_of(file.id), thumbnail_key(file.id)}


def test_a_thumbnail_made_before_sending_is_in_the_message(app, talk, now):
    file = take(talk.cara, now)
    assert processing.process(attachment_id=file.id, now=now) == "ready"
    assert send(talk, talk.cara, [file]).files[0]["thumbnail"] is True


@pytest.mark.each_database
def test_a_file_sent_during_its_processing_gets_its_thumbnail(app, talk, now, background, monkeypatch):
    """It was not sent when the worker looked, and was when it came to say so: the message must hear of it."""
    file, looked, sent = take(talk.cara, now), threading.Event(), threading.Event()
    file_id, show = file.id, processing._publish_thumbnail

    def slow_show(found):
        if not looked.is_set():
            looked.set()
            assert sent.wait(20)
        show(found)

    monkeypatch.setattr(processing, "_publish_thumbnail", slow_show)
    working = background(lambda: processing.process(attachment_id=file_id, now=now))
    assert looked.wait(20)
    send(talk, talk.cara, [file])
    sent.set()
    assert working.result(20) == "ready"
    db.session.expire_all()
    assert db.session.get(Message, (talk.id, 1)).files[0]["thumbnail"] is True


def test_a_file_withdrawn_during_its_processing_leaves_no_thumbnail(app, talk, now, monkeypatch):
    file = take(talk.cara, now)
    send(talk, talk.cara, [file])
    small = pictures.thumbnail

    def meanwhile(content):
        delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
        return small(content)

    monkeypatch.setattr(pictures, "thumbnail", meanwhile)
    assert processing.process(attachment_id=file.id, now=now) == "withdrawn"
    assert thumbnail_key(file.id) not in stored()
    db.session.expire_all()
    assert db.session.get(Message, (talk.id, 1)).files is None


def test_a_document_is_ready_at_once(app, talk, now):
    file = take(talk.cara, now, PDF, "a.pdf")
    assert (row(file.id).state, row(file.id).due_at) == ("ready", None)
    assert processing.process(attachment_id=file.id, now=now) is None


def test_two_workers_process_a_file_once(app, talk, now):
    file = take(talk.cara, now)
    db.session.execute(select(Attachment))
    results = [processing.process(attachment_id=file.id, now=now) for _ in range(2)]
    assert results == ["ready", None]


def test_a_failing_store_is_retried_later(app, talk, now, monkeypatch):
    file = take(talk.cara, now)
    with monkeypatch.context() as broken:
        broken.setattr(Folder, "read", lambda *_: (_ for _ in ()).throw(OSError("no disk")))
        assert processing.process(attachment_id=file.id, now=now) == "fresh"
    assert processing.process(attachment_id=file.id, now=now) is None
    assert processing.sweep(now + timedelta(minutes=1)) == {"thumbnails_made": 1, "files_removed": 0}


def test_an_impossible_thumbnail_is_given_up(app, talk, now, monkeypatch):
    file = take(talk.cara, now)
    get_store().delete(key_of(file.id))
    for i in range(processing.MAX_ATTEMPTS + 3):
        processing.sweep(now + timedelta(hours=i))
    assert (row(file.id).state, row(file.id).due_at, row(file.id).attempts) == (
        "fresh",
        None,
        processing.MAX_ATTEMPTS,
    )


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_picture_does_not_stop_the_others(app, talk, now, name):
    damaged, sound = take(talk.cara, now), take(talk.cara, now)
    get_store().put(key_of(damaged.id), DAMAGED[name])
    assert processing.sweep(now)["thumbnails_made"] >= 1
    assert row(sound.id).state == "ready"


def test_a_crash_of_the_worker_only_delays_a_file(app, talk, now, monkeypatch):
    file = take(talk.cara, now)
    with monkeypatch.context() as broken:
        broken.setattr(processing, "_make_thumbnail", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            processing.process(attachment_id=file.id, now=now)
    assert processing.sweep(now)["thumbnails_made"] == 0
    assert processing.sweep(now + processing.LEASE)["thumbnails_made"] == 1


@pytest.mark.each_database
def test_a_withdrawn_file_is_deleted_and_its_row_stays(app, talk, now):
    file = take(talk.cara, now)
    send(talk, talk.cara, [file])
    processing.process(attachment_id=file.id, now=now)
    assert len(stored()) == 2
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
    assert sweeps.run(now)["files_removed"] == 1
    assert stored() == set()
    gone = row(file.id)
    assert (gone.state, gone.name, gone.due_at, len(gone.digest)) == ("gone", "beach.jpg", None, 64)
    assert sweeps.run(now + timedelta(days=1))["files_removed"] == 0


def test_an_unsent_file_is_deleted_after_a_day(app, talk, now):
    unsent, sent = take(talk.cara, now), take(talk.cara, now)
    send(talk, talk.cara, [sent])
    assert sweeps.tidy(now + timedelta(hours=23))["files_never_sent"] == 0
    late = now + timedelta(hours=25)
    assert sweeps.tidy(late)["files_never_sent"] == 1
    processing.sweep(late)
    assert row(unsent.id) is None
    assert row(sent.id).state in ("fresh", "ready")
    assert key_of(unsent.id) not in stored()
    assert key_of(sent.id) in stored()


def test_bytes_without_a_row_are_collected(app, talk, now, monkeypatch):
    file, gone = take(talk.cara, now), take(talk.cara, now)
    send(talk, talk.cara, [file, gone])
    processing.process(attachment_id=file.id, now=now)
    for key in ("ab/abcdefghjkmnp", "ab/abcdefghjkmnp.thumb", "ab/.half"):
        get_store().put(key, b"x")
    assert processing.collect(now) == 0  # they may be on their way to their rows
    assert processing.collect(now + timedelta(days=2)) == 3
    assert stored() == {key_of(file.id), thumbnail_key(file.id), key_of(gone.id)}


@pytest.fixture
def never_collected(app):
    (app.config["INSTANCE"] / "files-collected").unlink(missing_ok=True)


def stray():
    get_store().put("ab/abcdefghjkmnp", b"x")


def test_collecting_runs_once_a_day_however_often_it_is_called(never_collected, talk, now):
    """Cron's sweep may come every minute, and to look through a bucket takes time and costs money."""
    # at last the clock was wrong
    for hours, collected in (
        (48, 1),
        (48.1, 0),
        (71.9, 0),
        (72, 1),
        (72.1, 0),
        (50, 1),
    ):
        stray()
        assert sweeps.tidy(now + timedelta(hours=hours))["files_collected"] == collected, hours


def test_collecting_from_a_failing_store_is_retried(app, never_collected, talk, now, tmp_path):
    late = now + timedelta(days=2)
    stray()
    app.config["STORAGE_URL"], usual = f"s3://nowhere-{tmp_path.name}", app.config["STORAGE_URL"]
    app.config["S3_ENDPOINT"] = "http://127.0.0.1:1"
    assert sweeps.tidy(late)["files_collected"] == 0
    app.config["STORAGE_URL"] = usual
    assert sweeps.tidy(late)["files_collected"] == 1


def test_one_task_processes_several_files(app, talk, now):
    """The task takes ids in the plural, as bells of a kind go out together."""
    ids = [take(talk.cara, now, picture("PNG"), "a.png").id for _ in range(3)]
    assert processing.process_all(attachment_ids=[*ids, "0" * 13], now=now) == ["ready"] * 3
