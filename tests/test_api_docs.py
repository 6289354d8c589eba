"""The OpenAPI document tells of every call, its page reads it aloud, and every answer has the shape it
declares.
"""

from __future__ import annotations

import pytest

from wellchat.attachments.schemas import AttachmentPage
from wellchat.messaging import schemas as messaging
from wellchat.notifications import schemas as notifications
from wellchat.subjects.actions import put_subject
from wellchat.updates.schemas import Update


def test_every_call_is_in_the_document(app, client):
    told = client.get("/api/openapi.json").json
    paths = {(method.upper(), path) for path, calls in told["paths"].items() for method in calls}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.rule not in ("/api/docs", "/api/openapi.json"):
            path = rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (method, path) in paths
                assert told["paths"][path][method.lower()]["summary"]
    assert told["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_document_describes_error_responses(client):
    told = client.get("/api/openapi.json").json
    send = told["paths"]["/api/threads/{thread_id}/messages"]["post"]["responses"]
    assert {"200", "201", "401", "404", "409", "413", "422", "429", "503"} <= set(send)
    upload = told["paths"]["/api/attachments"]["post"]
    assert list(upload["requestBody"]["content"]) == ["multipart/form-data"]
    assert {"201", "413", "422", "429"} <= set(upload["responses"])
    for status in ("401", "404", "409", "422"):
        assert list(send[status]["content"]) == ["application/problem+json"]
    assert {"title", "status", "detail"} <= set(told["components"]["schemas"]["Problem"]["required"])
    assert all(path.startswith("/api/") for path in told["paths"])


def test_the_page_shows_every_call(client):
    page = client.get("/api/docs").text
    assert "/api/threads/{thread_id}/messages" in page
    assert "Send a message." in page
    assert "client_key</code> (needed)" in page
    assert "soon, hourly, daily, weekly, off" in page
    assert "/assets/{version}" not in page
    assert "<script src=" not in page.replace("/assets/", "")  # nothing from elsewhere


@pytest.fixture
def thread(app, cast, talk, now):
    put_subject(
        kind="booking",
        external_id="b",
        title="Cut",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        now=now,
    )
    talk.exchange("cp")
    return f"/api/threads/{talk.id}"


SEND = {"body": "x", "client_key": "k", "subject": {"kind": "booking", "external_id": "b"}}
CALLS = [
    ("GET", "/api/me", None, messaging.Me),
    ("GET", "/api/threads", None, messaging.ThreadPage),
    ("POST", "/api/threads", {"subject": {"kind": "booking", "external_id": "b"}}, messaging.OneThread),
    ("GET", "{thread}", None, messaging.OneThread),
    ("GET", "{thread}/messages", None, messaging.MessagePage),
    ("POST", "{thread}/messages", SEND, messaging.OneMessage),
    ("PATCH", "{thread}/messages/1", {"body": "y"}, messaging.OneMessage),
    ("DELETE", "{thread}/messages/1", None, messaging.OneMessage),
    ("POST", "{thread}/messages", {"body": "x", "client_key": "k", "reply_to": 1}, messaging.OneMessage),
    ("PUT", "{thread}/messages/2/reactions/👍", None, messaging.OneMessage),
    ("DELETE", "{thread}/messages/2/reactions/👍", None, messaging.OneMessage),
    ("PUT", "{thread}/messages/2/pin", None, messaging.OneMessage),
    ("DELETE", "{thread}/messages/2/pin", None, messaging.OneMessage),
    ("GET", "{thread}/pins", None, messaging.Pins),
    ("PUT", "{thread}/unread", {"seq": 2}, messaging.ReadAnswer),
    ("PUT", "{thread}/read", {"seq": 2}, messaging.ReadAnswer),
    ("PATCH", "{thread}/membership", {"archived": True}, messaging.MembershipAnswer),
    ("GET", "{thread}/attachments", None, AttachmentPage),
    ("GET", "/api/notifications", None, notifications.NotificationPage),
    ("PATCH", "/api/notifications", {"all": True, "read": True}, notifications.UnreadAnswer),
    ("GET", "/api/preferences", None, notifications.PreferencesAnswer),
    ("PATCH", "/api/preferences", {"cadence": "daily"}, notifications.PreferencesAnswer),
]


@pytest.mark.parametrize(("method", "path", "body", "shape"), CALLS, ids=[f"{m} {p}" for m, p, _, _ in CALLS])
def test_responses_match_their_schema_exactly(api, talk, thread, now, method, path, body, shape):
    from wellchat.messaging import dispatch

    dispatch.sweep(now)
    answer = api(talk.cara).open(path.format(thread=thread), method=method, json=body)
    assert answer.status_code in (200, 201)
    shape.model_validate(answer.json, strict=True, extra="forbid")


def test_an_update_matches_its_schema_exactly(api, talk, thread, now):
    from wellchat.clock import now as clock_now
    from wellchat.messaging import dispatch
    from wellchat.messaging.memberships import set_typing

    cursor = api(talk.paul).get("/api/me").json["cursor"]
    api(talk.cara).post(f"{thread}/messages", json=SEND)
    dispatch.sweep(clock_now())
    set_typing(viewer=talk.cara, thread_id=talk.id, now=clock_now())
    update = api(talk.paul).get("/api/updates", query_string={"since": cursor}).json
    Update.model_validate(update, strict=True, extra="forbid")
    assert update["messages"]
    assert update["threads"]
    assert update["notifications"]
    assert update["typing"]
