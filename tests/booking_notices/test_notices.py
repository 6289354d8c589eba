"""Notices about bookings: once when one is made, moved or cancelled, and before it begins; never outdated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.mail.world import NOON, World
from wellchat import sweeps
from wellchat.accounts.models import User
from wellchat.booking_notices import actions
from wellchat.booking_notices.models import Announcement
from wellchat.db import db
from wellchat.mail import actions as mail
from wellchat.notifications.models import Notification
from wellchat.notifications.preferences import save_preferences, unsubscribe
from wellchat.subjects.actions import put_subject
from wellchat.subjects.models import Subject

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STARTS = NOON + 3 * DAY  # Saturday 21 November, noon UTC

Put = Callable[..., Subject]


@pytest.fixture
def put(world: World) -> Put:
    def put(at: datetime = NOON, **more: Any) -> Subject:
        given: dict[str, Any] = {
            "kind": "booking",
            "external_id": "7",
            "title": "Colour and cut",
            "starts_at": STARTS,
        }
        given |= {"professional_id": world.coach.id, "client_id": world.client.id}
        return put_subject(**(given | more), now=at)

    return put


def notices_of(user: User) -> list[tuple[str, str, bool]]:
    """Return a person's notifications as (title, line, whether read), oldest first."""
    query = db.select(Notification).where(Notification.user_id == user.id).order_by(Notification.created_at)
    found = db.session.execute(query.execution_options(populate_existing=True)).scalars()
    return [(n.title, n.preview, n.read_at is not None) for n in found]


def waiting() -> int:
    return db.session.query(Announcement).count()


def test_both_people_are_notified_of_a_booking_once(world: World, put: Put) -> None:
    put()
    assert actions.sweep(NOON) == {"announced": 2}
    assert actions.sweep(NOON) == {"announced": 0}
    assert notices_of(world.client) == [
        ("Booked: Colour and cut", "Saturday 21 November at 12:00, with Sofia Marin", False)
    ]
    assert notices_of(world.coach) == [
        ("Booked: Colour and cut", "Saturday 21 November at 12:00, with Ana Petrov", False)
    ]


def test_times_are_in_the_reader_s_zone(world: World, put: Put) -> None:
    ana = world.user("Ana in Adelaide", time_zone="Australia/Adelaide")
    put(client_id=ana.id)
    actions.sweep(NOON)
    assert notices_of(ana)[0][1] == "Saturday 21 November at 22:30, with Sofia Marin"


def test_the_notification_leads_to_the_booking(world: World, put: Put) -> None:
    booking = put()
    actions.sweep(NOON)
    note = db.session.query(Notification).filter_by(user_id=world.client.id).one()
    assert (note.payload["url"], note.actor_id, note.kind) == (
        f"/subjects/{booking.id}",
        world.coach.id,
        "appointment",
    )


