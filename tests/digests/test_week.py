"""The weekly summary: once a week, only when something happened, and never at a bad moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.browsing import Browser
from tests.mail.world import DELAY, NOON, World, text_of
from wellchat.accounts.models import User
from wellchat.db import db
from wellchat.digests import runs
from wellchat.digests.decide import DigestDecision
from wellchat.digests.kinds import WEEK
from wellchat.digests.models import WeekSchedule
from wellchat.digests.recipients import Recipient
from wellchat.mail import actions as mail
from wellchat.messaging import memberships, messages
from wellchat.notifications.preferences import save_preferences
from wellchat.notifications.queries import preferences

MONDAY = NOON + timedelta(days=4, hours=20)  # the next one, 08:00
DUE = NOON + DELAY


def weeks(world: World, user: User) -> list[tuple[str, str]]:
    return [(m.state, m.reason) for m in world.mails(user) if m.name == "week"]


def test_the_summary_says_what_happened_and_who_waits_for_whom(world: World) -> None:
    jonas = world.user("Jonas Weber")
    other = world.open_thread(jonas, world.coach)
    world.say(jonas, "Hello", NOON - timedelta(hours=1), other)
    world.say(world.client, "One", NOON)
    world.say(world.client, "Two", NOON + timedelta(hours=1))
    world.say(world.coach, "Three", NOON + timedelta(days=1))
    runs.sweep(DUE)
    before = len(world.server.messages)
    assert runs.sweep_weeks(MONDAY - timedelta(seconds=1))["weeks_sent"] == 0
    assert runs.sweep_weeks(MONDAY)["weeks_sent"] == 2
    assert runs.sweep_weeks(MONDAY + timedelta(days=6))["weeks_sent"] == 0, "an empty week is not told of"
    [message] = [m for m in world.server.messages[before:] if world.coach.email in m["To"]]
    text = text_of(message)
    assert message["Subject"] == "1 person is waiting for your answer"
    assert "you got 3 messages and wrote 1, in 2 conversations" in text
    assert "Waiting for your answer since Wednesday 18 November" in text
    assert "You have been waiting for their answer since Thursday 19 November" in text
    assert text.index("Jonas Weber") < text.index("Ana Petrov"), "who waits for the reader comes first"
    assert "Hello" not in text.replace("Hello Sofia", ""), "no message is in it, so none is in two mails"
    assert "1 from them, 0 from you" in text
    assert [m.covers for m in world.mails(world.coach) if m.name == "week"] == [[]]


def test_the_summary_comes_at_the_digest_hour_in_the_reader_s_zone(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, time_zone="Asia/Kolkata", digest_hour=18, digest_weekday=4)
    world.say(world.client, "Hello")
    friday = NOON + timedelta(days=2, minutes=30)
    assert runs.sweep_weeks(friday - timedelta(seconds=1))["weeks_sent"] == 0
    save_preferences(user=world.coach, now=NOON, digest_hour=19)
    assert runs.sweep_weeks(friday)["weeks_sent"] == 0, "a change of mind moves what is planned"
    assert runs.sweep_weeks(friday + timedelta(hours=1))["weeks_sent"] == 1
    assert "Asia/Kolkata" in text_of(world.server.messages[-1])


@pytest.mark.parametrize(
    "prefs", [{"cadence": "off"}, {"cadence": "weekly"}, {"channels": {"week": {"email": False}}}], ids=str
)
def test_no_summary_for_people_whose_preferences_exclude_it(world: World, prefs: dict[str, Any]) -> None:
    save_preferences(user=world.coach, now=NOON, **prefs)
    world.say(world.client, "Hello")
    assert db.session.execute(db.select(WeekSchedule)).first() is None
    runs.sweep_weeks(MONDAY)
    assert weeks(world, world.coach) == []


def test_no_summary_for_people_who_switch_it_off_later(world: World) -> None:
    world.say(world.client, "Hello")
    save_preferences(user=world.coach, now=NOON, channels={"week": {"email": False}})
    runs.sweep_weeks(MONDAY)
    assert weeks(world, world.coach) == []


@pytest.mark.parametrize("happens", ["deleted", "muted"])
def test_no_summary_if_everything_was_deleted_or_muted(world: World, happens: str) -> None:
    world.say(world.client, "Hello")
    if happens == "deleted":
        messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=1, now=NOON)
    else:
        mute = {"muted_until": MONDAY + timedelta(days=1)}
        memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=mute)
    runs.sweep_weeks(MONDAY)
    assert weeks(world, world.coach) == [("skipped", "Nothing happened this week.")]


def test_a_present_reader_gets_the_summary_when_they_have_left(world: World) -> None:
    world.say(world.client, "Hello")
    world.seen(world.coach, MONDAY - timedelta(minutes=1))
    assert runs.sweep_weeks(MONDAY)["weeks_waiting"] == 1
    assert runs.sweep_weeks(MONDAY + timedelta(minutes=1))["weeks_sent"] == 1


def test_other_changes_of_preferences_do_not_drop_a_due_summary(world: World) -> None:
    world.say(world.client, "Hello")
    world.seen(world.coach, MONDAY)
    assert runs.sweep_weeks(MONDAY)["weeks_waiting"] == 1
    save_preferences(
        user=world.coach, now=MONDAY + timedelta(seconds=30), quiet_from="22:00", quiet_to="07:00"
    )
    assert runs.sweep_weeks(MONDAY + DELAY)["weeks_sent"] == 1, "this week's, not the next one's"


def test_quiet_hours_hold_the_summary(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, quiet_from="22:00", quiet_to="09:30")
    world.say(world.client, "Hello")
    assert runs.sweep_weeks(MONDAY)["weeks_waiting"] == 1
    assert runs.sweep_weeks(MONDAY + timedelta(minutes=90))["weeks_sent"] == 1


def test_the_unsubscribe_link_ends_only_the_summary(world: World, browse: Callable[..., Browser]) -> None:
    world.say(world.client, "Hello")
    runs.sweep_weeks(MONDAY)
    [message] = world.server.messages
    path = message["List-Unsubscribe"].strip("<>").removeprefix("https://chat.example")
    nobody = browse()
    assert "weekly summary" in nobody.get(path).text
    assert preferences(world.coach.id).wants("week", "email")
    assert nobody.post(path, forged=True).status_code == 200
    prefs = preferences(world.coach.id)
    assert (prefs.wants("week", "email"), prefs.wants("message", "email"), prefs.cadence) == (
        False,
        True,
        "soon",
    )


@pytest.mark.each_database
def test_eight_hosts_send_one_summary(world: World) -> None:
    world.say(world.client, "Hello")
    answers = world.together(*[lambda: runs.sweep_weeks(MONDAY)] * 8)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(answer["weeks_sent"] for answer in answers) == 1
    assert len(world.server.messages) == 1


def test_one_bad_recipient_harms_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.say(world.client, "Hello")
    world.say(world.coach, "Hello yourself")
    real = WEEK.decide

    def stumble(recipient: Recipient, now: datetime) -> DigestDecision:
        if recipient.user_id == world.coach.id:
            raise ValueError("rotten")
        return real(recipient, now)

    with monkeypatch.context() as patch:
        patch.setattr(WEEK, "decide", stumble)
        done = runs.sweep_weeks(MONDAY)
    assert (done["weeks_sent"], done["weeks_failed"]) == (1, 1)
    assert runs.sweep_weeks(MONDAY + timedelta(minutes=6))["weeks_sent"] == 1


def test_a_summary_that_is_refused_for_now_is_tried_again(world: World) -> None:
    world.say(world.client, "Hello")
    world.server.replies = ["451 later"]
    assert runs.sweep_weeks(MONDAY)["weeks_queued"] == 1
    assert mail.sweep(MONDAY + timedelta(minutes=2))["mails_sent"] == 1


def test_queries_stay_the_same_however_many_conversations(world: World, queries: Callable[[], Any]) -> None:
    counts = []
    for threads in (1, 8):
        coach = world.user("Many Threads", "professional")
        for n in range(threads):
            person = world.user(f"Client {n}")
            world.say(person, "Hello", thread=world.open_thread(person, coach))
        with queries() as counted:
            sent = [o for o in runs.send_due(now=MONDAY, kind=WEEK) if o.user_id == coach.id]
        assert [o.did for o in sent] == ["sent"]
        counts.append(counted.count)
    assert counts[0] == counts[1]
