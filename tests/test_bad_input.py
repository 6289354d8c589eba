"""Bad input to every JSON call gets a clear 4xx, changes nothing, and is never a 500."""

from __future__ import annotations

import json
import re

import pytest

# A point on the curve: the public key of the number one.
P256DH = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
GOOD = {
    ("POST", "/api/tokens"): {"email": "cara@example.com", "password": "x" * 12},
    ("POST", "/api/threads"): {"with": "somebody"},
    ("POST", "/api/threads/{thread}/messages"): {
        "body": "hello",
        "client_key": "k",
        "reply_to": None,
        "attachments": [],
    },
    ("PATCH", "/api/threads/{thread}/messages/1"): {"body": "hello"},
    ("PUT", "/api/threads/{thread}/read"): {"seq": 1},
    ("PUT", "/api/threads/{thread}/unread"): {"seq": 1},
    ("PATCH", "/api/threads/{thread}/membership"): {
        "archived": True,
        "pinned": True,
        "muted_until": "2027-01-01T00:00:00Z",
        "snooze": "tomorrow",
    },
    ("PATCH", "/api/threads"): {
        "ids": ["{thread}"],
        "archived": True,
        "pinned": True,
        "muted_until": "2027-01-01T00:00:00Z",
        "snooze": "tomorrow",
        "read": True,
    },
    ("PATCH", "/api/notifications"): {"ids": ["x"], "read": True},
    ("PUT", "/api/time-zone"): {"time_zone": "Europe/Paris"},
    ("POST", "/api/push/devices"): {
        "endpoint": "https://push.example.com/x",
        "keys": {"p256dh": P256DH, "auth": "A" * 22},
        "expiration_time": None,
        "replaces": "https://push.example.com/y",
    },
    ("DELETE", "/api/push/devices"): {"endpoint": "https://push.example.com/x"},
    ("PATCH", "/api/preferences"): {"cadence": "daily", "digest_hour": 8, "time_zone": "Europe/Paris"},
}
NOT_JSON = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"[1]",
    b'"text"',
    b"1",
    b"\xff\xfe",
    b'{"body": "\\ud800"}',
    b"{" * 5000,
]
WRONG_VALUES = [
    1,
    1.5,
    True,
    "",
    " ",
    "\x00",
    "x" * 20_000,
    [],
    [[]],
    {},
    {"a": 1},
    -1,
    10**30,
    "\u202e\x00",
    None,
]


def calls():
    return [pytest.param(*call, id=f"{call[0]} {call[1]}") for call in GOOD]


PHRASES = {  # RFC 9457: the title of a problem of type "about:blank" is the phrase of its status
    401: "Unauthorized",
    404: "Not found",
    409: "Conflict",
    413: "Content too large",
    422: "Unprocessable content",
}


def is_refusal(answer):
    return (
        answer.status_code in PHRASES
        and answer.content_type == "application/problem+json"
        and answer.json["title"] == PHRASES[answer.status_code]
        and {"title", "status", "detail"} <= answer.json.keys()
    )


@pytest.mark.parametrize(("method", "path"), calls())
def test_a_body_that_is_not_a_json_object_is_refused(app, api, talk, everything, method, path):
    talk.exchange("c")
    before = everything()
    for body in NOT_JSON:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
            answer = api(talk.cara).open(
                path.format(thread=talk.id), method=method, data=body, content_type=kind
            )
            assert is_refusal(answer), (body, kind, answer.status_code)
    assert everything() == before


@pytest.mark.parametrize(("method", "path"), calls())
def test_a_wrong_type_in_any_field_is_refused(app, api, talk, method, path):
    talk.exchange("c")
    good = GOOD[method, path]
    for field in good:
        for value in WRONG_VALUES:
            body = json.dumps({**good, field: value})
            answer = api(talk.cara).open(
                path.format(thread=talk.id), method=method, data=body, content_type="application/json"
            )
            assert answer.status_code < 500, (field, value)
            assert answer.status_code < 300 or is_refusal(answer), (field, value, answer.status_code)


