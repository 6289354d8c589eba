"""The host puts people by its own ids, as often as it likes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.attachments.files import picture
from tests.cast import Cast, Talk
from tests.host.conftest import HostServer, user
from wellchat import sweeps
from wellchat.accounts.models import User
from wellchat.accounts.pictures import MAX_BYTES
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.digests.preview import send_test
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.mail.actions import queue_mail
from wellchat.mail.models import Mail

IDS = [
    "c-1", "a/b", "a//b", "/", "//", "a%2Fb", "100%", "a b", " a", "a ", "a+b", "a?b", "a#b", "a;b", "a&b=c",
    "ä", "愛", "🙂", "a🙂/b", "%", "%%", "%25", "~", "'", '"', "<b>", "a\\b", "A", "a", "1", "0", "-", "_",
    "a:b", "x:id:1", "ID:1", "users", "batch", "🙂" * 120, "x" * 120,
]  # fmt: skip


@pytest.mark.each_database
def test_a_person_is_made_once_and_then_unchanged(host: HostServer, everything: Callable[[], Any]) -> None:
    first = host.puts("c-1", email="cleo@example.com", email_verified=True, locale="de")
    assert (first.status_code, first.json["changed"]) == (201, [])
    made = first.json["user"]
    assert (made["external_id"], made["email"], made["email_verified"]) == ("c-1", "cleo@example.com", True)
    before = everything()
    again = host.puts("c-1", email="cleo@example.com", email_verified=True, locale="de")
    assert (again.status_code, again.json) == (200, {"user": made, "changed": []})
    assert everything() == before


@pytest.mark.each_database
def test_absent_is_kept_and_null_clears(host: HostServer) -> None:
    host.puts("c-1", email="cleo@example.com", role_label="Guest", locale="de", time_zone="Europe/Paris")
    answer = host.put(user("c-1"), {"name": "Cleo New"})
    assert answer.json["changed"] == ["name"]
    shown = answer.json["user"]
    assert (shown["email"], shown["locale"], shown["time_zone"]) == ("cleo@example.com", "de", "Europe/Paris")
    cleared = host.put(user("c-1"), {"email": None, "locale": None, "role_label": None})
    assert set(cleared.json["changed"]) == {"email", "locale", "role_label"}
    assert [cleared.json["user"][name] for name in ("email", "locale", "role_label")] == [None] * 3
    refused = host.put(user("c-1"), {"name": None})
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert list(refused.json["errors"]) == ["name"]


@pytest.mark.each_database
def test_every_id_is_one_segment(host: HostServer) -> None:
    made = {ext: host.puts(ext).json["user"] for ext in IDS}
    assert len({each["id"] for each in made.values()}) == len(IDS)
    assert {ext: each["external_id"] for ext, each in made.items()} == {ext: ext for ext in IDS}
    for ext in IDS:
        found = host.get(user(ext)).json["user"]
        assert (found["id"], found["external_id"]) == (made[ext]["id"], ext)
        assert host.get(f"/counts?{'user=' + user(ext).removeprefix('/users/')}").status_code == 200
    ops = [{"method": "GET", "path": user(ext)} for ext in IDS]
    results = host.post("/batch", {"operations": ops}).json["results"]
    assert [each["body"]["user"]["external_id"] for each in results] == IDS


def test_ids_that_cannot_be_are_refused(host: HostServer) -> None:
    for ext in ("id:c-1", "id:", "x" * 121, "🙂" * 121, "..", "."):
        assert host.puts(ext).status_code in (404, 422), ext
    for ext in ("a\nb", "a\0b", "a\x1fb", "\u200b"):
        assert host.puts(ext).status_code == 404, ext
    ours = host.puts("c-1").json["user"]["id"]
    assert host.get(user(f"id:{ours}")).json["user"]["external_id"] == "c-1"
    assert host.put(user(f"id:{ours}"), {"name": "By ours"}).json["changed"] == ["name"]


@pytest.mark.each_database
def test_a_late_job_does_not_undo_a_newer_one(host: HostServer, now: datetime) -> None:
    early, late = now.isoformat(), (now + timedelta(seconds=1)).isoformat()
    host.puts("c-1", name="Newer", as_of=late)
    stale = host.puts("c-1", name="Older", as_of=early)
    assert (stale.status_code, stale.json["stale"], stale.json["changed"]) == (200, True, [])
    assert stale.json["user"]["name"] == "Newer"
    same = host.puts("c-1", name="Same moment", as_of=late)
    assert same.json["changed"] == ["name"]


@pytest.mark.each_database
def test_an_address_of_somebody_else_names_them(host: HostServer) -> None:
    first = host.puts("c-1", email="one@example.com").json["user"]
    for ext, body in (("c-2", {}), ("c-1b", {"name": "x"})):
        refused = host.puts(ext, email="One@Example.com", **body)
        assert (refused.status_code, refused.json["code"]) == (409, "email_taken")
        assert refused.json["existing"] == {"id": first["id"], "external_id": "c-1"}
        assert host.get(user(ext)).status_code == 404


@pytest.mark.each_database
def test_two_people_swap_their_addresses_in_one_batch(host: HostServer) -> None:
    host.puts("a", email="a@example.com")
    host.puts("b", email="b@example.com")
    swap = [("a", None), ("b", "a@example.com"), ("a", "b@example.com")]
    ops = [{"method": "PUT", "path": f"/users/{ext}", "body": {"email": email}} for ext, email in swap]
    results = host.post("/batch", {"operations": ops}).json["results"]
    assert [each["status"] for each in results] == [200, 200, 200]
    assert [host.get(user(ext)).json["user"]["email"] for ext in "ab"] == ["b@example.com", "a@example.com"]


@pytest.mark.each_database
def test_eight_puts_at_once_make_one_person(host: HostServer, at_once: Any) -> None:
    answers = at_once(8, lambda number: host.puts("c-1", email="cleo@example.com").status_code)
    assert sorted(answers) == [200] * 7 + [201]
    other = at_once(4, lambda number: host.puts(f"d-{number}", email="same@example.com"))
    assert sorted(each.status_code for each in other) == [201, 409, 409, 409]
    assert {each.json["code"] for each in other if each.status_code == 409} == {"email_taken"}


@pytest.mark.each_database
def test_a_role_changes_only_where_nothing_depends_on_it(host: HostServer) -> None:
    host.puts("c-1")
    assert host.put(user("c-1"), {"role": "professional"}).json["changed"] == ["role"]
    assert host.put(user("c-1"), {"role": "client"}).json["changed"] == ["role"]
    host.puts("p-1", role="professional")
    host.put("/connections", {"client": "c-1", "professional": "p-1"})
    refused = host.put(user("c-1"), {"role": "professional"})
    assert (refused.status_code, refused.json["code"]) == (409, "role_in_use")


@pytest.mark.each_database
def test_another_id_of_the_host_keeps_the_person(host: HostServer) -> None:
    made = host.puts("old").json["user"]
    host.puts("other")
    taken = host.patch(user("old"), {"external_id": "other"})
    assert (taken.status_code, taken.json["code"]) == (409, "external_id_taken")
    assert taken.json["existing"]["external_id"] == "other"
    answer = host.patch(user("old"), {"external_id": "new/1"})
    assert (answer.json["user"]["id"], answer.json["changed"]) == (made["id"], ["external_id"])
    gone = host.get(user("old"))
    assert (gone.status_code, gone.json["code"], gone.json["external_id"]) == (410, "moved", "new/1")
    assert host.puts("old").status_code == 410
    assert host.get(user("new/1")).json["user"]["id"] == made["id"]


def test_people_are_listed_in_pages_without_administrators(host: HostServer, cast: Cast) -> None:
    for number in range(5):
        host.puts(f"c-{number}", email=f"c{number}@example.com")
    ids, after = [], ""
    while after is not None:
        page = host.get(f"/users?limit=3&after={after}").json
        assert len(page["users"]) <= 3
        ids += [each["id"] for each in page["users"]]
        after = page["next"]
    assert ids == sorted(set(ids))
    assert len(ids) == 5 + 4
    assert cast.ada.id not in ids
    one = host.get("/users?email=C3%40example.com").json
    assert [each["external_id"] for each in one["users"]] == ["c-3"]
    assert {"seen_at", "factors", "disabled"} <= set(one["users"][0])
    assert host.get("/users?limit=501").status_code == 422


def test_lists_take_the_same_statements_however_many(host: HostServer, queries: Any) -> None:
    host.puts("c-0")
    with queries() as few:
        host.get("/users?limit=500")
    for number in range(1, 12):
        host.puts(f"c-{number}")
    with queries() as many:
        assert len(host.get("/users?limit=500").json["users"]) == 12
    assert few.count == many.count


@pytest.mark.each_database
def test_administrators_are_not_there_for_a_key(host: HostServer, cast: Cast, now: datetime) -> None:
    link(user_id=cast.ada.id, source=HOST, external_id="boss", now=now)
    for ref in ("boss", f"id:{cast.ada.id}"):
        assert host.get(user(ref)).status_code == 404
        assert host.put(user(ref), {"email": "mine@example.com"}).status_code == 404
        for act in ("disable", "enable", "sign-out", "erase"):
            assert host.post(user(ref, f"/{act}"), {"reason": "because of this"}).status_code == 404
        assert host.post(user(ref, "/sign-in-links"), {}).status_code == 404


@pytest.mark.each_database
def test_disabling_ends_what_runs_and_enabling_brings_it_back(
    host: HostServer, api: Any, cast: Cast, now: datetime
) -> None:
    link(user_id=cast.cara.id, source=HOST, external_id="c-1", now=now)
    program = api(cast.cara)
    assert program.get("/api/me").status_code == 200
    assert host.post(user("c-1", "/disable"), {"reason": "x"}).json["errors"]["reason"]
    assert host.post(user("c-1", "/disable"), {"reason": "asked by the shop"}).status_code == 204
    assert program.get("/api/me").status_code == 401
    assert host.get(user("c-1")).json["user"]["disabled"] is True
    assert host.post(user("c-1", "/sign-in-links"), {}).status_code == 409
    assert host.post(user("c-1", "/enable"), {"reason": "asked by the shop"}).status_code == 204
    assert program.get("/api/me").status_code == 200
    assert host.post(user("c-1", "/sign-out"), {"reason": "signed out there"}).status_code == 204
    assert program.get("/api/me").status_code == 401


@pytest.mark.each_database
def test_erasing_waits_for_the_grace_or_not(host: HostServer, now: datetime) -> None:
    made = host.puts("c-1", email="cleo@example.com").json["user"]
    asked = host.post(user("c-1", "/erase"), {"reason": "asked by the person"})
    assert (asked.status_code, asked.json["erasure"]["state"]) == (202, "asked")
    done = host.post(user("c-1", "/erase"), {"reason": "asked by the person", "now": True})
    assert (done.status_code, done.json["erasure"]["state"]) == (202, "done")
    for ref in ("c-1", f"id:{made['id']}"):
        assert host.get(user(ref)).status_code == 404
    fresh = host.puts("c-1", email="cleo@example.com")
    assert fresh.status_code == 201
    assert fresh.json["user"]["id"] != made["id"]


def test_a_picture_is_bytes_and_never_an_address(host: HostServer) -> None:
    host.puts("c-1")
    sent = host.open("PUT", user("c-1", "/picture"), data=picture(), content_type="image/png")
    assert sent.status_code == 204, sent.json
    assert host.get(user("c-1")).json["user"]["picture"]
    bad = host.open("PUT", user("c-1", "/picture"), data=b"https://example.com/x.png")
    assert (bad.status_code, bad.json["code"]) == (422, "invalid")
    large = host.open("PUT", user("c-1", "/picture"), data=b"x" * (MAX_BYTES + 2000))
    assert (large.status_code, large.json["code"]) == (413, "too_large")
    assert host.delete(user("c-1", "/picture")).status_code == 204
    assert host.get(user("c-1")).json["user"]["picture"] is None


@pytest.mark.each_database
def test_a_sign_in_link_works_once_and_for_a_minute(
    app: Flask, host: HostServer, talk: Talk, now: datetime
) -> None:
    link(user_id=talk.cara.id, source=HOST, external_id="c-1", now=now)
    made = [host.post(user("c-1", "/sign-in-links"), {"to": f"/threads/{talk.id}"}) for _ in range(2)]
    assert [each.status_code for each in made] == [201, 201]
    one, other = [each.json["url"].removeprefix(app.config["BASE_URL"]) for each in made]
    assert one != other
    browser = app.test_client()
    assert browser.head(one).status_code == 200
    opened = browser.get(one)
    assert (opened.status_code, opened.location) == (303, f"/threads/{talk.id}")
    assert browser.get(f"/threads/{talk.id}").status_code == 200
    assert app.test_client().get(one).status_code == 410
    assert app.test_client().get(other).status_code == 303, "each link has a use of its own"
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "threads"):
        assert host.post(user("c-1", "/sign-in-links"), {"to": bad}).status_code == 422
    assert "sign-in/link" not in str(db.session.execute(select(Mail.context)).all())


@pytest.mark.each_database
def test_a_person_without_an_address_gets_no_mail_and_the_ledger_says_why(
    app: Flask, host: HostServer, talk: Talk, now: datetime
) -> None:
    made = host.puts("c-1").json["user"]
    person = db.session.get_one(User, made["id"])
    link_to = connect(client_id=person.id, professional_id=talk.paul.id, now=now)
    assert link_to.client_id == person.id
    send_test(user=person, now=now)
    quiet = Talk.__new__(Talk)
    quiet.cara, quiet.paul, quiet.now, quiet.said = person, talk.paul, now, 0
    from wellchat.messaging.threads import open_thread

    quiet.id, _ = open_thread(viewer=person, with_id=talk.paul.id, now=now)
    quiet.says(talk.paul, "Are you there?")
    for hours in range(0, 50, 5):
        sweeps.run(now=now + timedelta(hours=hours))
    rows = db.session.execute(
        select(Mail.name, Mail.state, Mail.reason).where(Mail.user_id == person.id)
    ).all()
    assert {row.state for row in rows} == {"skipped"}
    assert {"test", "digest"} <= {row.name for row in rows}
    assert {row.reason for row in rows} == {"We know no email address of this person."}


@pytest.mark.each_database
def test_what_waits_for_an_address_goes_with_its_owner(host: HostServer, now: datetime) -> None:
    made = host.puts("c-1", email="old@example.com").json["user"]["id"]
    for name in ("welcome", "test"):
        queue_mail(user_id=made, address="old@example.com", name=name, context={"name": "x"}, now=now)
    host.put(user("c-1"), {"email": "new@example.com"})
    db.session.rollback()
    waiting = select(Mail.address, Mail.state).where(Mail.user_id == made)
    assert set(db.session.execute(waiting).all()) == {("new@example.com", "queued")}
    db.session.rollback()
    host.put(user("c-1"), {"email": None})
    assert set(db.session.execute(waiting).all()) == {("", "skipped")}
