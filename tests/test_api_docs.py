"""The OpenAPI document tells of every call, its page reads it aloud, and every answer has the shape it
declares.
"""

from __future__ import annotations

import io
import re

import pytest
from apiflask import APIBlueprint
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.attachments.files import picture
from tests.told import Told
from wellchat.accounts.actions import create_user
from wellchat.attachments.schemas import AttachmentPage
from wellchat.messaging import schemas as messaging
from wellchat.notifications import schemas as notifications
from wellchat.openapi import Document, add_document
from wellchat.subjects.actions import put_subject
from wellchat.updates.schemas import Update


def test_every_call_is_in_the_document(app, client):
    told = client.get("/api/openapi.json").json
    for other in app.extensions["openapi"].documents.values():
        told["paths"] |= client.get(other.path).json["paths"]
    told["paths"] |= client.get("/api/host/openapi.json").json["paths"]
    paths = {(method.upper(), path) for path, calls in told["paths"].items() for method in calls}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and not rule.rule.endswith(("/docs", "/openapi.json")):
            path = rule.rule.replace("<int:", "<").replace("<ext:", "<").replace("<", "{").replace(">", "}")
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


def test_what_is_done_says_how_many_calls_are_left_as_a_refusal_does(told):
    for name, (_, _, operation) in told.operations.items():
        for status, answer in operation["responses"].items():
            if status < "300" or status == "429":
                assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(
                    answer["headers"]
                ), name


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


PASSWORD = "seven green kettles"
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
    ("PATCH", "/api/threads", {"ids": [], "archived": True}, messaging.ThreadsAnswer),
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
    if body and "ids" in body:
        body = body | {"ids": [talk.id]}
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


@pytest.fixture
def told(client):
    document = client.get("/api/openapi.json").json
    # Those of the host's own programs are tried with keys of theirs.
    paths = {path: calls for path, calls in document["paths"].items() if not path.startswith("/api/host/")}
    return Told(document | {"paths": paths})


def test_the_document_is_valid(told, client):
    whole = client.get("/api/openapi.json").json
    assert list(OpenAPIV31SpecValidator(whole).iter_errors()) == []
    assert told.document["openapi"] == "3.1.0"
    assert told.document["servers"] == [{"url": "http://127.0.0.1:8000"}]
    assert set(told.document["components"]["securitySchemes"]) == {"bearer", "cookie"}


# A name that changes breaks the code of everybody who generated a client.
NAMES = """
    add_device add_reaction block_person change_membership change_preferences change_threads claim_lead
    create_token
    delete_message delete_token discard_file edit_message end_connection get_me get_preferences get_push_key
    get_thread get_updates list_devices list_files list_messages list_notifications list_pins list_threads
    answer_ask ask_for_consent label_picture list_asks list_portfolio
    mark_notifications mark_read mark_unread open_thread pin_message post_search remove_device remove_reaction
    reopen_connection report_person report_time_zone revoke_picture search_messages send_message show_typing
    unblock_person unpin_message upload_file
    add_note delete_note delete_tag get_journey list_notes list_tags merge_tags rename_tag restore_note
    save_note
    tag_client untag_client
    allow_check_ins cancel_scheduled change_reminder change_scheduled delete_reminder get_scheduled
    list_reminders list_scheduled make_reminder refuse_check_ins schedule_message send_scheduled
    delete_saved_reply get_office_hours list_replies_for_thread list_saved_replies put_saved_reply
    use_saved_reply
"""


def test_every_name_is_plain_and_stays(told):
    assert set(NAMES.split()) == set(told.operations)  # a new one also needs a call in the test below
    tags = {tag["name"] for tag in told.document["tags"] if tag["description"]}
    for method, _, operation in told.operations.values():
        assert len(operation["tags"]) == 1
        assert set(operation["tags"]) <= tags
        assert operation["responses"].keys() & {"200", "201", "202", "204"}
        if method in ("POST", "PUT", "PATCH") and "requestBody" in operation:
            assert operation["requestBody"]["required"]
        for parameter in operation["parameters"]:
            assert parameter["description"]
            assert parameter["schema"]["type"] in ("string", "integer", "number", "boolean")
    schemas = told.document["components"]["schemas"]
    assert {"Message", "Thread", "Update", "Problem", "Resync"} <= set(schemas)
    for name, schema in schemas.items():
        assert re.fullmatch("[A-Z][A-Za-z]+", name)
        # Generated clients send a default, and so change what nobody meant, or make it a needed field.
        assert not [field for field in schema["properties"].values() if "default" in field]


