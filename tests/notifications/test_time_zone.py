"""The browser's time zone is used for people who never chose one, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.browsing import Browser
from tests.mail.world import NOON, World
from wellchat.accounts.actions import update_profile
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.digests.runs import sweep
from wellchat.notifications.preferences import save_preferences, set_browser_time_zone

Browse = Callable[..., Browser]


def zone(user: User) -> str:
    return db.session.get_one(User, user.id, populate_existing=True).time_zone


def test_the_first_visit_sets_the_time_zone_once(world: World, browse: Browse) -> None:
    me = browse(world.coach)
    assert "data-zone-unknown" in me.get("/settings").text
    answer = me.put("/api/time-zone", json={"time_zone": "Asia/Kolkata"})
    assert answer.get_json()["preferences"]["time_zone"] == "Asia/Kolkata"
    assert "data-zone-unknown" not in me.get("/settings").text
    answer = me.put("/api/time-zone", json={"time_zone": "Europe/Berlin"})
    assert answer.get_json()["preferences"]["time_zone"] == "Asia/Kolkata", "a journey is no change of mind"
    assert me.patch("/api/preferences", json={"time_zone": "Europe/Berlin"}).status_code == 200
    assert zone(world.coach) == "Europe/Berlin"
    assert zone(world.client) == "UTC", "nobody else's"


@pytest.mark.parametrize("way", ["preferences", "profile"])
def test_a_choice_holds_even_when_it_is_utc(world: World, way: str) -> None:
    if way == "preferences":
        save_preferences(user=world.coach, now=NOON, time_zone="UTC")
    else:
        update_profile(user_id=world.coach.id, name="Sofia Marin", time_zone="UTC")
    assert not set_browser_time_zone(user_id=world.coach.id, time_zone="Asia/Kolkata", now=NOON)
    assert zone(world.coach) == "UTC"


@pytest.mark.each_database
def test_of_many_first_visits_at_once_one_sets_the_zone(world: World) -> None:
    names = ["Asia/Kolkata", "Europe/Berlin", "America/Lima", "Asia/Tokyo"]
    answers = world.together(
        *[lambda n=n: set_browser_time_zone(user_id=world.coach.id, time_zone=n, now=NOON) for n in names]
    )
    assert sorted(answers) == [False, False, False, True]
    assert zone(world.coach) == names[answers.index(True)]


def test_scheduled_digests_move_with_the_time_zone(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, cadence="daily", digest_hour=18)
    world.say(world.client, "Hello")
    assert set_browser_time_zone(user_id=world.coach.id, time_zone="Asia/Kolkata", now=NOON)
    assert sweep(NOON)["digests_waiting"] == 1
    assert sweep(NOON + timedelta(minutes=30))["digests_sent"] == 1
