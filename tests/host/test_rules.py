"""What holds for every call of the host API: who may call, only once, with no trace in a dry run."""

from __future__ import annotations

import contextvars
import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from sqlalchemy import select, text

from tests.cast import Cast, Talk
from tests.host.conftest import HostServer, user
from tests.test_wiring import calls_of, rules
from wellchat import task_queue
from wellchat.accounts.actions import lock_user
from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.host import answers, people_calls
from wellchat.host.calls import CALLS, Answer, Caller, HostCall, all_calls
from wellchat.host.forms import Why
from wellchat.host.models import HostAnswer, HostKey
from wellchat.host.performing import Given, perform
from wellchat.host.problems import BY_STATUS, CODES
from wellchat.host.scopes import SCOPES
from wellchat.identities.actions import link
from wellchat.identities.models import HOST

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_a_host_key_opens_nothing_but_the_host_api(app: Flask, host: HostServer) -> None:
    tried = 0
    for rule in rules():
        if rule.rule.startswith("/api/host/"):
            continue
        values = {name: 1 if name == "seq" else "0000000000000" for name in rule.arguments}
        with app.test_request_context():
            path = rule.build(values, append_unknown=False)[1]
        for method in calls_of(rule):
            tried += 1
            answer = host.client.open(path, method=method, headers=host.headers)
            assert answer.status_code == 401, f"{method} {path}"
    assert tried > 100