def test_every_example_has_the_shape_it_is_an_example_of(told):
    examples = told.document["components"]["examples"]
    for name, (_, _, operation) in told.operations.items():
        holders = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for status, holder in holders.items():
            assert status in ("body", "204") or holder["description"]
            for kind, content in holder.get("content", {}).items():
                if not kind.endswith("json"):
                    continue
                values = [examples[each]["value"] for each in content.get("examples", ())]
                for value in values or [content["example"]]:
                    assert told.complaints(content["schema"], value) == [], f"{name} {status}"


def test_every_call_answers_as_the_document_says(app, api, talk, cast, thread, told, now):
    from wellchat.messaging import dispatch

    dispatch.sweep(now)
    cara, mine = api(talk.cara), {"thread_id": talk.id}
    cursor = told.call(cara, "get_me").json["cursor"]
    told.call(cara, "list_threads", query={"limit": 1})
    told.call(cara, "open_thread", json={"with": cast.paul.id})
    told.call(api(cast.olga), "open_thread", json={"with": cast.paul.id})
    about = {"kind": "lead", "external_id": "l"}
    put_subject(**about, title="Kitchen", professional_id=cast.paul.id, status="open", now=now)
    assert told.call(api(cast.paul), "claim_lead", json={"subject": about}).json["thread"] is None
    told.call(api(cast.paul), "claim_lead", json={"subject": about})
    told.call(cara, "get_thread", **mine)
    file = told.call(cara, "upload_file", data={"file": (io.BytesIO(picture()), "a.png")}).json["attachment"]
    sent = SEND | {"attachments": [file["id"]], "reply_to": 1}
    told.call(cara, "send_message", json=sent, **mine)
    assert told.call(cara, "send_message", json=sent, **mine).status_code == 200
    told.call(cara, "list_files", **mine)
    paul = api(talk.paul)
    told.call(paul, "label_picture", attachment_id=file["id"], json={"label": "result"})
    asked = told.call(paul, "ask_for_consent", json={"attachments": [file["id"]]}, **mine).json["ask"]
    told.call(cara, "answer_ask", ask_id=asked["id"], json={"answer": "yes"})
    told.call(paul, "list_portfolio", query={"label": "result"})
    told.call(cara, "list_asks")
    told.call(cara, "revoke_picture", ask_id=asked["id"], attachment_id=file["id"])
    told.call(cara, "edit_message", json={"body": "y"}, seq=3, **mine)
    told.call(cara, "add_reaction", seq=3, emoji="👍", **mine)
    told.call(cara, "pin_message", seq=3, **mine)
    told.call(cara, "list_messages", query={"around": 2}, **mine)
    between = told.call(cara, "list_messages", query={"after": 1, "limit": 1}, **mine).json["messages"]
    assert [message["seq"] for message in between] == [2]
    later = {"body": "Later", "client_key": "later", "when": "monday"}
    one = {"scheduled_id": told.call(cara, "schedule_message", json=later, **mine).json["scheduled"]["id"]}
    assert told.call(cara, "schedule_message", json=later, **mine).status_code == 200
    told.call(cara, "list_scheduled", query={"thread": talk.id})
    told.call(cara, "get_scheduled", **one)
    told.call(cara, "change_scheduled", json={"body": "Later still"}, **one)
    other = told.call(cara, "schedule_message", json=later | {"client_key": "b"}, **mine).json["scheduled"]
    told.call(cara, "cancel_scheduled", scheduled_id=other["id"])
    made = told.call(cara, "make_reminder", json={"note": "Ask", "when": "monday"}, **mine).json["reminder"]
    told.call(cara, "list_reminders")
    told.call(cara, "change_reminder", json={"done": True}, follow_up_id=made["id"])
    told.call(cara, "delete_reminder", follow_up_id=made["id"])
    told.call(cara, "refuse_check_ins", **mine)
    told.call(cara, "allow_check_ins", **mine)
    told.call(cara, "list_pins", **mine)
    told.call(cara, "remove_reaction", seq=3, emoji="👍", **mine)
    told.call(cara, "unpin_message", seq=3, **mine)
    told.call(cara, "delete_message", seq=3, **mine)
    told.call(cara, "show_typing", **mine)
    told.call(cara, "mark_unread", json={"seq": 2}, **mine)
    told.call(cara, "mark_read", json={"seq": 2}, **mine)
    told.call(cara, "change_membership", json={"muted_until": "2030-01-01T00:00:00Z", "pinned": True}, **mine)
    told.call(cara, "send_scheduled", **one)
    changed = told.call(cara, "change_threads", json={"ids": [talk.id], "archived": False, "read": True}).json
    told.call(cara, "change_threads", json={"restore": changed["before"], "fields": changed["fields"]})
    told.call(cara, "search_messages", query={"q": "message", "names": "1"})
    told.call(cara, "post_search", json={"q": "message", "names": True})
    found = told.call(cara, "get_updates", query={"since": cursor})
    assert found.json["messages"]
    told.call(cara, "get_updates", query={"since": found.json["cursor"]})
    told.call(cara, "list_notifications")
    told.call(cara, "mark_notifications", json={"all": True})
    told.call(cara, "get_preferences")
    told.call(cara, "change_preferences", json={"channels": {"message": {"email": False}}})
    told.call(cara, "report_time_zone", json={"time_zone": "Europe/Paris"})
    told.call(cara, "get_push_key")
    device = told.operations["add_device"][2]["requestBody"]["content"]["application/json"]["schema"]
    device = told.document["components"]["schemas"][device["$ref"].rpartition("/")[2]]["examples"][0]
    told.call(cara, "add_device", json=device)
    assert told.call(cara, "add_device", json=device).status_code == 200
    told.call(cara, "list_devices")
    told.call(cara, "remove_device", json={"endpoint": device["endpoint"]})
    unsent = told.call(cara, "upload_file", data={"file": (io.BytesIO(picture()), "b.png")}).json[
        "attachment"
    ]
    told.call(cara, "discard_file", attachment_id=unsent["id"])
    told.call(cara, "report_person", json={"kind": "spam", "seq": 2}, **mine)
    for act in ("block_person", "unblock_person", "end_connection", "reopen_connection"):
        told.call(cara, act, **mine)
    paul, her = api(talk.paul), {"person_id": talk.cara.id}
    note = told.call(paul, "add_note", json={"body": "x", "client_key": "k"}, **her).json["note"]["id"]
    told.call(paul, "save_note", json={"body": "y", "version": 1}, note_id=note, **her)
    one, other = (
        told.call(paul, "tag_client", json={"name": name}, **her).json["tags"][-1]["id"] for name in "ab"
    )
    told.call(paul, "rename_tag", json={"name": "c"}, tag_id=one)
    told.call(paul, "list_notes", **her)
    told.call(paul, "delete_note", note_id=note, **her)
    told.call(paul, "restore_note", note_id=note, **her)
    told.call(paul, "untag_client", tag_id=one, **her)
    told.call(paul, "merge_tags", json={"into": other}, tag_id=one)
    assert told.call(paul, "list_tags").json["tags"][0]["clients"] == 1
    told.call(paul, "delete_tag", tag_id=other)
    told.call(paul, "get_journey", **her)
    told.call(cara, "get_office_hours", **mine)
    told.call(paul, "put_saved_reply", json={"title": "Thanks", "body": "Thank you, {first_name}."})
    put = told.call(paul, "put_saved_reply", json={"title": "Thanks", "body": "Until {booking_time}."})
    reply = {"reply_id": put.json["saved_reply"]["id"]}
    told.call(paul, "list_saved_replies", query={"q": "until"})
    told.call(paul, "list_replies_for_thread", **mine)
    told.call(paul, "use_saved_reply", **reply, **mine)
    told.call(paul, "delete_saved_reply", **reply)
    create_user(email="eve@example.com", name="Eve", role="client", password=PASSWORD, now=now)
    token = told.call(Stranger(app), "create_token", json={"email": "eve@example.com", "password": PASSWORD})
    told.call(Stranger(app, token.json["token"]), "delete_token")
    every = {(n, s) for n, (_, _, o) in told.operations.items() for s in o["responses"] if s < "300"}
    assert every - told.seen == set()


