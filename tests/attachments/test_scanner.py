"""A scanner stands between an upload and the people: what it has not called clean is not opened."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.attachments.clamd import BAD, Clamd, clamd
from tests.attachments.files import picture, row, send, take
from tests.services import free_port
from wellchat.attachments import processing, scanner
from wellchat.attachments.metrics import WAITING, check_scanner, measure
from wellchat.attachments.storage import get_store, key_of
from wellchat.audit.models import AuditEvent
from wellchat.config import SettingsError, read_settings
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.messaging.messages import delete_message
from wellchat.messaging.models import Message

HARM = b"a note\n" + BAD + b"\n"


@pytest.fixture
def server(app, monkeypatch):
    with clamd() as found:
        monkeypatch.setitem(app.config, "SCANNER", found.url)
        yield found


def files_of(talk):
    db.session.expire_all()
    return db.session.get(Message, (talk.id, 1)).files


def stored(file_id):
    return key_of(file_id) in {key for key, _ in get_store().keys()}  # noqa: SIM118


@pytest.mark.each_database
def test_a_file_is_opened_only_when_it_was_called_clean(app, server, talk, browse, now):
    note, beach = take(talk.cara, now, b"a note", "a.txt"), take(talk.cara, now)
    send(talk, talk.cara, [note, beach])
    paths = (
        f"/attachments/{note.id}/a.txt",
        f"/attachments/{beach.id}/a.jpg",
        f"/attachments/{beach.id}/thumbnail",
    )
    for person in (talk.cara, talk.paul):
        for path in paths:
            assert browse(person).get(path).status_code == 409
    shown = browse(talk.paul).get(f"/api/threads/{talk.id}/messages").json["messages"][0]["attachments"]
    assert [each["state"] for each in shown] == ["checking", "checking"]
    assert "Being checked for viruses" in browse(talk.paul).get(f"/threads/{talk.id}").text

    assert processing.process(attachment_id=note.id, now=now) == "ready"
    assert processing.process(attachment_id=beach.id, now=now) == "ready"
    assert server.seen == [b"a note", server.seen[1]]
    for path in paths:
        assert browse(talk.paul).get(path).status_code == 200
    shown = browse(talk.paul).get(f"/api/threads/{talk.id}/messages").json["messages"][0]["attachments"]
    assert [each["state"] for each in shown] == ["ready", "ready"]
    assert shown[1]["thumbnail_url"]


@pytest.mark.each_database
def test_what_the_scanner_finds_is_deleted_and_said(app, server, talk, browse, now):
    file = take(talk.cara, now, HARM, "a.txt")
    send(talk, talk.cara, [file])
    assert processing.process(attachment_id=file.id, now=now) == "refused"
    assert not stored(file.id)
    assert (row(file.id).state, row(file.id).due_at) == ("refused", None)
    assert files_of(talk)[0]["state"] == "refused"
    for person in (talk.cara, talk.paul):
        assert browse(person).get(f"/attachments/{file.id}/a.txt").status_code == 404
        assert "Refused by the virus scanner" in browse(person).get(f"/threads/{talk.id}").text
    event = db.session.execute(select(AuditEvent).where(AuditEvent.kind == "file.scanned_bad")).scalar_one()
    assert (event.actor_kind, event.about, event.detail) == ("system", file.id, {"finding": "Test.Harm-1"})


def test_a_refused_file_is_not_sent_and_its_owner_hears_why(app, server, talk, now):
    file = take(talk.cara, now, HARM, "plan.txt")
    processing.process(attachment_id=file.id, now=now)
    with pytest.raises(Invalid, match=r"“plan\.txt” was not sent: the virus scanner refused it"):
        send(talk, talk.cara, [file])
    assert processing.tidy(now + timedelta(days=2))["files_never_sent"] == 1


@pytest.mark.each_database
def test_a_scanner_that_is_away_opens_no_door(app, talk, browse, now, monkeypatch):
    port = free_port()
    monkeypatch.setitem(app.config, "SCANNER", f"clamd://127.0.0.1:{port}")
    file = take(talk.cara, now, b"a note", "a.txt")
    send(talk, talk.cara, [file])
    for attempt in range(12):  # far more often than a thumbnail is tried
        later = now + timedelta(hours=attempt)
        assert processing.process(attachment_id=file.id, now=later) == "scanning"
        assert processing.process(attachment_id=file.id, now=later) is None, "it waits before the next try"
    assert browse(talk.paul).get(f"/attachments/{file.id}/a.txt").status_code == 409
    measure(now)
    assert WAITING._value.get() == 1
    with pytest.raises(scanner.ScannerAway):
        check_scanner(app)
    with clamd() as back:
        monkeypatch.setitem(app.config, "SCANNER", back.url)
        processing.sweep(now + timedelta(days=1))
        assert "scans" in check_scanner(app)
    assert browse(talk.paul).get(f"/attachments/{file.id}/a.txt").status_code == 200
    measure(now)
    assert WAITING._value.get() == 0


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"stream: OK",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"OK\0",
        b"stream: OK FOUND OK\0",
        b"\xff\0",
    ],
)
def test_only_a_clear_answer_counts(app, server, talk, now, says):
    server.says = says
    file = take(talk.cara, now, b"x" * 300_000, "a.txt")
    expected = "ready" if says == b"stream: OK" else "scanning"
    assert processing.process(attachment_id=file.id, now=now) == expected


def test_a_file_withdrawn_during_its_scan_stays_withdrawn(app, server, talk, now, monkeypatch):
    file = take(talk.cara, now, b"a note", "a.txt")
    send(talk, talk.cara, [file])
    scan = scanner.scan

    def meanwhile(*given):
        delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=now)
        return scan(*given)

    monkeypatch.setattr(scanner, "scan", meanwhile)
    assert processing.process(attachment_id=file.id, now=now) == "gone"
    assert not stored(file.id)


@pytest.mark.each_database
def test_a_file_sent_during_its_scan_is_said_to_be_clean(app, server, talk, now, background, monkeypatch):
    file, looked, sent = take(talk.cara, now, b"a note", "a.txt"), threading.Event(), threading.Event()
    file_id, publish = file.id, processing._publish_scan

    def slowly(*given):
        if not looked.is_set():
            looked.set()
            assert sent.wait(20)
        return publish(*given)

    monkeypatch.setattr(processing, "_publish_scan", slowly)
    working = background(lambda: processing.process(attachment_id=file_id, now=now))
    assert looked.wait(20)
    send(talk, talk.cara, [file])
    sent.set()
    assert working.result(20) == "ready"
    assert "state" not in files_of(talk)[0]


def test_without_a_scanner_nothing_waits(app, talk, now):
    assert row(take(talk.cara, now, b"a note", "a.txt").id).state == "ready"
    assert "not checked" in check_scanner(app)


def test_a_socket_and_a_command_scan_too(tmp_path: Path):
    with clamd(tmp_path / "socket") as server:
        assert isinstance(server, Clamd)
        assert scanner.scan(server.url, [b"good"]) is None
        assert scanner.scan(server.url, [HARM]) == "Test.Harm-1"
    command = tmp_path / "scan"
    command.write_text(f"#!/bin/sh\nif grep -q '{BAD.decode()}'; then echo Found.It; exit 1; fi\n")
    command.chmod(0o700)
    assert scanner.scan(f"command:{command}", [b"go", b"od"]) is None
    assert scanner.scan(f"command:{command}", [HARM]) == "Found.It"
    command.write_text("#!/bin/sh\nexit 2\n")
    with pytest.raises(scanner.ScannerAway):
        scanner.scan(f"command:{command}", [b"good"])
    with pytest.raises(scanner.ScannerAway):
        scanner.scan(f"command:{tmp_path}/none", [b"good"])


@pytest.mark.parametrize(
    "value", ["clamd:", "clamd://", "http://a", "command:scan", "command:/no/such/program", "yes"]
)
def test_a_setting_that_names_no_scanner_is_refused(value, tmp_path):
    with pytest.raises(SettingsError, match="WELLCHAT_SCANNER"):
        read_settings({"WELLCHAT_SCANNER": value, "WELLCHAT_INSTANCE": str(tmp_path)})


@pytest.mark.parametrize(
    "value", ["clamd://127.0.0.1", "clamd://[::1]:3310", "clamd:///run/clamd.sock", "command:/bin/true"]
)
def test_settings_that_name_one(value, tmp_path):
    read = read_settings({"WELLCHAT_SCANNER": value, "WELLCHAT_INSTANCE": str(tmp_path)})
    assert value == read.SCANNER


def test_a_picture_is_scanned_before_its_thumbnail_is_made(app, server, talk, now):
    file = take(talk.cara, now, picture())
    server.says = b"INSTREAM size limit exceeded. ERROR\0"
    assert processing.process(attachment_id=file.id, now=now) == "scanning"
    assert not any(key.endswith(".thumb") and file.id in key for key, _ in get_store().keys())  # noqa: SIM118
