"""A new kind of notification is one declaration; nothing else has to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.browsing import Browser
from tests.mail.world import NOON, World
from wellchat.db import transaction
from wellchat.notifications import actions, queries
from wellchat.notifications.kinds import NotificationKind, kinds
from wellchat.notifications.models import Notification
from wellchat.notifications.preferences import save_preferences

Browse = Callable[..., Browser]


@pytest.fixture
def resource(world: World) -> Iterator[NotificationKind]:
    """Declare a kind here and nowhere else."""
    kind = NotificationKind(
        name="resource",
        label="Shared resources",
        title="{actor} shared something",
        several="{count} shared things",
        channels={"bell": True, "push": False, "email": True},
        waits_for_digest=True,
        priority="low",
    )
    kinds()[kind.name] = kind
    yield kind
    del kinds()[kind.name]


def share(world: World, what: str, **more: Any) -> str | None:
    values = {"user_id": world.client.id, "actor_id": world.coach.id, "preview": what, "now": NOON}
    return actions.notify(kind="resource", **values | more)


def test_a_new_kind_is_in_the_json(world: World, browse: Browse, resource: NotificationKind) -> None:
    share(world, "Stretching, in ten pictures", payload={"url": "/people/x"})
    share(world, "A plan for the week", payload={"url": "/people/y"})
    me = browse(world.client)
    [record] = me.get("/api/notifications?kind=resource").get_json()["notifications"]
    assert record["title"] == "Sofia Marin shared something"
    assert (record["count"], record["count_words"], record["priority"]) == (2, "2 shared things", "low")
    assert (record["preview"], record["url"]) == ("A plan for the week", "/people/y")
    assert me.get("/api/notifications?kind=message").get_json()["notifications"] == []
    me.patch("/api/notifications", json={"ids": [record["id"]]})
    assert queries.unread_count(world.client.id) == 0


def test_a_new_kind_is_on_the_pages(world: World, browse: Browse, resource: NotificationKind) -> None:
    share(world, "Stretching, in ten pictures")
    me = browse(world.client)
    page = me.get("/notifications?kind=resource").text
    assert "Stretching, in ten pictures" in page
    assert 'href="/notifications?kind=resource" aria-current="page"' in page
    assert 'data-part="row-resource"' in page, "for the bell to clone"
    assert "Stretching" not in me.get("/notifications?kind=message").text


def test_a_new_kind_is_in_the_preferences(world: World, browse: Browse, resource: NotificationKind) -> None:
    me = browse(world.client)
    page = me.get("/settings/notifications").text
    assert "Shared resources" in page
    assert 'name="resource.push"' in page
    channels = me.get("/api/preferences").get_json()["preferences"]["channels"]
    assert channels["resource"] == {"bell": True, "push": False, "email": True}
    answer = me.patch("/api/preferences", json={"channels": {"resource": {"bell": False}}})
    assert answer.get_json()["preferences"]["channels"]["resource"]["bell"] is False
    assert share(world, "Stretching") is None, "and they are obeyed"


def test_a_kind_without_a_digest_offers_no_email(
    world: World, browse: Browse, resource: NotificationKind
) -> None:
    kinds()["resource"] = replace(resource, waits_for_digest=False)
    me = browse(world.client)
    page = me.get("/settings/notifications").text
    assert 'name="resource.push"' in page
    assert 'name="resource.email"' not in page
    assert me.get("/api/preferences").get_json()["preferences"]["channels"]["resource"]["email"] is False


def test_a_new_kind_is_in_updates(world: World, browse: Browse, resource: NotificationKind) -> None:
    me = browse(world.client)
    cursor = me.get("/api/me").get_json()["cursor"]
    share(world, "Stretching")
    update = me.get(f"/api/updates?since={cursor}").get_json()
    assert [n["kind"] for n in update["notifications"]] == ["resource"]
    assert update["unread"]["notifications"] == 1


def test_a_kind_declares_its_group(world: World, resource: NotificationKind) -> None:
    first = share(world, "one", thread_id=world.thread.id)
    assert share(world, "two", thread_id=world.thread.id) == first
    assert share(world, "elsewhere") != first
    assert share(world, "apart", group_key="of its own") not in (None, first)


def test_notifications_of_an_undeclared_kind_are_still_shown(world: World, browse: Browse) -> None:
    kinds()["gone"] = NotificationKind("gone", "Gone", "From then")
    share_id = actions.notify(user_id=world.client.id, kind="gone", preview="still there", now=NOON)
    del kinds()["gone"]
    me = browse(world.client)
    assert me.get("/api/notifications").get_json()["notifications"][0]["id"] == share_id
    assert "still there" in me.get("/notifications").text


def test_notifications_by_push_only_are_not_shown_in_the_app(
    world: World, browse: Browse, resource: NotificationKind
) -> None:
    save_preferences(user=world.client, now=NOON, channels={"resource": {"bell": False, "push": True}})
    hidden = share(world, "Stretching")
    me = browse(world.client)
    assert hidden is not None
    assert "Stretching" not in me.get("/notifications").text
    assert me.patch("/api/notifications", json={"all": True}).get_json() == {"unread": 0}
    with transaction() as session:
        assert session.get_one(Notification, hidden, populate_existing=True).read_at is None


def test_kinds_that_the_app_never_shows_are_not_in_its_filter(browse, cast) -> None:
    page = browse(cast.cara).get("/notifications").text
    assert "Weekly summary" not in page


def test_kinds_are_listed_in_the_order_that_people_know(app: Flask) -> None:
    assert list(kinds()) == ["message", "appointment", "reminder", "lead", "week", "safety"]