class Stranger:
    """Somebody without a token, or with one that was just made."""

    def __init__(self, app, token=None):
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def open(self, path, **more):
        return self.client.open(path, headers=self.headers, **more)


def test_every_refusal_is_in_the_document(app, api, talk, told, thread):
    cara, nowhere = (
        api(talk.cara),
        {"thread_id": "0000000000000", "attachment_id": "0", "ask_id": "0", "seq": 1, "emoji": "👍"}
        | dict.fromkeys(("person_id", "note_id", "tag_id"), "0000000000000")
        | {"scheduled_id": "0", "follow_up_id": "0", "reply_id": "0"},
    )
    for name, (_, _, operation) in told.operations.items():
        body = {"nonsense": 1} if "requestBody" in operation else None
        told.call(Stranger(app), name, json=body, **nowhere)
        if name != "delete_token":
            told.call(cara, name, json=body, **nowhere)
        told.call(cara, name, json=body, query={"userId": "somebody"}, **nowhere)
    mine = {"thread_id": talk.id}
    told.call(cara, "send_message", json=SEND, **mine)
    told.call(cara, "send_message", json=SEND | {"body": "z"}, **mine)
    told.call(cara, "send_message", json=SEND | {"body": "x" * 300_000}, **mine)
    told.call(cara, "get_updates", query={"since": "nonsense"})
    paul_s = told.call(api(talk.paul), "get_me").json["cursor"]
    gone = told.call(cara, "get_updates", query={"since": paul_s})
    assert (gone.status_code, gone.json["reason"]) == (410, "foreign")
    told.call(cara, "open_thread", json={"with": "0000000000000"})
    told.call(cara, "delete_message", seq=1, **mine)
    for name in ("add_reaction", "pin_message", "remove_reaction", "unpin_message"):
        told.call(cara, name, seq=1, emoji="x", **mine)
    told.call(api(talk.paul), "block_person", **mine)
    for name in ("end_connection", "reopen_connection", "unblock_person", "show_typing"):
        told.call(cara, name, **mine)
    told.call(cara, "send_message", json=SEND | {"client_key": "k2"}, **mine)
    told.call(cara, "mark_notifications", json={"ids": ["0"]})
    told.call(cara, "delete_token")
    assert {s for _, s in told.seen} >= {"401", "403", "404", "409", "410", "413", "422"}