@pytest.mark.parametrize(("method", "path"), calls())
def test_unknown_fields_are_refused(app, api, talk, everything, method, path):
    """Mass assignment: nothing slips in beside what is declared."""
    talk.exchange("c")
    before = everything()
    for extra in ("id", "seq", "sender_id", "created_at", "role", "user_id", "last_read_seq", "x"):
        if extra in GOOD[method, path]:
            continue
        answer = api(talk.cara).open(
            path.format(thread=talk.id), method=method, json={**GOOD[method, path], extra: "x"}
        )
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), extra
        assert extra in answer.json["errors"]
    assert everything() == before


def test_a_body_over_the_limit_is_413(app, api, talk):
    huge = json.dumps({"body": "x" * 400_000, "client_key": "k"})
    answer = api(talk.cara).post(
        f"/api/threads/{talk.id}/messages", data=huge, content_type="application/json"
    )
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    ["", "   ", "\n\n", "\u200b", "\ufeff \u2060\n", "x" * 10_001, "nul \x00 inside"],
)
def test_invalid_message_bodies_are_refused(app, api, talk, body):
    answer = api(talk.cara).post(f"/api/threads/{talk.id}/messages", json={"body": body, "client_key": "k"})
    assert answer.status_code == 422
    assert "body" in answer.json["errors"]


@pytest.mark.parametrize(
    "body",
    ["x" * 10_000, "  kept  ", "שלום 👋🏽", "line\nline", "<b>&amp;", "a\u2028b", "e\u0301", "\U0001fae8"],
)
def test_message_bodies_are_stored_unchanged(app, api, talk, body):
    answer = api(talk.cara).post(f"/api/threads/{talk.id}/messages", json={"body": body, "client_key": "k"})
    assert answer.status_code == 201
    assert answer.json["message"]["body"] == body


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/threads", "limit=0"),
        ("/api/threads", "limit=101"),
        ("/api/threads", "limit=x"),
        ("/api/threads", "before=zzz"),
        ("/api/threads", "before=%00"),
        ("/api/threads", "archived=perhaps"),
        ("/api/threads", "q=%00"),
        ("/api/threads", "kind=weather"),
        ("/api/threads", "waiting=perhaps"),
        ("/api/threads", "pinned=2"),
        ("/api/threads", "q=" + "x" * 101),
        ("/api/threads/{thread}/messages", "before=-1"),
        ("/api/threads/{thread}/messages", "after=x"),
        ("/api/threads/{thread}/messages", "limit=1000"),
        ("/api/threads/{thread}/messages", "before=99999999999999999999"),
        ("/api/threads/{thread}/attachments", "limit=0"),
        ("/api/threads/{thread}/attachments", "kind=song"),
        ("/api/threads/{thread}/attachments", "before=1"),
        ("/api/threads/{thread}/attachments", "before=-1.0"),
        ("/api/threads/{thread}/attachments", "before=99999999999.1"),
        ("/api/threads/{thread}/attachments", "before=%00"),
        ("/api/notifications", "limit=0"),
        ("/api/notifications", "before=zzz"),
        ("/api/notifications", "unread=perhaps"),
        ("/api/notifications", "kind=weather"),
        ("/api/notifications", "kind="),
    ],
)
def test_invalid_query_strings_are_refused(app, api, talk, path, query):
    answer = api(talk.cara).get(f"{path.format(thread=talk.id)}?{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json["errors"]


@pytest.mark.parametrize("thread_id", ["%00", "..%2f..", "x" * 500, "%ed%a0%80", "'; drop table users", "🙂"])
def test_addresses_of_missing_things_are_404(app, api, cast, thread_id):
    for path in (f"/api/threads/{thread_id}", f"/api/threads/{thread_id}/messages"):
        assert api(cast.cara).get(path).status_code == 404


def test_seqs_out_of_range_are_404(app, api, talk):
    for seq in (0, 2**31, 10**30):
        answer = api(talk.cara).delete(f"/api/threads/{talk.id}/messages/{seq}")
        assert answer.status_code == 404, seq


@pytest.mark.parametrize(
    "emoji",
    [
        "ok",
        "1",
        "%00",
        "%ed%a0%80",
        "👍👍",
        "👍x",
        "%20",
        "<b>",
        "x" * 500,
        "é",
        "%E2%80%8D",
        "🏽",
        "🇫",
        "ok👍",
    ],
)
def test_a_reaction_must_be_one_emoji(app, api, talk, everything, emoji):
    talk.exchange("p")
    before = everything()
    for method in ("PUT", "DELETE"):
        answer = api(talk.cara).open(f"/api/threads/{talk.id}/messages/1/reactions/{emoji}", method=method)
        # To take away what was never there is no mistake.
        assert answer.status_code < 300 if method == "DELETE" else is_refusal(answer), (
            method,
            answer.status_code,
        )
    assert everything() == before


def test_pins_and_reactions_of_missing_messages_are_404(app, api, talk):
    talk.exchange("p")
    for seq in (0, 2, 2**31, 10**30):
        for what in ("pin", "reactions/👍"):
            for method in ("PUT", "DELETE"):
                path = f"/api/threads/{talk.id}/messages/{seq}/{what}"
                assert api(talk.cara).open(path, method=method).status_code == 404, (seq, what, method)


def test_unknown_calls_and_methods_are_problem_documents(app, api, cast):
    for path in ("/api", "/api/", "/api/nothing"):
        answer = api(cast.cara).get(path)
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json"), path
    answer = api(cast.cara).delete("/api/threads")
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert answer.json["title"] == "Method not allowed"
    answer = api(cast.cara).post("/healthz")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})


