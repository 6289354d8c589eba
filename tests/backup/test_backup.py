"""A backup is whole, of one moment, and can be put back; a half one is never taken for a whole one."""

from __future__ import annotations

import shutil
import tarfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from tests.attachments.files import picture
from tests.backup.world import Writers, objects_of, rows_in, rows_of
from tests.databases import migrated
from wellchat.attachments import processing
from wellchat.attachments.actions import accept_upload
from wellchat.attachments.models import SHOWN, Attachment
from wellchat.attachments.storage import attachment_id_of
from wellchat.backup import making, restoring
from wellchat.backup.archive import opened
from wellchat.backup.errors import BackupError
from wellchat.backup.manifest import Manifest
from wellchat.backup.verifying import verify
from wellchat.changes.queries import check_cursor, cursor_now
from wellchat.db import db, transaction
from wellchat.mail.models import Mail
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import Message

pytestmark = pytest.mark.each_database


def put_back(app: Any, path: Path, **how: Any) -> None:
    with app.app_context(), opened(path) as folder:
        restoring.restore(folder, restoring.check_backup(folder), **how)
        db.session.remove()


@pytest.mark.slow
def test_a_backup_while_forty_people_write_is_of_one_moment(app, now, elsewhere, tmp_path) -> None:
    expected: dict[str, list[str]] = {}

    def look(what: str, *_: Any) -> None:
        # In the very snapshot that is copied.
        if not expected:
            expected.update(rows_in(db.session.connection()))

    writers = Writers(app, now)
    with writers:
        writers.each_acts()
        before = writers.sent.copy()
        cursors = {each: cursor_now(each) for each in writers.acts}
        path, manifest = making.make(tmp_path, now=now, tell=look)
        writers.each_acts()
    # A schema with nobody in it is an empty place, too.
    put_back(migrated(elsewhere), path)
    found = rows_of(elsewhere)
    assert {name: found[name] for name in expected} == expected
    assert manifest.files.missing == []
    with elsewhere.app_context():
        here = set(db.session.execute(select(Message.thread_id, Message.seq)).all())
        held = {each.thread_id: each for each in writers.sent if (each.thread_id, each.seq) in here}
        assert {(each.thread_id, each.seq) for each in before} <= here
        assert len(held) < len(writers.sent)
        # Whoever knew of one before another was begun: the backup has no second without the first.
        last = max(each.begun for each in writers.sent if (each.thread_id, each.seq) in here)
        assert not [e for e in writers.sent if e.known < last and (e.thread_id, e.seq) not in here]
        shown = db.session.execute(select(Attachment).where(Attachment.state.in_(SHOWN))).scalars().all()
        stored = {attachment_id_of(key) for key in objects_of(elsewhere)}
        assert {each.id for each in shown} <= stored
        # Everybody is told, and loads afresh.
        assert {check_cursor(each, cursor).refusal for each, cursor in cursors.items()} == {"restored"}


def test_files_that_are_deleted_meanwhile_are_in_the_backup(app, talk, now, tmp_path) -> None:
    file = accept_upload(owner=talk.cara, name="a.png", content=picture("PNG"), now=now)
    processing.process(attachment_id=file.id, now=now)
    sent, _ = send_message(
        sender=talk.cara, thread_id=talk.id, body="", client_key="k", attachments=[file.id], now=now
    )
    states: list[str | None] = []

    def withdraw(what: str, *_: Any) -> None:
        if not states:

            def work() -> None:
                with app.app_context():
                    delete_message(viewer=talk.cara, thread_id=talk.id, seq=sent.seq, now=now)
                    states.append(processing.process(attachment_id=file.id, now=now))

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

    path, manifest = making.make(tmp_path, now=now, tell=withdraw)
    assert states == ["withdrawn"]
    # Later, and not never.
    assert processing.process(attachment_id=file.id, now=now + timedelta(hours=1)) == "gone"
    assert manifest.files.missing == []
    assert (path / "files" / file.id[:2] / file.id).exists()


