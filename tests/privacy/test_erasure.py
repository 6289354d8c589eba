"""Who asks for it is erased: after a period of grace, whole, and in steps that a crash only delays."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.attachments.files import picture, send, take
from tests.cast import Cast, Talk
from tests.privacy import canary
from tests.privacy.canary import CANARY, EMAIL
from wellchat import sweeps
from wellchat.accounts import standing
from wellchat.accounts.actions import create_user, update_profile
from wellchat.accounts.address_change import ask_for_change
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.audit.models import AuditEvent
from wellchat.connections.actions import connect
from wellchat.db import Base, db, is_postgresql, transaction
from wellchat.errors import CannotWrite, Conflict, NotFound
from wellchat.features import all_features
from wellchat.messaging.messages import edit_message
from wellchat.privacy import erasure
from wellchat.privacy.erasure import cancel_erasure, erasure_of, request_erasure
from wellchat.privacy.exports import request_export
from wellchat.privacy.holds import make_hold, release_hold
from wellchat.privacy.models import Erasure

GRACE = timedelta(days=7)


def everything_stored(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield (where, what) of the whole installation: rows, the file of the database, and every other file."""
    db.session.rollback()
    for table in Base.metadata.sorted_tables:
        yield table.name, str(db.session.execute(text(f"SELECT * FROM {table.name}")).all())
    db.session.rollback()
    if not is_postgresql():
        with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in sorted(Path(app.config["INSTANCE"]).rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield str(path), content.decode("latin-1")
            if path.suffix == ".eml":
                message = message_from_bytes(content, policy=default)
                parts = [p.get_content() for p in message.walk() if p.get_content_maintype() == "text"]
                yield str(path), str([*message.values(), *parts])


def name_of(user: User) -> str:
    db.session.rollback()
    return str(db.session.execute(select(User.name).where(User.id == user.id)).scalar_one())


def finish(now: datetime) -> None:
    """Let the worker do all that comes: the erasure, its last mail, and forgetting that mail."""
    for days in (8, 8, 10, 10):
        sweeps.run(now + timedelta(days=days, minutes=1))
    sweeps.tidy(now + timedelta(days=12))


@pytest.mark.each_database
def test_of_a_person_with_a_row_in_every_table_nothing_is_left(
    app: Flask, cast: Cast, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wellchat")
    person = create_user(email=EMAIL, name=f"{CANARY} Cara", role="client", password=None, now=now)
    connect(client_id=person.id, professional_id=cast.paul.id, now=now)
    cast.cara = person
    talk = Talk(cast, now)
    talk.says(person, f"{CANARY} first words")
    edit_message(viewer=person, thread_id=talk.id, seq=1, body=f"{CANARY} other words", now=now)
    send(talk, person, [take(person, now, name=f"{CANARY}.jpg")], f"{CANARY} with a picture")
    talk.says(cast.paul, "Words of the other side")
    sweeps.run(now + timedelta(hours=2))  # mails to Paul, with her name and words
    request_export(user=person, now=now)
    tables = canary.put_rows(person, cast.rita, now)
    sweeps.run(now + timedelta(hours=3))
    before = [where for where, what in everything_stored(app) if CANARY in what or EMAIL in what]
    assert any(where.endswith(".eml") for where in before)
    assert {"messages", "users", "mails", "notifications"} <= set(before)
    assert len(tables) > 25
    caplog.clear()

    request_erasure(user=person, now=now)
    finish(now)

    left = [
        (where, what[max(0, what.find(CANARY) - 200) :][:400])
        for where, what in everything_stored(app)
        if CANARY in what or EMAIL in what
    ]
    assert left == []
    assert CANARY not in caplog.text
    assert EMAIL not in caplog.text
    asked = erasure_of(person.id)
    assert asked is not None
    assert (asked.state, asked.email, asked.due_at) == ("done", None, None)
    assert "Words of the other side" in str(dict(everything_stored(app))["messages"])


def test_every_table_leads_to_a_person_or_is_explained(app: Flask) -> None:
    assert canary.strays() == []


def test_every_column_that_names_a_person_without_a_key_is_declared(app: Flask) -> None:
    suspicious = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if not column.foreign_keys and column.name.endswith(("user_id", "actor_id", "person_id", "admin_id"))
    }
    assert suspicious - canary.unlinked() == set()


def test_every_table_about_a_person_is_exported_or_its_feature_says_why_not(
    app: Flask, cast: Cast, now: datetime
) -> None:
    withheld = {
        name for feature in all_features() if feature.personal_data for name in feature.personal_data.withheld
    }
    about = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.column.table.name == "users" for key in table.foreign_keys)
        or any(f"{table.name}.{column.name}" in canary.unlinked() for column in table.columns)
    }
    exported = export_person(cast.cara.id)
    assert about - set(exported) - withheld == set()


