"""What features have of a person is declared, handed out and erased, on either database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.attachments.files import send, take
from tests.cast import Cast, Talk
from wellchat import sweeps
from wellchat.accounts.actions import create_token, update_profile
from wellchat.accounts.models import sha256_hex
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.attachments.storage import get_store
from wellchat.db import Base, db, transaction
from wellchat.errors import CannotWrite, Conflict
from wellchat.features import all_features
from wellchat.mail.actions import queue_mail
from wellchat.messaging.messages import delete_message, edit_message
from wellchat.subjects.actions import put_subject


@pytest.mark.each_database
def test_a_person_is_erased_and_the_others_go_on(
    app: Flask,
    api: Any,
    talk: Talk,
    cast: Cast,
    now: datetime,
    everything: Callable[[], dict[str, list[Any]]],
) -> None:
    cara, paul = talk.cara, talk.paul
    stored = {key for key, _ in get_store().keys()}  # noqa: SIM118 - a store is no dict
    theirs = ("zebra", "Cara Client", "cara@example.com", "mare.jpg")
    talk.says(paul, "Hello from Paul")
    talk.says(cara, "A zebra here")
    edit_message(viewer=cara, thread_id=talk.id, seq=2, body="Another zebra", now=now)
    talk.says(cara, "And no zebra")
    delete_message(viewer=cara, thread_id=talk.id, seq=3, now=now)
    send(talk, cara, [take(cara, now, name="mare.jpg")], "zebra")
    take(cara, now, name="mare.jpg")  # not sent
    assert api(paul).put(f"/api/threads/{talk.id}/messages/2/reactions/👍").status_code == 200
    starts = now + timedelta(days=3)
    put_subject(kind="booking", external_id="b", title="Ride", professional_id=paul.id, client_id=cara.id,
                starts_at=starts, status="confirmed", now=now)  # fmt: skip
    update_profile(user_id=cara.id, name=cara.name, bio="I love a zebra", time_zone="Asia/Tokyo")
    token = create_token(user_id=cara.id, now=now, name="zebra")
    for each in (cara, paul):
        queue_mail(user_id=each.id, address=each.email, name="welcome", context={"name": each.name}, now=now)
    sweeps.run(now=now)
    before = str(everything())
    assert [word for word in theirs if word not in before] == []
    (paul_said,) = [row for row in everything()["messages"] if "Hello from Paul" in row]

    erase_person(user_id=cara.id, now=now)
    sweeps.run(now=now + timedelta(minutes=1))

    after = everything()
    assert [word for word in theirs if word in str(after)] == []
    assert paul_said in after["messages"]
    assert {key for key, _ in get_store().keys()} == stored  # noqa: SIM118
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/me", headers=headers).status_code == 401
    messages = api(paul).get(f"/api/threads/{talk.id}/messages").json["messages"]
    assert [message["body"] for message in messages] == ["Hello from Paul", None, None, None]
    (thread,) = api(paul).get("/api/threads").json["threads"]
    assert thread["client"]["name"] == "Gone"
    db.session.rollback()
    with pytest.raises(CannotWrite):
        talk.says(paul, "Are you still there?")
    sweeps.run(now=now + timedelta(days=2))
    assert "Are you still there?" not in str(everything()["messages"])


def test_every_column_that_refers_to_a_person_is_declared_once(app: Flask) -> None:
    declared = [
        column
        for feature in all_features()
        if feature.personal_data
        for column in feature.personal_data.columns
    ]
    referring = [
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "users"
    ]
    assert referring
    assert sorted(declared) == sorted(referring)


@pytest.mark.each_database
def test_an_export_has_all_data_of_a_person_and_no_secret(app: Flask, talk: Talk, now: datetime) -> None:
    cara, paul = talk.cara, talk.paul
    talk.says(cara, "A zebra here")
    edit_message(viewer=cara, thread_id=talk.id, seq=1, body="Another zebra", now=now)
    talk.says(paul, "Hello from Paul")
    take(cara, now, name="mare.jpg")
    secret = create_token(user_id=cara.id, now=now, name="My script")
    queue_mail(user_id=cara.id, address=cara.email, name="welcome", context={"name": cara.name}, now=now)
    exported = export_person(cara.id)
    as_json = json.dumps(exported)
    assert exported["users"][0]["email"] == "cara@example.com"
    assert [row["body"] for row in exported["messages"]] == ["Another zebra", "Hello from Paul"]
    assert [row["body"] for row in exported["message_revisions"]] == ["A zebra here"]
    assert exported["attachments"][0]["name"] == "mare.jpg"
    assert exported["tokens"][0]["name"] == "My script"
    assert exported["mails"][0]["name"] == "welcome"
    for key in ("password_hash", 'digest": "' + sha256_hex(secret), secret, "p256dh"):
        assert key not in as_json
    assert "paul@example.com" not in as_json


def test_the_commands_export_and_erase(app: Flask, talk: Talk) -> None:
    talk.says(talk.cara, "A zebra here")
    run = app.test_cli_runner().invoke
    exported = run(args=["user", "export", "cara@example.com"])
    assert json.loads(exported.output)["messages"][0]["body"] == "A zebra here"
    refused = run(args=["user", "erase", "cara@example.com"], input="n\n")
    assert refused.exit_code == 1
    assert run(args=["user", "erase", "nobody@example.com", "--yes"]).exit_code == 1
    assert "A zebra here" in str(db.session.execute(text("SELECT body FROM messages")).all())
    db.session.rollback()
    assert run(args=["user", "erase", "cara@example.com", "--yes"]).exit_code == 0
    assert "A zebra here" not in str(db.session.execute(text("SELECT body FROM messages")).all())
    assert run(args=["user", "export", "cara@example.com"]).exit_code == 1


@pytest.mark.each_database
def test_a_table_about_people_that_nobody_declares_stops_both(app: Flask, talk: Talk, now: datetime) -> None:
    """A package of one's own that is off leaves its tables; what it has of a person must not be forgotten."""
    with transaction() as session:
        session.execute(
            text("CREATE TABLE own_goals (id INTEGER, user_id VARCHAR(13) REFERENCES users (id))")
        )
    try:
        for act in (lambda: export_person(talk.cara.id), lambda: erase_person(user_id=talk.cara.id, now=now)):
            with pytest.raises(Conflict, match="own_goals"):
                act()
        assert talk.cara.name == "Cara Client"
    finally:
        db.session.rollback()
        with transaction() as session:
            session.execute(text("DROP TABLE own_goals"))
