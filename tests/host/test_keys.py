"""Keys of the installation: shown once, with an end, and made by owners or by command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.cast import Cast
from tests.host.conftest import HostServer
from wellchat.audit.models import AuditEvent
from wellchat.db import Base, db, transaction
from wellchat.host import keys
from wellchat.host.keys import end_key, make_key, rotate_key
from wellchat.host.models import HostKey
from wellchat.mail.actions import deliver
from wellchat.mail.models import Mail

SECRET = re.compile(r"wck_[0-9a-z]{13}_[A-Za-z0-9_-]{43}")


def kinds() -> list[str]:
    rows = select(AuditEvent.kind).where(AuditEvent.kind.startswith("host_key")).order_by(AuditEvent.at)
    return list(db.session.execute(rows).scalars())


@pytest.mark.each_database
def test_a_key_is_stored_as_a_digest_only(app: Flask, now: datetime, everything: Callable[[], Any]) -> None:
    made = make_key(name="Shop", scopes=["people:read"], now=now)
    assert SECRET.fullmatch(made.secret)
    assert made.secret.split("_", 2)[2] not in str(everything())
    assert made.key.ends_at == now + timedelta(days=365)
    assert kinds() == ["host_key.made"]


@pytest.mark.each_database
def test_a_rotated_key_works_for_a_day_and_an_ended_one_not_at_all(app: Flask, now: datetime) -> None:
    old = make_key(name="Shop", scopes=["people:read"], now=now)
    new = rotate_key(key_id=old.key.id, now=now)
    assert (new.key.name, new.key.scopes) == ("Shop", ["people:read"])

    def works(secret: str, after: timedelta) -> bool:
        return keys.key_by_secret(secret, now=now + after) is not None

    for hours, both in ((0, [True, True]), (23, [True, True]), (25, [False, True])):
        assert [works(each.secret, timedelta(hours=hours)) for each in (old, new)] == both
    assert not works(new.secret, timedelta(days=366))
    with pytest.raises(keys.Conflict):
        rotate_key(key_id=old.key.id, now=now)
    end_key(key_id=new.key.id, now=now)
    assert not works(new.secret, timedelta(0))
    with pytest.raises(keys.Conflict):
        rotate_key(key_id=new.key.id, now=now)


@pytest.mark.each_database
def test_owners_are_mailed_before_the_end_and_once_each_time(app: Flask, cast: Cast, now: datetime) -> None:
    made = make_key(name="Shop", scopes=["people:read"], days=40, now=now)
    make_key(name="Ended", scopes=["people:read"], days=40, now=now)
    end_key(key_id=next(k.id for k in keys.keys(now=now) if k.name == "Ended"), now=now)
    told = []
    for day in range(45):
        for _ in range(2):
            if keys.sweep(now + timedelta(days=day))["host_keys_warned"]:
                told.append(day)
    assert told == [10, 33, 39]
    mails = db.session.execute(select(Mail).where(Mail.name == "host_key_ends")).scalars().all()
    assert {mail.user_id for mail in mails} == {cast.ada.id}
    told_of = [(mail.context["key"], mail.context["days"]) for mail in mails]
    assert told_of == [
        ("Shop", 30),
        ("Shop", 7),
        ("Shop", 1),
    ]
    assert made.key.name == "Shop"


def test_the_mail_says_which_key_and_when(app: Flask, cast: Cast, now: datetime) -> None:
    make_key(name="Shop", scopes=["people:read"], days=20, now=now)
    keys.sweep(now)
    (mail,) = db.session.execute(select(Mail).where(Mail.name == "host_key_ends")).scalars()
    db.session.rollback()
    assert deliver(mail_id=mail.id, now=now) == "sent"
    (file,) = Path(app.config["INSTANCE"]).rglob("*.eml")
    text = file.read_text("utf-8", "replace")
    assert "Shop" in text
    assert "/oversight/keys" in text


@pytest.mark.each_database
def test_last_use_is_written_once_a_minute(server_with: Callable[..., HostServer], queries: Any) -> None:
    server = server_with("people:read")

    def used() -> datetime | None:
        db.session.rollback()
        return db.session.execute(select(HostKey.last_used_at)).scalar_one()

    def statements() -> int:
        with queries() as counted:
            server.get("/me")
        return int(counted.count)

    assert used() is None
    first = statements()
    at = used()
    assert at is not None
    assert statements() < first
    assert used() == at
    with transaction() as session:
        session.execute(update(HostKey).values(last_used_at=at - timedelta(seconds=61)))
    statements()
    assert used() != at - timedelta(seconds=61)
    assert db.session.execute(select(HostKey.last_used_from)).scalar_one() == "127.0.0.0/24"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 81}, "name"), ({"name": "a\x07"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["people:read", "all"]}, "scopes"), ({"days": 0}, "days"), ({"days": 366}, "days"),
        ({"networks": ["here"]}, "networks"), ({"networks": ["10.0.0.1/8"]}, "networks"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused(app: Flask, now: datetime, more: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {"name": "Shop", "scopes": ["people:read"], "now": now, **more}
    with pytest.raises(keys.Invalid) as refused:
        make_key(**given)
    assert (refused.value.status, list(refused.value.errors)) == (422, [field])
    assert db.session.execute(select(HostKey)).all() == []


def test_owners_make_rotate_and_end_keys_on_the_page(
    app: Flask, browse: Any, cast: Cast, change: Any
) -> None:
    me = browse(cast.ada)
    assert "There are no keys yet." in me.get("/oversight/keys").text
    refused = me.post("/oversight/keys", data={"name": "My shop", "days": "30", "networks": "here"})
    assert refused.status_code == 422
    assert "My shop" in refused.text
    form = {"name": "My shop", "days": "30", "scopes": ["people:read", "sign_in"], "networks": "192.0.2.0/24"}
    made = me.post("/oversight/keys", data=form)
    secret = SECRET.search(made.text)
    assert secret
    again = me.get("/oversight/keys").text
    assert not SECRET.search(again), "it is shown once"
    assert "192.0.2.0/24" in again
    (key,) = db.session.execute(select(HostKey)).scalars()
    assert (key.made_by, key.scopes) == (cast.ada.id, ["people:read", "sign_in"])
    assert SECRET.search(me.post(f"/oversight/keys/{key.id}/rotate").text)
    assert me.post(f"/oversight/keys/{key.id}/end", data={}).status_code == 422
    assert me.post(f"/oversight/keys/{key.id}/end", data={"sure": "1"}).status_code == 303
    db.session.rollback()
    assert sorted(kinds()) == ["host_key.ended", "host_key.made", "host_key.made", "host_key.rotated"]
    assert me.post("/oversight/keys/0000000000000/end", data={"sure": "1"}).status_code == 404
    for role in ("support", "moderator", "auditor"):
        change(cast.ada, admin_roles=role)
        assert me.get("/oversight/keys").status_code == 404
        assert me.post("/oversight/keys", data=form).status_code == 404
    assert browse(cast.paul).get("/oversight/keys").status_code == 404


def test_the_commands_do_the_same(app: Flask, now: datetime) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["key", "create", "Shop", "--scope", "people:read", "--scope", "people:write", "--json"])
    shown = json.loads(made.output)
    assert SECRET.fullmatch(shown["key"])
    assert SECRET.fullmatch(run(args=["key", "create", "Other", "--scope", "imports"]).output.strip())
    listed = json.loads(run(args=["key", "list", "--json"]).output)
    assert {each["name"] for each in listed} == {"Shop", "Other"}
    assert "key" not in listed[0]
    assert not SECRET.search(run(args=["key", "list"]).output)
    new = json.loads(run(args=["key", "rotate", shown["id"], "--grace", "0", "--json"]).output)
    assert new["id"] != shown["id"]
    assert json.loads(run(args=["key", "end", new["id"], "--json"]).output)["ended_at"]
    assert [each["name"] for each in json.loads(run(args=["key", "list", "--json"]).output)] == ["Other"]
    for wrong in (
        ["key", "create", "x", "--scope", "all"],
        ["key", "end", "nothing"],
        ["key", "rotate", new["id"]],
    ):
        refused = run(args=wrong)
        assert (refused.exit_code, refused.output.startswith("Error: ")) == (1, True)


@pytest.mark.each_database
def test_people_connections_and_subjects_by_command(app: Flask) -> None:
    run = app.test_cli_runner().invoke

    def data(*args: str) -> Any:
        done = run(args=[*args, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    assert data("user", "put", "c/1", "--name", "Cleo", "--role", "client", "--dry-run")["dry_run"] is True
    assert run(args=["user", "find", "c/1"]).exit_code == 1
    made = data("user", "put", "c/1", "--name", "Cleo", "--role", "client", "--email", "cleo@example.com")
    assert data("user", "put", "c/1", "--name", "Cleo")["changed"] == []
    assert data("user", "put", "c/1", "--email", "")["user"]["email"] is None
    data("user", "put", "p-1", "--name", "Pia", "--role", "professional")
    assert data("user", "rename", "c/1", "c-2")["changed"] == ["external_id"]
    assert data("user", "find", "c-2")["user"]["id"] == made["user"]["id"]
    assert "/sign-in/link/" in data("user", "sign-in-link", "c-2")["url"]
    assert data("connection", "put", "c-2", "p-1")["connection"]["open"] is True
    assert data("connection", "put", "c-2", "p-1", "--ended")["changed"] == ["ended"]
    assert run(args=["subject", "delete", "booking", "b-1"]).exit_code == 1
    refused = run(args=["user", "put", "p-1", "--role", "client"])
    assert (refused.exit_code, refused.output.startswith("Error: ")) == (1, True)
    assert run(args=["user", "put", "c-2", "--name", "Cleo"]).output.endswith("\tnothing changed\n")
    assert {table.name for table in Base.metadata.sorted_tables} >= {
        "host_keys",
        "host_answers",
        "host_times",
    }