def test_a_backup_is_put_back_into_an_empty_place_only(app, talk, now, elsewhere, tmp_path) -> None:
    talk.exchange("cpc")
    file = accept_upload(owner=talk.cara, name="a.png", content=picture("PNG"), now=now)
    with transaction() as session:
        waiting = Mail(address="a@example.com", name="welcome", created_at=now, due_at=now)
        session.add(waiting)
    path, _ = making.make(tmp_path, now=now, as_archive=True)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    seen: list[str] = []

    def die(what: str, *_: Any) -> None:
        seen.append(what)
        if what.startswith("database") and (len(seen) > 9 or what == "database"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_back(elsewhere, path, tell=die)
    # Nothing of it counts, and doing it again is all there is to do.
    put_back(elsewhere, path)
    key = f"{file.id[:2]}/{file.id}"
    assert objects_of(elsewhere) == {key: objects_of(app)[key]}
    with elsewhere.app_context():
        # It may have gone out after the backup was made: nothing is mailed twice by itself.
        assert db.session.get(Mail, waiting.id).state == "unknown"
        with pytest.raises(BackupError, match=r"There are 5 people here already"):
            put_back(elsewhere, path)
    put_back(elsewhere, path, replace=True)
    mine, theirs = rows_of(app), rows_of(elsewhere)
    assert {name for name in mine if mine[name] != theirs[name]} == {"mails"}


@pytest.mark.slow
def test_a_backup_of_an_older_schema_is_upgraded(app, talk, now, elsewhere, tmp_path) -> None:
    talk.exchange("cpc")
    path, _ = making.make(tmp_path, now=now)
    put_back(migrated(elsewhere), path)
    with elsewhere.app_context():
        downgrade(revision="0040")
        older, manifest = making.make(tmp_path, now=now.replace(year=2030))
        upgrade()
        db.session.remove()
    assert manifest.revision == "0040"
    put_back(elsewhere, older, replace=True)
    with elsewhere.app_context():
        assert verify(now=now).ok
        assert db.session.execute(select(Message.body).order_by(Message.seq)).scalars().all() == [
            "message 1",
            "message 2",
            "message 3",
        ]
        newer = manifest.model_copy(update={"revision": "9999"})
        with pytest.raises(BackupError, match=r"schema 9999 of wellchat .+ is not known here"):
            restoring.check_fits(newer)
        db.session.remove()


def with_sums(folder: Path, content: bytes) -> None:
    """Give a backup another list, and a manifest that names it."""
    manifest = Manifest.read(folder)
    (folder / "SHA256SUMS").write_bytes(content)
    manifest.write(folder)


def test_a_damaged_or_half_backup_is_refused(app, talk, now, elsewhere, tmp_path) -> None:
    accept_upload(owner=talk.cara, name="a.txt", content=b"words", now=now)
    path, _ = making.make(tmp_path, now=now)
    damages = {
        "no backup": lambda folder: (folder / "manifest.json").unlink(),
        "is damaged: files/.+ is missing": lambda folder: next((folder / "files").glob("*/*")).unlink(),
        "other bytes": lambda folder: next((folder / "database").iterdir()).write_bytes(b"x"),
        "not the list": lambda folder: (folder / "SHA256SUMS").write_text(""),
        "a line that no backup writes": lambda folder: with_sums(folder, b"\xff\n"),
    }
    for number, (words, damage) in enumerate(damages.items()):
        copy = shutil.copytree(path, tmp_path / str(number))
        damage(copy)
        with pytest.raises(BackupError, match=words):
            put_back(elsewhere, copy)
    with elsewhere.app_context():
        assert db.inspect(db.engine).get_table_names() == []

    def die(what: str, *_: Any) -> None:
        raise KeyboardInterrupt

    later = now.replace(year=2030)
    with pytest.raises(KeyboardInterrupt):
        making.make(tmp_path / "new", now=later, tell=die)
    assert list((tmp_path / "new").iterdir()) == []
    # What a kill leaves has a name that nobody takes for a backup, and goes with the next one.
    (tmp_path / "new" / ".wellchat-20200101T000000Z.part").mkdir()
    made, _ = making.make(tmp_path / "new", now=later)
    assert list((tmp_path / "new").iterdir()) == [made]


STRANGE = {
    "outside": [("../beside", tarfile.REGTYPE, "")],
    "absolute path": [("a", tarfile.SYMTYPE, "/etc"), ("a/b", tarfile.REGTYPE, "")],
    "special file": [("manifest.json", tarfile.FIFOTYPE, "")],
    "a/b": [("a", tarfile.REGTYPE, ""), ("a/b", tarfile.REGTYPE, "")],
    "Is a directory": [("a", tarfile.DIRTYPE, ""), ("a", tarfile.REGTYPE, "")],
    "nothing": [("a", tarfile.LNKTYPE, "nothing")],
    "too long": [("n" * 300, tarfile.REGTYPE, "")],
    "is no backup": [("manifest.json", tarfile.DIRTYPE, "")],
}


@pytest.mark.parametrize("words", STRANGE)
def test_an_archive_that_no_backup_writes_is_refused_in_one_line(app, tmp_path, words) -> None:
    """Whatever its members are called or are: nothing is left behind, and nothing is written elsewhere."""
    path, folder = tmp_path / "strange.tar", Path(app.config["INSTANCE"])
    with tarfile.open(path, "w") as tar:
        for name, kind, leads_to in STRANGE[words]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, leads_to
            tar.addfile(member)
    before = sorted(folder.rglob("*"))
    with pytest.raises(BackupError, match=words), opened(path) as found:
        restoring.check_backup(found)
    assert sorted(folder.rglob("*")) == before