def test_putting_the_same_booking_again_notifies_nobody(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    put(NOON + HOUR, status="confirmed")
    assert actions.sweep(NOON + HOUR) == {"announced": 0}


def test_a_moved_booking_updates_its_notification(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    put(NOON + HOUR, starts_at=STARTS + DAY)
    actions.sweep(NOON + HOUR)
    assert notices_of(world.client) == [
        ("Moved: Colour and cut", "Now on Sunday 22 November at 12:00, with Sofia Marin", False)
    ]


def test_a_booking_moved_before_anybody_heard_is_notified_once(world: World, put: Put) -> None:
    put()
    put(NOON, starts_at=STARTS + DAY)
    actions.sweep(NOON)
    assert notices_of(world.client) == [
        ("Booked: Colour and cut", "Sunday 22 November at 12:00, with Sofia Marin", False)
    ]


@pytest.mark.parametrize("status", ["cancelled", "Canceled"])
def test_a_cancelled_booking_is_notified_and_reminds_nobody(world: World, put: Put, status: str) -> None:
    put()
    actions.sweep(NOON)
    put(NOON + HOUR, status=status)
    actions.sweep(STARTS - timedelta(minutes=30))
    assert notices_of(world.client) == [
        (
            "Cancelled: Colour and cut",
            "Planned for Saturday 21 November at 12:00, with Sofia Marin",
            False,
        )
    ]
    assert waiting() == 0


def test_a_booking_cancelled_before_anybody_heard_is_not_notified(world: World, put: Put) -> None:
    put()
    put(NOON, status="cancelled")
    assert actions.sweep(NOON) == {"announced": 0}


def test_a_booking_that_is_booked_again_is_notified(world: World, put: Put) -> None:
    put(status="cancelled")
    put(NOON, status="confirmed")
    actions.sweep(NOON)
    assert notices_of(world.client)[0][0] == "Booked: Colour and cut"


def test_reminders_come_a_day_and_an_hour_before(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    due = [STARTS - DAY, STARTS - HOUR]
    for moment in due:
        assert actions.sweep(moment - timedelta(seconds=1)) == {"announced": 0}
        assert actions.sweep(moment) == {"announced": 2}
        assert notices_of(world.client)[-1][0] == "Reminder: Colour and cut"
    assert actions.sweep(STARTS) == {"announced": 0}
    assert waiting() == 0


def test_a_reminder_moves_with_its_booking(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    put(NOON + HOUR, starts_at=STARTS + 5 * DAY)
    actions.sweep(NOON + HOUR)
    assert actions.sweep(STARTS - HOUR) == {"announced": 0}
    assert actions.sweep(STARTS + 4 * DAY) == {"announced": 2}


def test_a_booking_moved_without_notice_reminds_at_its_new_time(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    put(NOON + HOUR, starts_at=STARTS + 5 * DAY, notify=False)
    assert actions.sweep(STARTS - HOUR) == {"announced": 0}
    assert actions.sweep(STARTS + 4 * DAY) == {"announced": 2}


def test_an_email_alone_counts_as_notified(world: World, put: Put) -> None:
    off = {"bell": False, "push": False, "email": True}
    for person in (world.client, world.coach):
        save_preferences(user=person, now=NOON, channels={"appointment": off})
    put()
    assert actions.sweep(NOON) == {"announced": 2}
    assert notices_of(world.client) == []
    mail.sweep(NOON)
    assert len(world.server.messages) == 2


def test_a_late_worker_reminds_once_and_not_of_what_has_begun(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    before = len(notices_of(world.client))
    assert actions.sweep(STARTS - timedelta(minutes=10)) == {"announced": 2}, "day and hour in one"
    assert len(notices_of(world.client)) == before, "in the one record"
    put(NOON, external_id="8")
    actions.sweep(STARTS + HOUR)
    assert waiting() == 0
    assert len(notices_of(world.client)) == before


@pytest.mark.parametrize(
    "more",
    [
        {"starts_at": NOON - DAY},
        {"starts_at": None},
        {"client_id": None},
        {"notify": False},
        {"kind": "lead", "status": "claimed"},
        {"status": "cancelled"},
    ],
    ids=str,
)
def test_nobody_is_notified_of_bookings_like_these(world: World, put: Put, more: dict[str, Any]) -> None:
    put(**more)
    assert actions.sweep(NOON + 30 * DAY) == {"announced": 0}
    assert waiting() == 0


def test_a_new_person_of_a_booking_is_notified_and_a_former_one_is_not(world: World, put: Put) -> None:
    put()
    actions.sweep(NOON)
    jonas = world.user("Jonas Weber")
    put(NOON + HOUR, client_id=jonas.id)
    actions.sweep(NOON + HOUR)
    actions.sweep(STARTS - HOUR)
    assert [title for title, *_ in notices_of(world.client)] == ["Booked: Colour and cut"]
    assert [title for title, *_ in notices_of(jonas)] == ["Reminder: Colour and cut"], (
        "the latest of its one record"
    )


@pytest.mark.each_database
def test_six_workers_at_once_notify_each_person_once(world: World, put: Put) -> None:
    put()
    answers = world.together(*[lambda: actions.sweep(NOON)["announced"]] * 6)
    assert sum(answers) == 2
    assert len(notices_of(world.client)) == len(notices_of(world.coach)) == 1


def test_a_notice_that_fails_does_not_stop_the_others(
    world: World, put: Put, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put()
    notify = actions.notifications.notify

    def fails_for_one(**given: Any) -> str | None:
        if given["user_id"] == world.client.id:
            raise RuntimeError("a bad row")
        return notify(**given)

    with monkeypatch.context() as broken:
        broken.setattr(actions.notifications, "notify", fails_for_one)
        assert actions.sweep(NOON) == {"announced": 1}
        assert actions.sweep(NOON) == {"announced": 0}, "not again at once"
    assert "a bad row" in caplog.text
    assert actions.sweep(NOON + timedelta(minutes=5)) == {"announced": 1}
    assert len(notices_of(world.client)) == 1


def enable_email(user: User, kind: str = "appointment") -> None:
    save_preferences(user=user, now=NOON, channels={kind: {"email": True}})


def test_emails_go_only_to_people_who_want_them(world: World, put: Put) -> None:
    enable_email(world.client)
    put()
    sweeps.run(NOON)
    (message,) = world.server.messages
    assert message["To"] == f"Ana Petrov <{world.client.email}>"
    assert message["Subject"] == "Booked: Colour and cut"
    text = message.get_body(("plain",)).get_content()
    assert "Saturday 21 November at 12:00, with Sofia Marin" in text
    assert "List-Unsubscribe" in message
    assert message["Reply-To"] is None


def test_an_email_is_decided_on_again_when_it_leaves(world: World, put: Put) -> None:
    enable_email(world.client)
    put()
    actions.sweep(NOON)
    put(NOON, status="cancelled")
    mail.sweep(NOON)
    assert world.server.messages == []
    assert world.states(world.client) == ["skipped"]


@pytest.mark.parametrize("kind", [None, "appointment"])
def test_unsubscribing_ends_emails_about_bookings(world: World, put: Put, kind: str | None) -> None:
    enable_email(world.client)
    put()
    actions.sweep(NOON)
    unsubscribe(user_id=world.client.id, now=NOON, kind=kind)
    mail.sweep(NOON)
    put(NOON + HOUR, starts_at=STARTS + DAY)
    sweeps.run(NOON + HOUR)
    assert world.server.messages == []


def test_quiet_hours_hold_an_email_but_not_past_the_beginning(world: World, put: Put) -> None:
    enable_email(world.client)
    enable_email(world.client, "reminder")
    save_preferences(user=world.client, now=NOON, quiet_from="11:00", quiet_to="13:30")
    put()
    sweeps.run(NOON)
    assert world.server.messages == []
    sweeps.run(NOON + 2 * HOUR)
    assert [m["Subject"] for m in world.server.messages] == ["Booked: Colour and cut"]
    sweeps.run(STARTS - HOUR)
    assert len(world.server.messages) == 1
    assert world.mails(world.client)[-1].reason == "Quiet hours last until the appointment begins."


NIGHT = {"quiet_from": "11:00", "quiet_to": "13:30"}  # NOON lies in it
SOON, LATE = NOON + HOUR, NOON + 2 * HOUR  # in the quiet hours, and after them


@pytest.mark.each_database
@pytest.mark.parametrize(
    ("begins", "change", "at_once"),
    [
        (SOON, {"status": "cancelled"}, True),
        (LATE, {"status": "cancelled"}, False),
        (LATE, {"starts_at": SOON}, True),
        (SOON, {"starts_at": LATE}, True),
        (LATE, {"starts_at": LATE + DAY}, False),
    ],
    ids=["off before they end", "off after", "moved into them", "moved out of them", "moved behind"],
)
def test_news_of_what_is_before_quiet_hours_end_does_not_wait(
    world: World, put: Put, begins: datetime, change: dict[str, Any], at_once: bool
) -> None:
    enable_email(world.client)
    put(NOON - DAY, starts_at=begins)
    sweeps.run(NOON - DAY)
    save_preferences(user=world.client, now=NOON, **NIGHT)
    put(NOON, **{"starts_at": begins, **change})
    sweeps.run(NOON)
    assert len(world.server.messages) == 1 + at_once
    note = db.session.query(Notification).filter_by(user_id=world.client.id).one()
    assert note.payload.get("urgent", False) == at_once


def test_of_two_moves_at_once_the_first_time_is_what_people_know(world: World, put: Put) -> None:
    enable_email(world.client)
    put(NOON - DAY, starts_at=SOON)
    sweeps.run(NOON - DAY)
    save_preferences(user=world.client, now=NOON, **NIGHT)
    put(NOON, starts_at=LATE)
    put(NOON, starts_at=LATE + DAY)
    sweeps.run(NOON)
    assert len(world.server.messages) == 2


def test_statements_per_person_stay_the_same(world: World, put: Put, queries: Callable[[], Any]) -> None:
    counts = []
    for size in (2, 12):
        for n in range(size):
            put(external_id=f"{size}.{n}")
        with queries() as counted:
            assert actions.sweep(NOON) == {"announced": 2 * size}
        counts.append(counted.count / size)
    assert abs(counts[1] - counts[0]) < 1
