"""A person gets a copy of everything of theirs, and nobody else does."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.attachments.files import PDF, picture, send, take
from tests.cast import Cast, Talk, long_life
from wellchat import sweeps
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.session_models import UserSession
from wellchat.attachments import processing
from wellchat.attachments.storage import get_store
from wellchat.audit.models import AuditEvent
from wellchat.changes.queries import cursor_now
from wellchat.db import db, transaction
from wellchat.messaging.messages import edit_message
from wellchat.privacy import archive, build, exports
from wellchat.privacy.archive import Archive, PartWriter, safe_name
from wellchat.privacy.exports import latest_export, make, request_export
from wellchat.privacy.models import Export


def asked(user: User, now: datetime) -> str:
    return request_export(user=user, now=now).id


def state_of(export_id: str) -> Export:
    db.session.rollback()
    return db.session.get_one(Export, export_id, populate_existing=True)


@pytest.fixture
def fetched(app: Flask, client: Any, now: datetime) -> Callable[[User], zipfile.ZipFile]:
    """fetched(user): the copy as they download it."""

    def fetch(user: User) -> zipfile.ZipFile:
        export_id = asked(user, now)
        sweeps.run(now)
        answer = client.signed_in_as(user).get(f"/settings/privacy/exports/{export_id}")
        assert (answer.status_code, answer.content_type) == (200, "application/zip")
        assert int(answer.headers["Content-Length"]) == len(answer.data) == state_of(export_id).size
        assert answer.headers["Cache-Control"] == "no-store"
        assert "attachment" in answer.headers["Content-Disposition"]
        return zipfile.ZipFile(io.BytesIO(answer.data))

    return fetch


@pytest.mark.each_database
def test_a_copy_holds_ones_data_as_json_as_pages_and_files(
    app: Flask, talk: Talk, now: datetime, fetched: Callable[[User], zipfile.ZipFile]
) -> None:
    cara, paul = talk.cara, talk.paul
    talk.says(cara, "A zebra <b>here</b>")
    edit_message(viewer=cara, thread_id=talk.id, seq=1, body="Another <b>zebra</b>", now=now)
    talk.says(paul, "Hello from Paul")
    send(talk, cara, [take(cara, now, name="mare.jpg"), take(cara, now, name="mare.jpg")], "Two")
    send(talk, paul, [take(paul, now, content=PDF, name="plan.pdf")], "A plan")
    zipped = fetched(cara)
    assert zipped.testzip() is None
    names = zipped.namelist()
    assert names[:2] == ["README.txt", "index.html"]
    (page,) = [name for name in names if name.startswith("threads/")]
    assert page == "threads/001 Paul Professional/index.html"
    files = sorted(name for name in names if name.startswith("files/"))
    folder = "files/001 Paul Professional"
    assert files == [
        f"{folder}/000003-1 mare.jpg",
        f"{folder}/000003-2 mare.jpg",
        f"{folder}/000004-1 plan.pdf",
    ]
    assert zipped.read(files[2]) == PDF
    html = zipped.read(page).decode()
    for words in ("Another &lt;b&gt;zebra&lt;/b&gt;", "Hello from Paul", "000003-2%20mare.jpg"):
        assert words in html
    for outside in ("<script", "http://", "https://", 'src="/'):
        assert outside not in html
    assert "threads/001%20Paul%20Professional/index.html" in zipped.read("index.html").decode()
    data = {Path(n).stem: json.loads(zipped.read(n)) for n in names if n.startswith("data/")}
    assert data["users"][0]["email"] == "cara@example.com"
    assert [row["body"] for row in data["messages"]] == [
        "Another <b>zebra</b>",
        "Hello from Paul",
        "Two",
        "A plan",
    ]
    assert [row["body"] for row in data["message_revisions"]] == ["A zebra <b>here</b>"]
    whole = "".join(zipped.read(n).decode("latin-1") for n in names)
    for secret in ("paul@example.com", "password_hash", "argon2"):
        assert secret not in whole


@pytest.mark.each_database
def test_only_its_owner_gets_a_copy_and_only_for_a_week(
    app: Flask, client: Any, cast: Cast, talk: Talk, now: datetime
) -> None:
    export_id = asked(talk.cara, now)
    path = f"/settings/privacy/exports/{export_id}"
    assert client.signed_in_as(talk.cara).get(path).status_code == 404
    sweeps.run(now)
    for other in (talk.paul, cast.olga, cast.ada):
        assert client.signed_in_as(other).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    assert client.signed_in_as(talk.cara).get(path).status_code == 200
    sweeps.tidy(now + timedelta(days=exports.DAYS, hours=1))
    assert client.signed_in_as(talk.cara).get(path).status_code == 404
    assert state_of(export_id).state == "ended"
    assert list(get_store().keys()) == []
    acts = select(AuditEvent.kind).where(AuditEvent.kind.like("export.%")).order_by(AuditEvent.id)
    kinds = sorted(db.session.execute(acts).scalars())
    assert kinds == ["export.asked", "export.fetched", "export.made"]


def test_its_owner_hears_by_mail_once_a_day(app: Flask, client: Any, talk: Talk, now: datetime) -> None:
    browser = client.signed_in_as(talk.cara)
    assert browser.post("/settings/privacy/export").status_code == 303
    again = browser.post("/settings/privacy/export")
    assert again.status_code == 409
    assert "one copy a day" in again.text
    sweeps.run(now + timedelta(minutes=1))
    mails = list((Path(app.config["INSTANCE"]) / "mail").glob("*.eml"))
    (subject,) = [message_from_bytes(f.read_bytes(), policy=default)["Subject"] for f in mails]
    assert subject == "The copy of your data is ready"
    page = browser.get("/settings/privacy").text
    assert "Download the copy" in page
    assert "It takes some minutes" not in page
    latest = latest_export(talk.cara.id)
    assert latest is not None
    assert request_export(user=talk.cara, now=latest.asked_at + exports.ONCE_IN).id != latest.id


@pytest.mark.each_database
def test_what_a_crash_left_is_made_again(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "PART_SIZE", 2_000)
    send(talk, talk.cara, [take(talk.cara, now, content=picture(size=(400, 300)))])
    export_id = asked(talk.cara, now)

    class Killed(BaseException):
        pass

    real = build._add_file

    def dies(*args: Any) -> None:
        raise Killed

    monkeypatch.setattr(build, "_add_file", dies)
    with pytest.raises(Killed):
        make(export_id=export_id, now=now)
    db.session.rollback()
    monkeypatch.setattr(build, "_add_file", real)
    assert make(export_id=export_id, now=now + timedelta(minutes=1)) is None
    later = now + exports.LEASE + timedelta(hours=1)
    assert make(export_id=export_id, now=later) == "ready"
    export = state_of(export_id)
    whole = b"".join(archive.read_parts(get_store(), export_id, export.parts))
    assert export.parts > 1
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None


@pytest.mark.each_database
def test_a_worker_that_lost_its_claim_writes_nothing_down(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = asked(talk.cara, now)
    real = exports.count_all

    def slow(user: User) -> int:
        monkeypatch.setattr(exports, "count_all", real)
        assert make(export_id=export_id, now=now + exports.LEASE + timedelta(minutes=1)) == "ready"
        return real(user)

    monkeypatch.setattr(exports, "count_all", slow)
    assert make(export_id=export_id, now=now) is None
    assert state_of(export_id).state == "ready"


def test_a_copy_that_fails_is_tried_again_and_then_given_up(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = asked(talk.cara, now)

    def full(*args: Any, **more: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(exports, "build", full)
    states = [make(export_id=export_id, now=now + timedelta(hours=2 * each)) for each in range(5)]
    assert states == ["queued"] * 4 + ["failed"]
    # Nothing keeps them from asking again at once.
    assert request_export(user=talk.cara, now=now + timedelta(hours=9)).id != export_id


def test_the_store_keeps_copies_and_erasing_deletes_them(app: Flask, talk: Talk, now: datetime) -> None:
    export_id = asked(talk.cara, now)
    sweeps.run(now)
    assert processing.collect(now + timedelta(days=3)) == 0
    assert [key for key, _ in get_store().keys()] == [archive.part_key(export_id, 1)]  # noqa: SIM118
    erase_person(user_id=talk.cara.id, now=now)
    assert list(get_store().keys()) == []
    assert latest_export(talk.cara.id) is None


def test_an_open_page_hears_how_far_it_is(app: Flask, api: Any, talk: Talk, now: datetime) -> None:
    cursor, other = cursor_now(talk.cara.id), cursor_now(talk.paul.id)
    cara, paul = api(talk.cara), api(talk.paul)
    db.session.rollback()
    export_id = asked(talk.cara, now)
    sweeps.run(now)
    answer = cara.get(f"/api/updates?since={cursor}").json
    assert [(each["id"], each["state"]) for each in answer["exports"]] == [(export_id, "ready")]
    assert paul.get(f"/api/updates?since={other}").status_code == 204


class Sink:
    """Takes a zip and keeps nothing."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, content: bytes, /) -> int:
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def peak_of(user: User, now: datetime) -> tuple[int, int]:
    sink = Sink()
    tracemalloc.start()
    build.build(user, sink, now=now, tick=lambda count: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sink.size


def test_memory_does_not_grow_with_ten_times_the_messages(app: Flask, cast: Cast, now: datetime) -> None:
    start = now - timedelta(days=900)
    few = Talk(cast, now)
    long_life(few, 1_000, start=start)
    peak_of(cast.cara, now)  # what is built once: statements, templates
    small, _ = peak_of(cast.cara, now)
    cast.cara, cast.paul = cast.olga, cast.rita
    from wellchat.connections.actions import connect

    connect(client_id=cast.olga.id, professional_id=cast.rita.id, now=now)
    long_life(Talk(cast, now), 10_000, start=start)
    large, size = peak_of(cast.olga, now)
    assert size > 200_000
    assert large < small * 2


def test_names_are_made_safe() -> None:
    hostile = (
        "../../etc/passwd",
        "a/b\\c",
        "con.txt",
        "",
        "...",
        "x" * 300 + ".pdf",
        "a\u202egpj.exe",
        "a\nb",
    )
    safe = [safe_name(name) for name in hostile]
    for name in safe:
        assert name
        assert not {"/", "\\", "\n", "\u202e"} & set(name)
        assert name.strip(" .") not in ("", "..")
        assert len(name) <= 90
    assert safe[5].endswith(".pdf")
    assert safe[2] == "_con.txt"


@pytest.mark.parametrize("year", [1, 1979, 1980, 2107, 2108, 9999])
def test_any_date_can_be_written(app: Flask, year: int) -> None:
    target = PartWriter(get_store(), "0000000000000", lambda: None)
    packed = Archive(target)
    packed.add("x", [b"x"], at=datetime(year, 3, 4, 5, 6, 7, tzinfo=UTC))
    packed.close()
    target.close()
    whole = b"".join(archive.read_parts(get_store(), "0000000000000", target.parts))
    assert 1980 <= zipfile.ZipFile(io.BytesIO(whole)).infolist()[0].date_time[0] <= 2107


def test_the_command_writes_the_same_zip(app: Flask, talk: Talk) -> None:
    talk.says(talk.cara, "A zebra here")
    done = app.test_cli_runner().invoke(args=["user", "export", "cara@example.com", "--zip"])
    assert done.exit_code == 0, done.output
    zipped = zipfile.ZipFile(io.BytesIO(done.stdout_bytes))
    assert "A zebra here" in zipped.read("threads/001 Paul Professional/index.html").decode()


def test_it_is_written_in_the_language_of_its_reader(app: Flask, talk: Talk, now: datetime) -> None:
    from wellchat.accounts.actions import note_language

    note_language(user_id=talk.cara.id, language="de")
    db.session.expire_all()
    sink = io.BytesIO()
    target = archive.PipeWriter(sink)
    build.build(db.session.get_one(User, talk.cara.id), target, now=now, tick=lambda count: None)
    assert '<html lang="de"' in zipfile.ZipFile(sink).read("index.html").decode()


@pytest.mark.parametrize("form", ["html", "text", "json"])
def test_the_two_people_download_one_conversation(
    app: Flask, client: Any, cast: Cast, talk: Talk, form: str
) -> None:
    talk.says(talk.cara, "A <b>zebra</b> here")
    talk.says(talk.paul, "Hello from Paul")
    path = f"/threads/{talk.id}/download?format={form}"
    for person in (talk.cara, talk.paul):
        answer = client.signed_in_as(person).get(path)
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "Hello from Paul" in answer.text
        assert ("<b>zebra</b>" in answer.text) == (form != "html")
    if form == "json":
        assert [each["body"] for each in answer.json["messages"]] == [
            "A <b>zebra</b> here",
            "Hello from Paul",
        ]
    for other in (cast.olga, cast.rita, cast.ada):
        assert client.signed_in_as(other).get(path).status_code == 404


def test_a_form_that_there_is_not_gets_a_sentence(app: Flask, client: Any, talk: Talk) -> None:
    answer = client.signed_in_as(talk.cara).get(f"/threads/{talk.id}/download?format=exe")
    assert answer.status_code == 422


def test_a_download_needs_a_fresh_proof(app: Flask, client: Any, talk: Talk, now: datetime) -> None:
    export_id = asked(talk.cara, now)
    sweeps.run(now)
    browser = client.signed_in_as(talk.cara)
    with transaction() as session:
        session.execute(update(UserSession).values(proved_at=now - timedelta(minutes=11)))
    answer = browser.get(f"/settings/privacy/exports/{export_id}")
    assert (answer.status_code, answer.location) == (
        303, f"/prove?next=%2Fsettings%2Fprivacy%2Fexports%2F{export_id}"
    )  # fmt: skip
