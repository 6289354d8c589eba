"""The host's calls: the feed with its cursor, and webhooks with their secrets."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from sqlalchemy import select

from tests.cast import Cast, Talk
from tests.events.receiver import Receiver
from tests.events.test_webhooks import receiver
from tests.host.conftest import HostServer, host, server_with
from wellchat.changes.actions import note_restored
from wellchat.db import db
from wellchat.events import feed, sending, waiting, webhook_calls
from wellchat.events.models import Webhook
from wellchat.host.models import HostAnswer
from wellchat.host.scopes import SCOPES
from wellchat.longpoll import executor

__all__ = ["host", "receiver", "server_with"]

CALLS = [*feed.CALLS, *webhook_calls.CALLS]
HOOK = "https://hook.example.com/in"


def test_every_call_needs_a_key_and_its_scope(
    app: Flask, server_with: Callable[..., HostServer], host: HostServer
) -> None:
    for call in CALLS:
        path = re.sub(r"<.*?>", "x", call.rule)
        assert app.test_client().open("/api/host" + path, method=call.method).status_code == 401
        lacking = server_with(*(set(SCOPES) - {call.scope}))
        answer = lacking.open(call.method, path, json={})
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing"), call.name
    spec = app.test_client().get("/api/host/openapi.json").json
    validate(spec)
    ids = {each["operationId"] for path in spec["paths"].values() for each in path.values()}
    assert {call.name for call in CALLS} <= ids


def test_what_is_off_is_absent(make_app: Callable[..., Flask]) -> None:
    client = make_app(FEATURES=("-events",)).test_client()
    spec = client.get("/api/host/openapi.json").json
    assert not [path for path in spec["paths"] if "/events" in path or "/webhooks" in path]


@pytest.mark.each_database
def test_a_host_follows_the_feed_by_its_cursor(host: HostServer, talk: Talk, cast: Cast) -> None:
    cursor = host.get("/events/cursor").json["cursor"]
    assert host.get(f"/events?after={cursor}").json == {"events": [], "cursor": cursor, "has_more": False}
    talk.exchange("cpcpc")
    first = host.get(f"/events?after={cursor}&limit=3&types=message.sent").json
    assert ([each["data"]["seq"] for each in first["events"]], first["has_more"]) == ([1, 2, 3], True)
    rest = host.get(f"/events?after={first['cursor']}").json
    assert [each["data"]["seq"] for each in rest["events"] if each["type"] == "message.sent"] == [4, 5]
    shown: list[tuple[Any, Any]] = [(feed.list_events, first), (feed.get_cursor, {"cursor": cursor})]
    for call, body in shown:
        shape = call.answers[200][1]
        assert shape is not None
        shape.model_validate(body)
    note_restored()
    refused = host.get(f"/events?after={cursor}")
    assert (refused.status_code, refused.json["code"]) == (410, "restored")
    assert refused.json["reconcile"] == ["users", "threads"]
    assert host.get(f"/events?after={refused.json['cursor']}").status_code == 200


def test_what_the_host_causes_names_its_key(host: HostServer) -> None:
    cursor = host.get("/events/cursor").json["cursor"]
    host.puts("c-1")
    [made, *_] = host.get(f"/events?after={cursor}").json["events"]
    assert (made["type"], made["data"]["external_ids"]) == ("user.created", {"user": "c-1"})
    key_id = host.headers["Authorization"].split("_")[1]
    assert made["cause"] == key_id


def test_nonsense_is_refused_with_the_reason(host: HostServer) -> None:
    for query in (
        "",
        "after=x",
        "after=x&limit=0",
        "after=x&wait=26",
        "after=x&types=a",
        "after=x&y=z",
        "after=%00",
    ):
        answer = host.get(f"/events?{query}")
        assert (answer.status_code, answer.json["code"]) == (422, "invalid"), query
        assert answer.json["errors"]
    for given in (
        {},
        {"url": "x"},
        {"url": HOOK, "types": []},
        {"url": HOOK, "types": ["x"]},
        {"url": HOOK, "z": 1},
    ):
        answer = host.post("/webhooks", given)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid"), given
    made = host.post("/webhooks", {"url": HOOK}).json["webhook"]["id"]
    for odd in ({}, {"event": "x", "from": 1}, {"from": 0}, {"from": "x"}):
        assert host.post(f"/webhooks/{made}/resend", odd).status_code == 422, odd
    assert host.post(f"/webhooks/{made}/resend", {"event": "evt_x"}).status_code == 404
    assert host.post(f"/webhooks/{made}/rotate", {"grace_hours": 169}).status_code == 422
    assert host.get(f"/webhooks/{made}/deliveries?state=x").status_code == 422
    assert host.patch(f"/webhooks/{made}", {"url": "https://10.0.0.1/"}).json["errors"]["url"]
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/ping"),
        ("GET", "/deliveries"),
    ):
        assert host.open(method, "/webhooks/nobody" + path, json={}).status_code == 404


@pytest.mark.each_database
def test_a_webhook_by_the_host_s_calls(
    host: HostServer, receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    tried = host.open("POST", "/webhooks?dry_run=1", json={"url": receiver.url})
    assert (tried.status_code, tried.json["webhook"]["id"]) == (200, None)
    again = {"headers": {"Idempotency-Key": "one"}}
    made = host.post("/webhooks", {"url": receiver.url, "skip_own": True}, **again)
    assert made.status_code == 201
    secret, webhook = made.json["secret"], made.json["webhook"]["id"]
    repeated = host.post("/webhooks", {"url": receiver.url, "skip_own": True}, **again)
    assert (repeated.json["webhook"]["id"], repeated.json["secret"]) == (webhook, None)
    kept = db.session.execute(select(HostAnswer.body)).scalars().all()
    assert secret not in json.dumps(list(kept))
    assert secret not in host.get("/webhooks").get_data(as_text=True)
    host.puts("c-9")  # its own act
    talk.says(cast.cara, "Hello")
    assert host.post(f"/webhooks/{webhook}/ping").status_code == 202
    sending.sweep(now)
    assert {each["type"] for each in receiver.verified(secret)} == {"message.sent", "ping"}
    shown = host.get(f"/webhooks/{webhook}/deliveries?state=sent").json
    assert [each["type"] for each in shown["deliveries"]] == ["message.sent", "ping"]
    assert [one["status"] for each in shown["deliveries"] for one in each["attempts"]] == [204, 204]
    changed = host.patch(f"/webhooks/{webhook}", {"types": ["message.sent"], "enabled": False}).json[
        "webhook"
    ]
    assert (changed["types"], changed["enabled"], changed["url"]) == (["message.sent"], False, receiver.url)
    assert host.post(f"/webhooks/{webhook}/ping").status_code == 409
    assert (
        host.patch(f"/webhooks/{webhook}", {"types": None, "enabled": True}).json["webhook"]["types"] is None
    )
    rotated = host.post(f"/webhooks/{webhook}/rotate", {}).json["secret"]
    assert rotated != secret
    assert host.delete(f"/webhooks/{webhook}").status_code == 204
    assert db.session.execute(select(Webhook)).all() == []


def test_words_need_the_scope_to_read_them(server_with: Callable[..., HostServer]) -> None:
    server = server_with("webhooks")
    refused = server.post("/webhooks", {"url": HOOK, "include_body": True})
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    made = server.post("/webhooks", {"url": HOOK}).json["webhook"]["id"]
    assert server.patch(f"/webhooks/{made}", {"include_body": True}).status_code == 403


@contextmanager
def started(work: Callable[[], Any]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(30)


def test_a_waiting_call_ends_when_something_happens(
    host: HostServer, talk: Talk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server cannot take the thread back, few calls may wait; the others are answered at once."""
    cursor = host.get("/events/cursor").json["cursor"]
    waits, answers = threading.Event(), []
    suspend = executor.suspend

    def noted(wakeup: Any, seconds: float) -> None:
        waits.set()
        suspend(wakeup, min(seconds, 0.05))

    monkeypatch.setattr(executor, "suspend", noted)
    with started(lambda: answers.append(host.get(f"/events?after={cursor}&wait=25").json)):
        assert waits.wait(10)
        monkeypatch.setattr(waiting, "MAX_HELD", 0)
        at_once = host.get(f"/events?after={cursor}&wait=25")
        assert (at_once.json["events"], waiting.WAIT_HEADER in at_once.headers) == ([], False)
        monkeypatch.setattr(waiting, "MAX_HELD", 4)
        talk.says(cast.cara, "Hello")
    assert [each["type"] for each in answers[0]["events"]] == ["message.sent"]


def test_a_waiting_call_gives_back_its_thread(
    host: HostServer, talk: Talk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in gunicorn: 12 calls wait, on a pool of 2 threads, and all hear of the message."""
    monkeypatch.setattr(waiting, "LOOK_EVERY", 0.05)
    cursor = host.get("/events/cursor").json["cursor"]
    pool = executor.SuspendableExecutor(2)

    def call() -> Any:
        with executor.suspendable():
            return host.get(f"/events?after={cursor}&wait=25").json["events"]

    db.session.rollback()
    futures = [pool.submit(call) for _ in range(12)]
    for _ in range(1000):
        if pool.suspended >= 10:
            break
        threading.Event().wait(0.01)
    assert pool.suspended >= 10
    talk.says(cast.cara, "Hello")
    assert [len(future.result(30)) for future in futures] == [1] * 12
    pool.shutdown()