def test_a_document_holds_what_is_below_its_prefix(make_app):
    """A feature whose calls are for others has a document and a page of its own."""
    app = make_app()
    things = {"name": "Things", "description": "What there is."}
    calls = APIBlueprint("things_api", __name__, url_prefix="/api/things", tag=things)

    @calls.get("/<thing_id>/picture")
    @calls.output(messaging.OneThread)
    def get_thing(thing_id: str) -> dict[str, str]:
        """Return a thing."""
        return {"id": thing_id}

    app.register_blueprint(calls)
    document = Document("things", "Things", "/api/things/", "Things of the host.", "Ask with a `key`.")
    add_document(app, document)
    client = app.test_client()
    other, first = (client.get(f"/api/{each}openapi.json").json for each in ("things/", ""))
    assert list(OpenAPIV31SpecValidator(other).iter_errors()) == []
    assert set(other["paths"]) == {"/api/things/{thing_id}/picture"}
    assert not set(other["paths"]) & set(first["paths"])
    assert [tag["name"] for tag in other["tags"]] == ["Things"]
    assert other["paths"]["/api/things/{thing_id}/picture"]["get"]["operationId"] == "get_thing"
    assert {"OneThread", "Message"} <= set(other["components"]["schemas"])
    assert "Update" not in other["components"]["schemas"]
    page = client.get("/api/things/docs").text
    assert "Ask with a <code>key</code>." in page
    assert "send_message" not in page