@pytest.mark.each_database
def test_an_erasure_waits_for_its_grace_and_can_be_cancelled(app: Flask, talk: Talk, now: datetime) -> None:
    talk.says(talk.cara, "A zebra here")
    request_erasure(user=talk.cara, now=now)
    request_erasure(user=talk.cara, now=now + timedelta(days=1))
    sweeps.run(now + GRACE - timedelta(minutes=1))
    assert name_of(talk.cara) == "Cara Client"
    cancel_erasure(user_id=talk.cara.id, now=now)
    with pytest.raises(Conflict):
        cancel_erasure(user_id=talk.cara.id, now=now)
    sweeps.run(now + GRACE + timedelta(days=1))
    assert name_of(talk.cara) == "Cara Client"
    kinds = (
        db.session.execute(select(AuditEvent.kind).order_by(AuditEvent.at, AuditEvent.kind)).scalars().all()
    )
    assert kinds == ["erasure.asked", "erasure.cancelled"]


@pytest.mark.each_database
def test_a_step_that_fails_is_done_again_and_no_step_twice(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.says(talk.cara, "A zebra here")
    request_erasure(user=talk.cara, now=now)
    real = erasure.erasers()
    done: list[str] = []

    def breaking() -> dict[str, Any]:
        def step(name: str) -> Callable[..., None]:
            def erase(person: Any, at: datetime) -> None:
                if name == "attachments" and "broken" not in done:
                    done.append("broken")
                    raise OSError("the store does not answer")
                done.append(name)
                real[name](person, at)

            return erase

        return {name: step(name) for name in real}

    monkeypatch.setattr(erasure, "erasers", breaking)
    later = now + GRACE + timedelta(minutes=1)
    assert erasure.sweep(later) == {"erased": 0}
    asked = erasure_of(talk.cara.id)
    assert asked is not None
    assert asked.state == "erasing"
    assert "messaging" in asked.steps
    assert "attachments" not in asked.steps
    erasure.sweep(later + timedelta(minutes=1))  # claimed still
    assert done.count("attachments") == 0
    erasure.sweep(later + erasure.LEASE + timedelta(minutes=1))
    steps = [name for name in done if name not in ("broken", "audit")]
    assert sorted(steps) == sorted(name for name in real if name != "audit")
    assert name_of(talk.cara) == "Gone"


@pytest.mark.each_database
def test_a_hold_stops_an_erasure_until_it_is_released(app: Flask, talk: Talk, now: datetime) -> None:
    request_erasure(user=talk.cara, now=now)
    hold = make_hold(thread_id=talk.id, reason="Case 7", by="ops", now=now)
    later = now + GRACE + timedelta(minutes=1)
    erasure.sweep(later)
    with pytest.raises(Conflict, match=hold.id):
        erase_person(user_id=talk.cara.id, now=later)
    assert name_of(talk.cara) == "Cara Client"
    release_hold(hold_id=hold.id, now=later)
    erasure.sweep(later + timedelta(days=1, minutes=1))
    assert name_of(talk.cara) == "Gone"


@pytest.mark.each_database
def test_who_is_being_erased_is_signed_out_and_told_at_the_end(
    app: Flask, client: Any, talk: Talk, now: datetime
) -> None:
    browser = client.signed_in_as(talk.cara)
    request_erasure(user=talk.cara, now=now)
    sweeps.run(now)
    later = now + GRACE + timedelta(minutes=1)
    sweeps.run(later)
    assert browser.get("/settings/privacy").status_code == 302
    folder = Path(app.config["INSTANCE"]) / "mail"
    subjects = [message_from_bytes(f.read_bytes(), policy=default)["Subject"] for f in folder.glob("*.eml")]
    # The mail about the request was theirs, and went with them.
    assert subjects == ["Your account is erased"]
    sweeps.run(later + timedelta(days=1, minutes=1))
    assert list(folder.glob("*.eml")) == []


@pytest.mark.each_database
def test_a_restored_backup_is_erased_again(
    app: Flask, cast: Cast, talk: Talk, now: datetime, tmp_path: Path
) -> None:
    run = app.test_cli_runner().invoke
    erase_person(user_id=talk.cara.id, now=now)
    listed = run(args=["privacy", "erasures"])
    assert listed.output == f"{talk.cara.id}\n"
    # as an older backup has it
    with transaction() as session:
        back = "UPDATE users SET name = 'Cara Client', email = 'cara@example.com' WHERE id = :id"
        session.execute(text(back), {"id": talk.cara.id})
        session.execute(text("DELETE FROM erasures"))
    listing = tmp_path / "erased.txt"
    listing.write_text(f"{listed.output}0000000000000\n")
    again = run(args=["privacy", "reapply", str(listing)])
    assert again.exception is None, again.exception
    assert again.output == "Erased 1 people again.\n"
    assert name_of(talk.cara) == "Gone"
    assert run(args=["privacy", "reapply", str(listing)]).output == "Erased 0 people again.\n"
    assert run(args=["privacy", "erasures"]).output == f"{talk.cara.id}\n"
    made = db.session.execute(select(AuditEvent.detail).where(AuditEvent.kind == "erasure.listed")).scalars()
    assert list(made) == [{"people": 1}] * 2


@pytest.mark.each_database
def test_two_requests_at_once_make_one_erasure(
    app: Flask, talk: Talk, now: datetime, at_once: Callable[..., list[Any]]
) -> None:
    at_once(8, lambda _: request_erasure(user=talk.cara, now=now))
    assert len(db.session.execute(select(Erasure)).scalars().all()) == 1


@pytest.mark.each_database
def test_a_cancellation_at_the_last_moment_wins_or_loses_whole(
    app: Flask, talk: Talk, now: datetime, at_once: Callable[..., list[Any]]
) -> None:
    request_erasure(user=talk.cara, now=now)
    asked = erasure_of(talk.cara.id)
    assert asked is not None
    erasure_id, user_id, due = asked.id, talk.cara.id, now + GRACE
    db.session.rollback()

    def act(number: int) -> str:
        if number % 2:
            return str(erasure.go_on(erasure_id=erasure_id, now=due))
        try:
            cancel_erasure(user_id=user_id, now=due)
            return "kept"
        except Conflict:
            return "too late"

    ended = at_once(6, act)
    assert ("kept" in ended) != ("told" in ended)
    assert ended.count("kept") + ended.count("told") == 1
    assert name_of(talk.cara) == ("Gone" if "told" in ended else "Cara Client")


def test_reactions_and_programs_words_go_too(app: Flask, api: Any, talk: Talk, now: datetime) -> None:
    talk.says(talk.paul, "Hello from Paul")
    assert api(talk.cara).put(f"/api/threads/{talk.id}/messages/1/reactions/👍").status_code == 200
    assert api(talk.paul).put(f"/api/threads/{talk.id}/messages/1/reactions/👍").status_code == 200
    sent = api(talk.cara).post(
        f"/api/threads/{talk.id}/messages", json={"body": "Hi", "client_key": "zebra-1"}
    )
    assert sent.status_code == 201
    erase_person(user_id=talk.cara.id, now=now)
    (message,) = [
        m for m in api(talk.paul).get(f"/api/threads/{talk.id}/messages").json["messages"] if m["body"]
    ]
    assert message["reactions"] == [{"emoji": "👍", "user_ids": [talk.paul.id]}]
    assert "zebra-1" not in str(db.session.execute(text("SELECT client_key FROM messages")).all())


def test_a_picture_of_the_erased_is_gone_from_the_store(app: Flask, talk: Talk, now: datetime) -> None:
    from wellchat.attachments.storage import get_store

    send(talk, talk.cara, [take(talk.cara, now, content=picture())])
    sweeps.run(now)
    assert len(list(get_store().keys())) == 2
    erase_person(user_id=talk.cara.id, now=now)
    sweeps.run(now + timedelta(minutes=1))
    assert list(get_store().keys()) == []


@pytest.mark.each_database
def test_pages_of_who_wrote_with_them_load_afresh_and_nobody_else_s(
    app: Flask, api: Any, cast: Cast, talk: Talk, now: datetime
) -> None:
    talk.says(talk.cara, "A zebra here")
    readers = (talk.paul, cast.rita)
    since = {reader.id: api(reader).get("/api/me").json["cursor"] for reader in readers}
    # A process remembers that there is nothing new.
    for reader in readers:
        assert api(reader).get("/api/updates", query_string={"since": since[reader.id]}).status_code == 204
    request_erasure(user=talk.cara, now=now)
    erasure.sweep(now + GRACE)
    answer, other = (
        api(reader).get("/api/updates", query_string={"since": since[reader.id]}) for reader in readers
    )
    assert (answer.status_code, other.status_code) == (410, 204)
    assert answer.json["reason"] == "expired"
    assert api(talk.paul).get("/api/me").json["cursor"] == answer.json["cursor"]
    talk_again = {"since": answer.json["cursor"]}
    assert api(talk.paul).get("/api/updates", query_string=talk_again).status_code == 204


@pytest.mark.each_database
def test_the_last_owner_is_not_erased(app: Flask, browse: Any, cast: Cast, now: datetime) -> None:
    with pytest.raises(Conflict, match="last owner"):
        request_erasure(user=cast.ada, now=now)
    with pytest.raises(Conflict, match="last owner"):
        erase_person(user_id=cast.ada.id, now=now)
    refused = browse(cast.ada).post("/settings/privacy/erase", data={"sure": "1"})
    assert refused.status_code == 409
    assert "This is the last owner" in refused.text
    other = create_user(email="otto@example.com", name="Otto Owner", role="admin", now=now)
    request_erasure(user=cast.ada, now=now)
    # The other one goes before the grace is over.
    standing.disable(user_id=other.id, now=now)
    later = now + GRACE + timedelta(minutes=1)
    erasure.sweep(later)
    asked = erasure_of(cast.ada.id)
    assert asked is not None
    assert (asked.state, name_of(cast.ada)) == ("asked", "Ada Admin")
    standing.enable(user_id=other.id, now=later)
    erasure.sweep(later + erasure.HELD_FOR + timedelta(minutes=1))
    assert name_of(cast.ada) == "Gone"


def test_who_is_being_erased_is_not_enabled_again(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_erasure(user=talk.cara, now=now)

    def broken() -> None:
        raise OSError("the database is on its knees")

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "check_all_declared", broken)
        erasure.sweep(now + GRACE)
    with pytest.raises(Conflict, match="being erased"):
        standing.enable(user_id=talk.cara.id, now=now + GRACE)


@pytest.mark.each_database
def test_what_was_on_its_way_while_somebody_is_erased_is_refused(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request of theirs, and a mail that is being read, began before and come in between two steps."""
    talk.says(talk.cara, "A zebra here")
    request_erasure(user=talk.cara, now=now)
    stale, real = talk.cara, erasure.erasers()
    profile = {"name": f"{CANARY} Cara", "time_zone": "UTC"}
    refused = []

    def late(_person: Any, at: datetime) -> None:
        for act, error in (
            (lambda: talk.says(stale, f"{CANARY} late", now=at), CannotWrite),
            (lambda: update_profile(user_id=stale.id, **profile), NotFound),
            (lambda: request_export(user=stale, now=at), NotFound),
            (lambda: ask_for_change(user_id=stale.id, email=EMAIL, now=at), NotFound),
        ):
            with pytest.raises(error), transaction():
                act()
            refused.append(act)

    monkeypatch.setattr(erasure, "erasers", lambda: real | {"late": late})
    assert erasure.sweep(now + GRACE) == {"erased": 0}
    assert len(refused) == 4
    assert [where for where, what in everything_stored(app) if CANARY in what] == []


@pytest.mark.each_database
def test_a_message_that_waits_for_the_command_that_erases_is_refused(
    app: Flask, talk: Talk, now: datetime, background: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.says(talk.cara, "A zebra here")
    erasing, go_on = threading.Event(), threading.Event()
    module, cara = sys.modules[erase_person.__module__], talk.cara
    real = module.erasers()

    def wait(_person: Any, _at: datetime) -> None:
        erasing.set()
        assert go_on.wait(20)

    monkeypatch.setattr(module, "erasers", lambda: real | {"wait": wait})
    erased = background(lambda: erase_person(user_id=cara.id, now=now))
    assert erasing.wait(20)
    sent = background(lambda: talk.says(cara, f"{CANARY} late"))
    with pytest.raises(TimeoutError):
        sent.result(timeout=0.3)
    go_on.set()
    erased.result(20)
    with pytest.raises(CannotWrite):
        sent.result(20)
    assert CANARY not in str(dict(everything_stored(app))["messages"])
