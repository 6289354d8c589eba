"""One unread notification per person and thread: it counts up, and is read with the thread."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.databases import until_one_waits
from tests.mail.world import NOON, World
from wellchat.accounts.models import User
from wellchat.changes.queries import cursor_now
from wellchat.db import db, transaction
from wellchat.errors import Invalid
from wellchat.messaging import memberships, messages
from wellchat.notifications import actions, queries
from wellchat.notifications.preferences import save_preferences

MINUTE = timedelta(minutes=1)


def notifications_of(user: User, **more: Any) -> list[dict[str, Any]]:
    found, _ = queries.page(user, **more)
    return [queries.notification_json(n) for n in found]


def notify(world: World, seq: int, **more: Any) -> str | None:
    values = {
        "user_id": world.coach.id,
        "kind": "message",
        "group_key": f"thread:{world.thread.id}",
        "actor_id": world.client.id,
        "thread_id": world.thread.id,
        "seq": seq,
        "title": "Ana Petrov",
        "preview": f"words {seq}",
        "now": NOON + seq * MINUTE,
    }
    return actions.notify(**values | more)


def test_a_message_makes_a_notification_with_sender_and_preview(world: World) -> None:
    world.say(world.client, "Could we move\nThursday?")
    [record] = notifications_of(world.coach)
    assert record["title"] == "Ana Petrov"
    assert record["preview"] == "Could we move Thursday?"
    assert record["actor"]["id"] == world.client.id
    assert "email" not in record["actor"]
    assert (record["count"], record["read"], record["kind"]) == (1, False, "message")
    assert record["url"] == f"/threads/{world.thread.id}#1"
    assert notifications_of(world.client) == [], "not for who wrote it"


def test_a_shown_notification_stays_until_it_is_read(world: World) -> None:
    """Updates tell a client what a notification is, not that there is none any more."""
    world.say(world.client, "before")
    off = {"message": {"bell": False, "push": True}}
    save_preferences(user=world.coach, now=NOON, channels=off)
    world.say(world.client, "after", NOON + MINUTE)
    assert [record["count"] for record in notifications_of(world.coach)] == [2]
    actions.mark_read(viewer=world.coach, everything=True, now=NOON + 2 * MINUTE)
    world.say(world.client, "on devices only from here", NOON + 3 * MINUTE)
    assert [record["read"] for record in notifications_of(world.coach)] == [True]


def test_more_messages_count_up_one_notification(world: World) -> None:
    for n in range(3):
        world.say(world.client, f"words {n}", NOON + n * MINUTE)
    [record] = notifications_of(world.coach)
    assert (record["count"], record["preview"]) == (3, "words 2")
    assert record["url"].endswith("#1"), "it leads to the first unread"
    assert queries.unread_count(world.coach.id) == 1


def test_notifying_twice_of_a_message_counts_once(world: World) -> None:
    first = notify(world, 1)
    assert notify(world, 1) is None
    assert notify(world, 2) == first
    assert notify(world, 1) is None
    assert notifications_of(world.coach)[0]["count"] == 2
    actions.mark_read(viewer=world.coach, everything=True, now=NOON)
    assert notify(world, 2) is None, "also after it was read"
    assert notify(world, 3) not in (None, first)


@pytest.mark.each_database
def test_notifying_at_once_makes_one_notification(world: World) -> None:
    world.together(*[lambda seq=seq: notify(world, seq) for seq in (1, 1, 1, 2, 2, 3, 4, 5)])
    [record] = notifications_of(world.coach)
    assert 1 <= record["count"] <= 5
    assert record["preview"] == "words 5"


@pytest.mark.each_database
def test_notifying_at_once_of_the_same_message_counts_once(world: World) -> None:
    answers = world.together(*[lambda: notify(world, 1)] * 8)
    assert len([a for a in answers if isinstance(a, str)]) == 1, answers
    assert notifications_of(world.coach)[0]["count"] == 1


def test_every_change_reaches_the_change_log(world: World) -> None:
    def moved(do: Any) -> bool:
        before = cursor_now(world.coach.id).seq
        do()
        return cursor_now(world.coach.id).seq > before

    assert moved(lambda: notify(world, 1))
    assert not moved(lambda: notify(world, 1))
    assert moved(lambda: actions.mark_read(viewer=world.coach, everything=True, now=NOON))
    assert not moved(lambda: actions.mark_read(viewer=world.coach, everything=True, now=NOON))


def test_reading_the_thread_reads_its_notifications(world: World) -> None:
    for n in range(3):
        world.say(world.client, f"words {n}")
    world.read(world.coach, 2)
    [record] = notifications_of(world.coach)
    assert (record["count"], record["read"], record["url"][-2:]) == (1, False, "#3")
    world.read(world.coach, 3)
    assert notifications_of(world.coach)[0]["read"]
    assert queries.unread_count(world.coach.id) == 0


def test_a_deleted_message_is_not_readable_in_notifications(world: World) -> None:
    world.say(world.client, "harmless")
    world.say(world.client, "the secret word")
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=2, now=NOON)
    [record] = notifications_of(world.coach)
    assert (record["count"], record["preview"], record["read"]) == (1, "harmless", False)
    assert record["url"][-2:] == "#1"
    messages.edit_message(viewer=world.client, thread_id=world.thread.id, seq=1, body="mild", now=NOON)
    assert notifications_of(world.coach)[0]["preview"] == "mild", "it is of that message now"
    world.say(world.client, "third")
    assert (notifications_of(world.coach)[0]["count"], notifications_of(world.coach)[0]["preview"]) == (
        2,
        "third",
    )
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=3, now=NOON)
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=1, now=NOON)
    assert notifications_of(world.coach)[0]["read"], "nothing is left to be told"


def test_a_deleted_message_is_not_readable_in_read_notifications(world: World) -> None:
    world.say(world.client, "the secret word")
    world.read(world.coach, 1)
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=1, now=NOON)
    assert notifications_of(world.coach)[0]["preview"] == "This message was deleted."


def test_a_notification_shows_the_new_text_of_an_edited_message(world: World) -> None:
    world.say(world.client, "old words")
    messages.edit_message(viewer=world.client, thread_id=world.thread.id, seq=1, body="new words", now=NOON)
    [record] = notifications_of(world.coach)
    assert (record["preview"], record["count"]) == ("new words", 1)


def test_a_notification_can_be_marked_unread_again(world: World) -> None:
    old = notify(world, 1)
    actions.mark_read(viewer=world.coach, ids=[old or ""], now=NOON)
    actions.mark_read(viewer=world.coach, ids=[old or ""], read=False, now=NOON)
    assert queries.unread_count(world.coach.id) == 1
    actions.mark_read(viewer=world.coach, everything=True, now=NOON)
    notify(world, 2)
    actions.mark_read(viewer=world.coach, ids=[old or ""], read=False, now=NOON)
    assert queries.unread_count(world.coach.id) == 1, "one unread record per thread"
    actions.mark_read(viewer=world.coach, everything=True, now=NOON)
    actions.mark_read(viewer=world.coach, everything=True, read=False, now=NOON)
    assert queries.unread_count(world.coach.id) == 1


def test_other_people_s_notifications_are_out_of_reach(world: World) -> None:
    theirs = notify(world, 1)
    actions.mark_read(viewer=world.client, ids=[theirs or ""], now=NOON)
    assert queries.unread_count(world.coach.id) == 1
    assert queries.by_ids(world.client, [theirs or ""]) == []


def test_notifications_are_listed_by_pages(world: World) -> None:
    for n in range(7):
        notify(world, 1, group_key=f"thread:{n}", now=NOON + n * MINUTE)
    seen: list[str] = []
    place = None
    while True:
        found, place = queries.page(world.coach, before=place, limit=3)
        seen += [n.group_key[-1] for n in found]
        if place is None:
            break
    assert seen == list("6543210")
    with pytest.raises(Invalid):
        queries.page(world.coach, before="nonsense")
    actions.mark_read(viewer=world.coach, ids=[queries.page(world.coach)[0][0].id], now=NOON)
    assert len(notifications_of(world.coach, unread=True)) == 6


def test_no_notification_for_people_who_switched_them_off(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, channels={"message": {"bell": False}})
    world.say(world.client, "Hello")
    assert notifications_of(world.coach) == []


def test_long_previews_are_shortened(world: World) -> None:
    notify(world, 1, preview="word " * 200, title="x" * 500)
    [record] = notifications_of(world.coach)
    assert len(record["preview"]) <= 200
    assert record["preview"].endswith("…")
    assert len(record["title"]) == 240


def test_a_kind_brings_its_own_title(world: World) -> None:
    notify(world, 1, title=None)
    assert notifications_of(world.coach)[0]["title"] == "Ana Petrov"


def test_preferences_start_with_defaults_and_keep_changes(world: World) -> None:
    assert queries.preferences_json(queries.preferences(world.coach.id)) == {
        "cadence": "soon",
        "digest_hour": 8,
        "digest_weekday": 0,
        "quiet_from": None,
        "quiet_to": None,
        "time_zone": "UTC",
        "discreet_mails": False,
        "channels": {
            "message": {"bell": True, "push": True, "email": True},
            "appointment": {"bell": True, "push": True, "email": False},
            "reminder": {"bell": True, "push": True, "email": False},
            "lead": {"bell": True, "push": True, "email": False},
            "week": {"bell": False, "push": False, "email": True},
            "safety": {"bell": True, "push": True, "email": False},
        },
    }
    save_preferences(user=world.coach, now=NOON, quiet_from="22:00", quiet_to="07:00", cadence="daily")
    save_preferences(
        user=world.coach, now=NOON, time_zone="Asia/Kolkata", channels={"message": {"push": False}}
    )
    saved = queries.preferences_json(queries.preferences(world.coach.id))
    assert (saved["cadence"], saved["quiet_from"], saved["time_zone"]) == ("daily", "22:00", "Asia/Kolkata")
    assert saved["channels"]["message"] == {"bell": True, "push": False, "email": True}
    assert db.session.get_one(User, world.coach.id, populate_existing=True).time_zone == "Asia/Kolkata"


@pytest.mark.each_database
def test_first_preferences_saved_at_once(world: World) -> None:
    saves = [
        {"cadence": "daily"},
        {"digest_hour": 5},
        {"digest_weekday": 3},
        {"quiet_from": "22:00", "quiet_to": "06:00"},
    ]
    answers = world.together(*[lambda s=s: save_preferences(user=world.coach, now=NOON, **s) for s in saves])
    assert answers == [None] * 4
    prefs = queries.preferences(world.coach.id)
    assert (prefs.cadence, prefs.digest_hour, prefs.digest_weekday) == ("daily", 5, 3)
    assert (prefs.quiet_from, prefs.quiet_to) == ("22:00", "06:00")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_notification_marked_unread_while_news_come_stays_read(world: World, background: Any) -> None:
    """The news are not committed yet when the older one is looked at, and are there first."""
    notify(world, 1)
    actions.mark_read(viewer=world.coach, everything=True, now=NOON)
    [record] = notifications_of(world.coach)
    notified, let_go = threading.Event(), threading.Event()

    def notify_again() -> None:
        with transaction():
            notify(world, 2)
            notified.set()
            assert let_go.wait(10)

    notifier = background(notify_again)
    assert notified.wait(10)
    db.session.rollback()
    again = background(
        lambda: actions.mark_read(viewer=world.coach, ids=[record["id"]], read=False, now=NOON)
    )
    until_one_waits()
    let_go.set()
    notifier.result(20), again.result(20)
    db.session.rollback()
    assert [(each["preview"], each["read"]) for each in notifications_of(world.coach)] == [
        ("words 2", False),
        ("words 1", True),
    ]


@pytest.mark.each_database
def test_reading_a_part_leaves_a_count_without_deleted_messages(world: World) -> None:
    for words in ("one", "two", "three"):
        world.say(world.client, words)
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=2, now=NOON)
    assert notifications_of(world.coach)[0]["count"] == 2
    world.read(world.coach, 1)
    [record] = notifications_of(world.coach)
    assert (record["count"], record["read"], record["url"][-1]) == (1, False, "2")
    world.read(world.coach, 3)
    assert [each["read"] for each in notifications_of(world.coach)] == [True]


def test_reading_a_part_leaves_a_count_without_own_messages(world: World) -> None:
    world.say(world.client, "one")
    world.say(world.coach, "mine")
    world.say(world.client, "three")
    world.read(world.coach, 1)
    assert notifications_of(world.coach)[0]["count"] == 1


@pytest.mark.each_database
def test_deleting_a_message_that_came_while_muted_leaves_the_count(world: World) -> None:
    """The second message came while the conversation was muted."""
    where: dict[str, Any] = {"viewer": world.coach, "thread_id": world.thread.id}
    world.say(world.client, "one")
    memberships.change_membership(**where, changes={"muted_until": NOON + MINUTE})
    world.say(world.client, "two")
    memberships.change_membership(**where, changes={"muted_until": None})
    world.say(world.client, "three")
    for seq, count in ((2, 2), (1, 1)):
        messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=seq, now=NOON)
        [record] = notifications_of(world.coach)
        assert (record["count"], record["read"]) == (count, False)
    messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=3, now=NOON)
    assert notifications_of(world.coach)[0]["read"]
