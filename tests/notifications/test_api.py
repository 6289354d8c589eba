"""The JSON calls and the pages of notifications and preferences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browsing import Browser
from tests.mail.world import World
from wellchat.accounts.models import User
from wellchat.notifications import queries

Browse = Callable[..., Browser]


def preferences(user: User) -> dict[str, Any]:
    return queries.preferences_json(queries.preferences(user.id))


def test_list_and_mark_read(world: World, browse: Browse) -> None:
    world.say(world.client, "Hello")
    me = browse(world.coach)
    answer = me.get("/api/notifications").get_json()
    [record] = answer["notifications"]
    assert (answer["unread"], answer["next"], record["preview"]) == (1, None, "Hello")
    assert me.get(f"/api/updates?since={answer['cursor']}").status_code == 204
    assert me.patch("/api/notifications", json={"ids": [record["id"]], "read": True}).get_json() == {
        "unread": 0
    }
    [update] = me.get(f"/api/updates?since={answer['cursor']}").get_json()["notifications"]
    assert update["read"], "the badge clears everywhere through the same updates"
    assert me.get("/api/notifications?unread=true").get_json()["notifications"] == []
    assert me.patch("/api/notifications", json={"all": True, "read": False}).get_json() == {"unread": 1}
    assert me.patch("/api/notifications", json={"all": True}).get_json() == {"unread": 0}


def test_other_people_s_ids_are_ignored(world: World, browse: Browse) -> None:
    world.say(world.client, "Hello")
    theirs = queries.page(world.coach)[0][0].id
    me = browse(world.client)
    real = me.patch("/api/notifications", json={"ids": [theirs]})
    made_up = me.patch("/api/notifications", json={"ids": ["0000000000000"]})
    assert (real.status_code, real.data) == (made_up.status_code, made_up.data)
    assert queries.unread_count(world.coach.id) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "all": True},
        {"ids": "x"},
        {"ids": [1]},
        {"all": "yes"},
        {"ids": ["\x00"]},
        {"all": False},
        [],
        "x",
    ],
)
def test_unclear_requests_change_nothing(world: World, browse: Browse, body: object) -> None:
    world.say(world.client, "Hello")
    answer = browse(world.coach).patch("/api/notifications", json=body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert queries.unread_count(world.coach.id) == 1


def test_preferences_are_read_and_changed_over_json(world: World, browse: Browse) -> None:
    me = browse(world.coach)
    changes = {
        "cadence": "daily",
        "digest_hour": 7,
        "quiet_from": "22:00",
        "quiet_to": "06:30",
        "time_zone": "Asia/Kolkata",
    }
    answer = me.patch("/api/preferences", json=changes | {"channels": {"message": {"email": False}}})
    assert answer.status_code == 200
    saved = answer.get_json()["preferences"]
    assert {name: saved[name] for name in changes} == changes
    assert saved["channels"]["message"] == {"bell": True, "push": True, "email": False}
    assert me.get("/api/preferences").get_json()["preferences"] == saved
    assert (
        me.patch("/api/preferences", json={"quiet_from": None}).get_json()["preferences"]["quiet_from"]
        is None
    )
    assert me.patch("/api/preferences", json={}).get_json()["preferences"]["cadence"] == "daily"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cadence", "often"), ("cadence", None), ("cadence", 1), ("digest_hour", 24), ("digest_hour", -1),
        ("digest_hour", "8"), ("digest_hour", 8.5), ("digest_hour", True), ("digest_weekday", 7),
        ("quiet_from", "25:00"),
        ("quiet_from", "9:00"), ("quiet_to", "24:00"), ("quiet_to", "22:00\n"), ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"), ("time_zone", None), ("time_zone", "\x00"),
        ("channels", {"weather": {"bell": True}}), ("channels", {"message": {"fax": True}}),
        ("channels", {"message": {"bell": "yes"}}), ("channels", {"message": {"bell": None}}),
        ("channels", []), ("user_id", "x"),
    ],
)  # fmt: skip
def test_bad_preferences_get_a_clear_answer_and_change_nothing(
    world: World, browse: Browse, field: str, value: object
) -> None:
    before = preferences(world.coach)
    answer = browse(world.coach).patch(
        "/api/preferences", json={field: value, "digest_hour": 3} | {field: value}
    )
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert any(name.startswith(field) for name in answer.get_json()["errors"])
    assert not any("[" in name for name in answer.get_json()["errors"])
    assert preferences(world.coach) == before


def test_the_notifications_page_lists_and_marks_them(world: World, browse: Browse) -> None:
    world.say(world.client, "<b>Hello</b> & more")
    me = browse(world.coach)
    page = me.get("/notifications").text
    assert "&lt;b&gt;Hello&lt;/b&gt; &amp; more" in page
    record = queries.page(world.coach)[0][0]
    answer = me.post("/notifications/read", data={"id": record.id, "next": "/threads/x"})
    assert (answer.status_code, answer.location) == (303, "/threads/x")
    assert queries.unread_count(world.coach.id) == 0
    assert me.post("/notifications/read", data={"all": "1", "next": "https://evil.example"}).location == "/"
    assert me.get("/notifications?before=nonsense").status_code == 422


def test_filters_and_marks_without_script(world: World, browse: Browse) -> None:
    world.say(world.client, "Hello")
    record = queries.page(world.coach)[0][0]
    me = browse(world.coach)
    assert "Mark as read: Ana Petrov" in me.get("/notifications?unread=1").text
    me.post("/notifications/read", data={"id": record.id, "read": "1", "next": "/notifications?unread=1"})
    assert "Nothing unread" in me.get("/notifications?unread=1").text
    assert "Mark as unread: Ana Petrov" in me.get("/notifications").text
    answer = me.post(
        "/notifications/read", data={"id": record.id, "read": "0", "next": "/notifications?unread=1"}
    )
    assert (answer.status_code, answer.location) == (303, "/notifications?unread=1")
    assert queries.unread_count(world.coach.id) == 1
    assert me.post("/notifications/read", data={"id": record.id, "read": "perhaps"}).status_code == 422
    assert me.get("/notifications?kind=weather").status_code == 422
    assert f'href="/threads/{world.thread.id}#1"' in me.get("/notifications").text, "to the very message"


def test_a_notification_says_how_many_messages_it_covers(world: World, browse: Browse) -> None:
    world.say(world.client, "Hello")
    world.say(world.client, "Are you there?")
    assert "2 new messages" in browse(world.coach).get("/notifications").text


def test_the_preferences_form_is_saved(world: World, browse: Browse) -> None:
    me = browse(world.coach)
    assert "Quiet hours" in me.get("/settings/notifications").text
    form = {
        "cadence": "weekly", "digest_hour": "9", "digest_weekday": "4", "quiet_from": "", "quiet_to": "",
        "time_zone": "Europe/Berlin", "message.bell": "1", "message.push": "1",
    }  # fmt: skip
    answer = me.post("/settings/notifications", data=form)
    assert (answer.status_code, answer.location) == (303, "/settings/notifications")
    saved = preferences(world.coach)
    assert (saved["cadence"], saved["digest_hour"], saved["digest_weekday"]) == ("weekly", 9, 4)
    assert saved["channels"]["message"] == {"bell": True, "push": True, "email": False}
    page = me.get("/settings/notifications").text
    assert '<option value="weekly" selected>' in page
    assert "Saved." in page


def test_the_form_asks_for_both_ends_of_the_quiet_hours(world: World, browse: Browse) -> None:
    me = browse(world.coach)
    form = {
        "cadence": "soon",
        "digest_hour": "8",
        "digest_weekday": "0",
        "quiet_from": "22:00",
        "quiet_to": "",
    }
    answer = me.post("/settings/notifications", data={**form, "time_zone": "UTC"})
    assert answer.status_code == 422
    assert "Fill in both times, or leave both empty." in answer.text
    assert 'value="22:00"' in answer.text


def test_a_bad_form_comes_back_as_typed(world: World, browse: Browse) -> None:
    before = preferences(world.coach)
    form = {"cadence": "weekly", "digest_hour": "9", "digest_weekday": "4", "time_zone": "<Atlantis>"}
    answer = browse(world.coach).post("/settings/notifications", data=form)
    assert answer.status_code == 422
    assert "time_zone-error" in answer.text
    assert '<option value="weekly" selected>' in answer.text
    assert preferences(world.coach) == before


def test_quiet_hours_have_two_ends_or_none(world: World, browse: Browse) -> None:
    me = browse(world.coach)

    def quiet(**changes: str | None) -> tuple[int, str | None, str | None]:
        status = me.patch("/api/preferences", json=changes).status_code
        saved = me.get("/api/preferences").get_json()["preferences"]
        return status, saved["quiet_from"], saved["quiet_to"]

    assert quiet(quiet_from="22:00") == (422, None, None)
    assert quiet(quiet_to="07:00") == (422, None, None)
    assert quiet(quiet_from="22:00", quiet_to=None) == (422, None, None)
    assert quiet(quiet_from="22:00", quiet_to="07:00") == (200, "22:00", "07:00")
    assert quiet(quiet_to="08:00") == (200, "22:00", "08:00")
    assert quiet(quiet_from=None, quiet_to="09:00") == (422, "22:00", "08:00")
    assert quiet(quiet_to=None) == (200, None, None)