@pytest.mark.parametrize("path", ["/api/threads", "/api/notifications", "/api/me"])
def test_a_user_id_parameter_must_name_the_signed_in_user(app, api, cast, path):
    for name in ("userId", "user_id"):
        assert api(cast.cara).get(f"{path}?{name}={cast.cara.id}").status_code == 200
        answer = api(cast.cara).get(f"{path}?{name}={cast.paul.id}")
        assert (answer.status_code, answer.content_type) == (403, "application/problem+json")


def test_wrong_values_are_explained_in_sentences(app, api, cast):
    cara = api(cast.cara)
    answer = cara.patch("/api/preferences", json={"quiet_from": "7:00"})
    assert answer.json["errors"] == {"quiet_from": "Write a time of day as four digits, such as 07:30."}
    assert cara.get("/api/updates?since=x&wait=abc").json["errors"]["wait"] == "This must be a number."


def test_names_that_a_query_does_not_have_are_refused(api, talk):
    cara = api(talk.cara)
    for path in ("/api/me", "/api/threads", f"/api/threads/{talk.id}/messages", "/api/search"):
        answer = cara.get(path, query_string={"q" if path.endswith("h") else "limit": "1", "nonsense": "1"})
        assert answer.status_code == 422
        assert answer.json["errors"]["nonsense"] == "There is no such field."
        assert cara.get(path, query_string={"userId": talk.cara.id}).status_code == 200
    assert cara.post("/api/search?nonsense=1", json={"q": "x"}).json["errors"].keys() == {"nonsense"}


def test_a_list_has_one_position(api, talk):
    for query in ("before=3&after=1", "around=2&after=1", "around=2&date=2026-01-31"):
        answer = api(talk.cara).get(f"/api/threads/{talk.id}/messages?{query}")
        assert answer.status_code == 422
        assert "Use only one of these: before, after, around, date." in answer.json["detail"]


def test_errors_are_named_as_the_client_names_its_fields(api, talk):
    cara = api(talk.cara)
    told = [
        cara.patch("/api/preferences", json={"channels": channels}).json["errors"]
        for channels in ({"nope": {"email": True}}, {"nope": 5}, {"message": 5}, {"message": {"nope": 1}}, 5)
    ]
    assert all(re.fullmatch("[a-z_]+([.][a-z_]+)*", name) for errors in told for name in errors)
    assert "channels.nope" in told[0]