def test_the_host_api_takes_nothing_but_a_host_key(
    app: Flask, api: Any, host: HostServer, cast: Cast
) -> None:
    paths = [(call.method, "/api/host" + re.sub(r"<.*?>", "x", call.rule)) for call in CALLS]
    secret = host.headers["Authorization"].removeprefix("Bearer ")
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for headers in ({}, {"Authorization": f"Bearer {wrong}"}, {"Authorization": f"Basic {secret}"}):
        for method, path in paths:
            answer = contextvars.Context().run(
                host.client.open, path, method=method, json={}, headers=headers
            )
            assert (answer.status_code, answer.json["code"]) == (401, "key_missing")
    assert api(cast.ada).get("/api/host/me").status_code == 401
    for more in ({"Cookie": "wellchat=1"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        answer = host.get("/me", headers=more)
        assert (answer.status_code, answer.json["code"]) == (403, "key_elsewhere")
    in_address = contextvars.Context().run(host.client.get, f"/api/host/me?key={secret}")
    assert in_address.json["code"] == "key_elsewhere"
    assert host.get("/me", headers={"Sec-Fetch-Mode": "cors"}).status_code == 200


def test_a_key_works_from_its_networks_only(server_with: Callable[..., HostServer]) -> None:
    server = server_with("people:read", networks=["192.0.2.0/24", "2001:db8::/32"])
    for address, status in (
        ("192.0.2.7", 200),
        ("2001:db8::1", 200),
        ("::ffff:192.0.2.7", 200),
        ("192.0.3.1", 403),
    ):
        answer = server.get("/me", environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status, address
    assert answer.json["code"] == "network_refused"
    refused = select(AuditEvent).where(AuditEvent.kind == "host_key.refused")
    assert len(db.session.execute(refused).all()) == 1


def test_each_call_needs_its_scope(server_with: Callable[..., HostServer], host: HostServer) -> None:
    for call in CALLS:
        if call.scope is None:
            continue
        lacking = server_with(*(set(SCOPES) - {call.scope}))
        answer = lacking.open(call.method, re.sub(r"<.*?>", "x", call.rule), json={})
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing"), call.name
        assert call.scope in answer.json["detail"]


@pytest.mark.each_database
def test_an_act_is_on_record_as_the_key_s(host: HostServer) -> None:
    host.puts("c-1")
    (row,) = db.session.execute(select(AuditEvent).where(AuditEvent.kind == "host_person.made")).scalars()
    (key,) = db.session.execute(select(HostKey)).scalars()
    assert (row.actor_kind, row.actor, row.device) == ("host", None, f"key {key.id}")


@pytest.mark.each_database
def test_a_dry_run_leaves_nothing(
    app: Flask, host: HostServer, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(task_queue, "send_soon", lambda task, ids: rung.append(task))
    link(user_id=talk.cara.id, source=HOST, external_id="c", now=now)
    link(user_id=talk.paul.id, source=HOST, external_id="p", now=now)
    host.get("/me")
    rung.clear()
    before, files = _everything(), _files(app)
    booking = {"title": "Cut", "client": "c", "professional": "p", "starts_at": "2027-01-01T10:00:00Z"}
    why = {"reason": "because of this"}
    writes: list[tuple[str, str, Any]] = [
        ("PUT", user("c-2"), {"name": "New", "role": "client", "email": "n@example.com", "notify": True}),
        ("PUT", user("c"), {"name": "Other", "email": None, "as_of": now.isoformat()}),
        ("PATCH", user("c"), {"external_id": "d"}),
        ("DELETE", user("c", "/picture"), None),
        ("POST", user("c", "/disable"), why),
        ("POST", user("c", "/sign-out"), why),
        ("POST", user("c", "/erase"), why),
        ("POST", user("c", "/erase"), {**why, "now": True}),
        ("POST", user("c", "/sign-in-links"), {}),
        ("PUT", "/connections", {"client": "c", "professional": "p", "ended": True, "trade": "hair"}),
        ("PUT", "/subjects/booking/b-1", booking),
    ]
    for method, path, body in writes:
        answer = host.open(method, path + "?dry_run=1", json=body)
        assert (answer.status_code, answer.json["dry_run"]) == (200, True), (path, answer.json)
    new = host.open("PUT", user("c-2") + "?dry_run=1", json={"name": "New", "role": "client"})
    assert new.json["user"]["id"] is None
    ops = [{"method": method, "path": path, "body": body} for method, path, body in writes]
    dry = host.post("/batch?dry_run=1", {"operations": ops}).json["results"]
    assert {each["status"] for each in dry} == {200}
    assert host.get(user("c-2")).status_code == 404
    assert (_everything(), _files(app), rung) == (before, files, [])
    real = host.put(user("c-2"), {"name": "New", "role": "client", "email": "n@example.com", "notify": True})
    assert real.status_code == 201
    assert rung, "a real one rings"


def _everything() -> dict[str, list[Any]]:
    from wellchat.db import Base

    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(text(f"SELECT * FROM {table.name}")).all()))
        for table in Base.metadata.sorted_tables
    }


def _files(app: Flask) -> list[str]:
    found = Path(app.config["INSTANCE"]).rglob("*")
    return sorted(str(path) for path in found if path.is_file() and path.suffix in ("", ".eml", ".part"))


@pytest.mark.each_database
def test_the_same_post_again_gets_the_first_answer(host: HostServer, now: datetime) -> None:
    host.puts("c-1")
    once = {"Idempotency-Key": "k-1"}
    first = host.post(user("c-1", "/sign-in-links"), {"to": "/a"}, headers=once)
    again = host.post(user("c-1", "/sign-in-links"), {"to": "/a"}, headers=once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    other = host.post(user("c-1", "/sign-in-links"), {"to": "/b"}, headers=once)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    elsewhere = host.post(user("c-1", "/sign-out"), {"reason": "asked by the shop"}, headers=once)
    assert elsewhere.status_code == 204, "another call has keys of its own"
    assert (
        host.post(user("c-1", "/sign-out"), {"reason": "asked by the shop"}, headers=once).status_code == 204
    )
    for bad in ("", "x" * 65):
        missing = host.post(user("c-1", "/sign-in-links"), {}, headers={"Idempotency-Key": bad})
        assert (missing.status_code, missing.json["code"]) == (400, "idempotency_key_missing")
    refused = host.post(user("c-1", "/disable"), {"reason": "x"}, headers={"Idempotency-Key": "k-2"})
    assert refused.status_code == 422
    mended = host.post(user("c-1", "/disable"), {"reason": "in words"}, headers={"Idempotency-Key": "k-2"})
    assert mended.status_code == 204, "what was refused has done nothing, and is not remembered"
    assert answers.tidy(now + timedelta(hours=47))["host_answers_trimmed"] == 0
    assert answers.tidy(now + timedelta(hours=49))["host_answers_trimmed"] == 3


@pytest.mark.each_database
def test_the_same_post_at_the_same_time_is_told_to_wait(
    host: HostServer, background: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.puts("c-1")
    entered, go_on, acts = Event(), Event(), []
    real = people_calls.links.path_for

    def slow(*args: Any, **more: Any) -> str:
        acts.append(1)
        entered.set()
        assert go_on.wait(30)
        return real(*args, **more)

    monkeypatch.setattr(people_calls.links, "path_for", slow)
    once = {"Idempotency-Key": "k-1"}
    db.session.rollback()
    first = background(lambda: host.post(user("c-1", "/sign-in-links"), {}, headers=once))
    assert entered.wait(30)
    second = host.post(user("c-1", "/sign-in-links"), {}, headers=once)
    assert (second.status_code, second.json["code"]) == (409, "still_running")
    assert second.headers["Retry-After"] == "1"
    go_on.set()
    assert first.result(timeout=30).status_code == 201
    third = host.post(user("c-1", "/sign-in-links"), {}, headers=once)
    assert third.headers["Idempotency-Replayed"] == "true"
    assert len(acts) == 1


@pytest.mark.each_database
def test_a_crash_between_act_and_answer_leaves_neither(
    host: HostServer, now: datetime, monkeypatch: pytest.MonkeyPatch, everything: Callable[[], Any]
) -> None:
    host.puts("c-1")
    caller, before = Caller("k", (), now), everything()
    monkeypatch.setattr(answers.orjson, "dumps", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        answers.once(
            call=("k", "POST", "/x"),
            key="k-1",
            body=b"",
            act=lambda: people_calls.disable_user.act(caller, "c-1", Why(reason="in words")),
            now=now,
        )
    assert everything() == before


@pytest.mark.each_database
def test_a_batch_does_each_by_itself_and_in_order(host: HostServer) -> None:
    ops = [
        {"method": "PUT", "path": "/users/a", "body": {"name": "Anna", "role": "client"}},
        {"method": "PUT", "path": "/api/host/users/b", "body": {"name": "Berta"}},
        {"method": "GET", "path": "/users/a"},
        {"method": "POST", "path": "/users/a/disable", "body": {"reason": "in words"}},
        {"method": "POST", "path": "/users/a/disable", "body": {"reason": "in words"}, "key": "k"},
        {"method": "POST", "path": "/users/a/disable", "body": {"reason": "in words"}, "key": "k"},
        {"method": "POST", "path": "/batch", "body": {"operations": []}},
        {"method": "DELETE", "path": "/users/a"},
        {"method": "GET", "path": "/nowhere"},
        {"method": "PUT", "path": "/users/a/picture", "body": "x"},
        {"method": "PUT", "path": "/users/c", "body": []},
        {"method": "GET", "path": "/users?limit=1&after="},
    ]
    answer = host.post("/batch", {"operations": ops})
    assert answer.status_code == 200
    found = [each["status"] for each in answer.json["results"]]
    assert found == [201, 422, 200, 400, 204, 204, 422, 405, 404, 422, 422, 200]
    assert host.post("/batch", {"operations": [ops[0]] * 101}).status_code == 422
    assert host.post("/batch", {"operations": []}).status_code == 422


@pytest.mark.usefixtures("still_clock")
def test_a_key_has_a_budget_of_its_own(app: Flask, host: HostServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATE_LIMITS", True)
    ops = [{"method": "GET", "path": "/me"}] * 100
    results = [
        each for _ in range(3) for each in host.post("/batch", {"operations": ops}).json.get("results", [])
    ]
    refused = [each for each in results if each["status"] == 429]
    assert refused
    assert refused[0]["body"]["code"] == "too_many_requests"
    answer = host.get("/me")
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) >= 1


def test_refusals_from_below_have_a_code_too(host: HostServer) -> None:
    assert host.get("/nowhere").json["code"] == "not_found"
    assert host.delete("/me").json["code"] == "method_not_allowed"
    broken = host.open("PUT", user("c-1"), data=b"{", content_type="application/json")
    assert (broken.status_code, broken.json["code"]) == (422, "invalid")
    large = host.open("PUT", user("c-1"), data=b" " * (1024 * 1024 + 1), content_type="application/json")
    assert (large.status_code, large.json["code"]) == (413, "too_large")
    wrong: list[Any] = [[], "x", 1, {"name": 1}, {"unknown": 1}, {"as_of": "2027-01-01T10:00:00"}]
    for body in wrong:
        answer = host.put(user("c-1"), body)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid"), body
        assert answer.json["errors"]
        assert answer.json["request_id"]
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z"):
        answer = host.put(user("c-1"), {"name": "C", "role": "client", "as_of": moment})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["as_of"]), moment
    deep = b'{"name": ' + b"[" * 300 + b"]" * 300 + b"}"
    for method, path in (("PUT", user("c-1")), ("PUT", user("c-1") + "?dry_run=1"), ("POST", "/batch")):
        answer = host.open(method, path, data=deep, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_every_code_is_in_the_docs_and_is_used(host: HostServer, app: Flask) -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "host-api.md").read_text(), re.MULTILINE))
    assert listed >= set(CODES)
    page = app.test_client().get("/api/host/docs").get_data(as_text=True)
    for code in CODES:
        assert f"<code>{code}</code>" in page
    assert "`" not in page, "code is set as code"
    assert set(BY_STATUS.values()) <= set(CODES)
    files = [path for name in ("host", "events") for path in (DOCS.parent / "wellchat" / name).glob("*.py")]
    sources = "".join(path.read_text() for path in files)
    assert [code for code in CODES if len(re.findall(rf'"{code}"', sources)) < 2] == []


def test_the_page_says_what_each_field_takes(app: Flask, host: HostServer) -> None:
    page = app.test_client().get("/api/host/docs").get_data(as_text=True)
    section = re.search(r"/api/host/kinds/\{kind\}</code>.*?</section>", page, re.DOTALL)
    assert section is not None
    told = html.unescape(section[0])
    assert "All but <code>retention_days</code> are needed for a new one." in told
    assert re.search(r"<code>scope</code>.*?<dd>connection, client, subject", told, re.DOTALL)
    assert "at most 60 characters" in told
    assert '"visit": "Open the order"' in told
    assert "kind, external_id" in page
    refused = host.put(user("c-9"), {}).json
    assert refused["detail"] == "name, role: This field is required."
    assert set(refused["errors"]) == {"name", "role"}


def test_the_document_is_valid_and_has_every_call(app: Flask) -> None:
    spec = app.test_client().get("/api/host/openapi.json").json
    validate(spec)
    found = {each["operationId"] for path in spec["paths"].values() for each in path.values()}
    assert found == {call.name for call in all_calls(app.extensions["features"])}
    for path, calls in spec["paths"].items():
        for method, operation in calls.items():
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values():
                    assert "example" in content or "examples" in content, (path, method, status)
    assert app.extensions["openapi"].documents["host"].path == "/api/host/openapi.json"
    main = app.test_client().get("/api/openapi.json").json
    assert not [path for path in main["paths"] if path.startswith("/api/host")]


def test_answers_have_the_shape_of_the_document(host: HostServer, talk: Talk) -> None:
    made = host.puts("c-1")
    shapes = {call.name: call.answers for call in CALLS}
    for name, answer in {
        "put_user": made,
        "get_user": host.get(user("c-1")),
        "get_users": host.get("/users"),
        "get_me": host.get("/me"),
        "get_counts": host.get("/counts?user=c-1"),
        "make_sign_in_link": host.post(user("c-1", "/sign-in-links"), {}),
        "erase_user": host.post(user("c-1", "/erase"), {"reason": "in words"}),
        "post_batch": host.post("/batch", {"operations": [{"method": "GET", "path": "/me"}]}),
    }.items():
        shape = shapes[name][answer.status_code][1]
        assert shape is not None
        shape.model_validate(answer.json)
        assert set(answer.json) <= set(shape.model_fields)


@pytest.mark.each_database
def test_an_erased_person_is_in_no_answer_that_is_kept(host: HostServer, now: datetime) -> None:
    host.puts("c-1", as_of=now.isoformat())
    host.post(user("c-1", "/sign-in-links"), {})
    assert db.session.execute(select(HostAnswer)).scalars().all()
    db.session.rollback()
    host.open("POST", user("c-1", "/erase"), json={"reason": "in words", "now": True})
    kept = db.session.execute(select(HostAnswer.body)).scalars().all()
    assert [body for body in kept if "sign-in" in body] == []
    assert db.session.execute(text("SELECT count(*) FROM host_times")).scalar() == 0
    assert db.session.execute(select(User).where(User.name == "Cleo Client")).all() == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_call_that_a_deadlock_ended_is_made_again(
    app: Flask, cast: Cast, now: datetime, at_once: Any
) -> None:
    """Two calls lock two people in opposite orders. The one that PostgreSQL ends finds them free again."""
    both_hold, tries, two = Barrier(2), list[str](), (cast.cara.id, cast.paul.id)
    one_is_done = Event()

    def lock(_caller: Caller, first: str) -> Answer:
        if first in tries:  # or it may take its lock again before the other one wakes up
            one_is_done.wait(30)
        tries.append(first)
        for each in (first, *(other for other in two if other != first)):
            lock_user(each)
            if each == first and len(tries) <= 2:
                both_hold.wait(10)
        return Answer(204)

    call = HostCall("lock", "PUT", "/locks/<first>", None, lock)
    caller = Caller("", (), now)

    def ask(each: int) -> Answer:
        answer = perform(call, caller, Given("/locks", {"first": two[each]}))
        one_is_done.set()
        return answer

    answers = at_once(2, ask)
    assert [each.status for each in answers] == [204, 204]
    assert len(tries) == 3
