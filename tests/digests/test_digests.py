"""What readers are promised: an email when it matters, never otherwise, and never twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.mail.world import DELAY, NOON, World, text_of
from tests.services import wait_for
from wellchat.accounts.models import User
from wellchat.db import db, is_postgresql, transaction
from wellchat.digests import actions, runs
from wellchat.digests.decide import DigestDecision
from wellchat.digests.kinds import DIGEST
from wellchat.digests.models import DigestSchedule
from wellchat.digests.recipients import load_recipient
from wellchat.mail import actions as mail
from wellchat.messaging import dispatch, memberships, messages
from wellchat.messaging.system import send_system_message
from wellchat.notifications.preferences import save_preferences, unsubscribe

MINUTE = timedelta(minutes=1)
DUE = NOON + DELAY


def planned(user: User) -> datetime | None:
    return db.session.execute(
        db.select(DigestSchedule.due_at).where(DigestSchedule.user_id == user.id)
    ).scalar_one_or_none()


def reasons(world: World) -> list[str]:
    return [m.reason for m in world.mails() if m.state == "skipped"]


def test_one_email_holds_exactly_the_unread_messages(world: World) -> None:
    world.say(world.client, "Good morning Sofia", NOON - 40 * MINUTE)
    world.read(world.coach, 1)
    runs.sweep(NOON - 5 * MINUTE)
    for n, words in enumerate(["I slept badly.", "Could we move Thursday?", "To 17:30?"]):
        world.say(world.client, words, NOON + n * MINUTE)
    assert runs.sweep(DUE - MINUTE)["digests_sent"] == 0
    assert runs.sweep(DUE)["digests_sent"] == 1
    [message] = world.server.messages
    text = text_of(message)
    assert message["Subject"] == "New in your conversation with Ana Petrov"
    assert "3 new messages wait for you" in text
    places = [
        text.index(words)
        for words in ("Ana Petrov", "I slept badly.", "Could we move Thursday?", "To 17:30?")
    ]
    assert places == sorted(places)
    assert "3 unread messages" in text
    assert "Good morning" not in message.as_string()
    [sent] = [m for m in world.mails() if m.state == "sent"]
    assert sent.covers == [{"thread_id": world.thread.id, "first_seq": 2, "last_seq": 4}]
    assert sent.reason == "Unread, and the reader was away."
    assert planned(world.coach) is None
    for hours in range(1, 40):
        runs.sweep(DUE + timedelta(hours=hours))
    assert len(world.server.messages) == 1


def test_a_digest_has_the_headers_and_links_of_an_automatic_mail(world: World) -> None:
    world.say(world.client, "Hello")
    runs.sweep(DUE)
    [message] = world.server.messages
    [row] = world.mails(world.coach)
    assert message["Message-ID"] == f"<{row.id}@studio.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://chat.example/unsubscribe/")
    assert link in text_of(message)
    assert message["Date"] == "Wed, 18 Nov 2026 12:30:00 +0000"
    assert message.get_content_type() == "multipart/alternative"
    html = message.get_body(("html",)).get_content()
    assert "Hello" in html
    assert f'href="https://chat.example/threads/{world.thread.id}#1"' in html
    assert "http" not in html.replace("https://chat.example/", "").replace("http-equiv", "")


def test_no_email_for_what_was_read_before_it_was_due_and_the_ledger_says_why(world: World) -> None:
    message = world.say(world.client, "Hello")
    world.read(world.coach, message.seq, NOON + MINUTE)
    assert runs.sweep(DUE)["digests_skipped"] == 1
    assert reasons(world) == ["Everything was read."]
    runs.sweep(DUE + DELAY)
    assert len(world.mails()) == 1, "one line in the ledger, not one per sweep"
    assert world.server.messages == []


def test_no_email_for_what_was_deleted_before_it_was_due(world: World) -> None:
    message = world.say(world.client, "the secret word")
    messages.delete_message(
        viewer=world.client, thread_id=world.thread.id, seq=message.seq, now=NOON + MINUTE
    )
    runs.sweep(DUE)
    assert reasons(world) == ["The unread messages were deleted."]


def test_no_email_for_a_thread_that_was_muted_after_the_message(world: World) -> None:
    world.say(world.client, "Hello")
    mute = {"muted_until": NOON + timedelta(days=9)}
    memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=mute)
    runs.sweep(DUE)
    assert reasons(world) == ["The conversation is muted."]


def test_a_snoozed_thread_is_mailed_when_the_snooze_ends(world: World) -> None:
    world.say(world.client, "Hello")
    snooze = {"snoozed_until": NOON + timedelta(days=2)}
    memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=snooze)
    assert runs.sweep(DUE)["digests_waiting"] == 1
    assert runs.sweep(NOON + timedelta(days=2))["digests_sent"] == 1


def test_a_snoozed_thread_does_not_hold_back_another(world: World) -> None:
    other = world.open_thread(world.user("Jonas Weber"), world.coach)
    world.say(world.client, "Snooze me")
    world.say(db.session.get_one(User, other.client_id), "Now please", thread=other)
    snooze = {"snoozed_until": NOON + timedelta(days=2)}
    memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=snooze)
    runs.sweep(DUE)
    runs.sweep(NOON + timedelta(days=2))
    texts = [text_of(m) for m in world.server.messages]
    assert ["Now please" in t for t in texts] == [True, False]
    assert ["Snooze me" in t for t in texts] == [False, True]


@pytest.mark.parametrize("way", ["cadence", "channel", "unsubscribed"])
def test_no_email_for_people_who_switched_it_off(world: World, way: str) -> None:
    world.say(world.client, "Hello")
    if way == "cadence":
        save_preferences(user=world.coach, now=NOON, cadence="off")
    elif way == "channel":
        save_preferences(user=world.coach, now=NOON, channels={"message": {"email": False}})
    else:
        unsubscribe(user_id=world.coach.id, now=NOON)
    runs.sweep(DUE)
    assert "switched off" in reasons(world)[0]
    world.say(world.client, "Hello again", DUE)
    assert planned(world.coach) is None, "nothing is planned for who wants nothing"


def test_an_open_tab_is_not_presence(world: World) -> None:
    """The page keeps polling; its reader has not touched anything for a while."""
    world.seen(world.coach, NOON - 10 * MINUTE, world.thread)
    world.say(world.client, "Hello")
    assert runs.sweep(DUE)["digests_sent"] == 1


def test_a_reader_who_left_the_thread_open_is_still_mailed(world: World) -> None:
    """They are notified later, because they seemed to look, and mailed all the same."""
    world.seen(world.coach, NOON - timedelta(seconds=10), world.thread)
    world.say(world.client, "Hello")
    dispatch.sweep(NOON + timedelta(seconds=111))
    assert runs.sweep(DUE)["digests_sent"] == 1


def test_a_present_reader_is_decided_on_again_when_they_may_have_left(world: World) -> None:
    world.say(world.client, "Hello")
    world.seen(world.coach, DUE - MINUTE)
    assert runs.sweep(DUE)["digests_waiting"] == 1
    assert planned(world.coach) == DUE + MINUTE
    assert world.mails() == [], "a wait is not a skip"
    assert runs.sweep(DUE + MINUTE)["digests_sent"] == 1


def test_what_arrives_while_it_is_sent_is_in_the_next_mail_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.client, "first words")
    real = mail.send_claimed

    def meanwhile(**arguments: object) -> object:
        world.say(world.client, "second words", DUE)
        return real(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(mail, "send_claimed", meanwhile)
        runs.sweep(DUE)
    runs.sweep(DUE + DELAY)
    texts = [text_of(m) for m in world.server.messages]
    assert ["first words" in t for t in texts] == [True, False]
    assert ["second words" in t for t in texts] == [False, True]


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        ("read", "Everything was read or deleted before this was sent."),
        ("deleted", "Everything was read or deleted before this was sent."),
        ("muted", "The conversation was muted before this was sent."),
        ("off", "Emails are switched off in the preferences."),
    ],
)
def test_a_digest_is_decided_on_again_when_it_is_sent(world: World, happens: str, reason: str) -> None:
    message = world.say(world.client, "the secret word")
    actions.send_one(user_id=world.coach.id, now=DUE)
    assert world.states() == ["queued"]
    if happens == "read":
        world.read(world.coach, message.seq, DUE)
    elif happens == "deleted":
        messages.delete_message(viewer=world.client, thread_id=world.thread.id, seq=1, now=DUE)
    elif happens == "muted":
        mute = {"muted_until": DUE + timedelta(days=1)}
        memberships.change_membership(viewer=world.coach, thread_id=world.thread.id, changes=mute)
    else:
        save_preferences(user=world.coach, now=DUE, cadence="off")
    assert mail.sweep(DUE)["mails_skipped"] == 1
    assert reasons(world) == [reason]
    assert world.server.messages == []


def test_what_the_site_wrote_is_not_in_the_name_of_the_other_person(world: World) -> None:
    def site_says(body: str, at: datetime) -> None:
        send_system_message(thread_id=world.thread.id, body=body, client_key=body, now=at)
        dispatch.sweep(at)

    world.say(world.client, "Ana was here")
    site_says("Moved to Friday.", NOON + MINUTE)
    runs.sweep(NOON + DELAY + MINUTE)
    for user in (world.client, world.coach):
        world.read(user, 2, NOON + DELAY + MINUTE)
    later = NOON + timedelta(hours=5)
    site_says("Moved to Monday.", later)
    runs.sweep(later + DELAY)
    mine = [each["Subject"] for each in world.server.messages if world.coach.email in each["To"]]
    assert mine == ["New in your conversation with Ana Petrov"] * 2, "whoever wrote, the conversation is one"


def test_messages_read_before_sending_are_left_out_of_mail_and_ledger(world: World) -> None:
    for words in ("one", "two", "three"):
        world.say(world.client, f"word {words}")
    actions.send_one(user_id=world.coach.id, now=DUE)
    world.read(world.coach, 2, DUE)
    mail.sweep(DUE)
    [message] = world.server.messages
    assert "1 new message waits for you" in text_of(message)
    assert "word two" not in message.as_string()
    assert world.mails()[0].covers == [{"thread_id": world.thread.id, "first_seq": 3, "last_seq": 3}]


def test_quiet_hours_hold_and_merge(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, quiet_from="12:00", quiet_to="18:00")
    world.say(world.client, "one")
    assert runs.sweep(DUE)["digests_waiting"] == 1
    world.say(world.client, "two", NOON + timedelta(hours=3))
    assert runs.sweep(NOON + timedelta(hours=5))["digests_sent"] == 0
    assert runs.sweep(NOON + timedelta(hours=6))["digests_sent"] == 1
    assert "2 new messages wait for you" in text_of(world.server.messages[0])


def test_quiet_hours_hold_a_retry_too(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, quiet_from="12:31", quiet_to="18:00")
    world.say(world.client, "one")
    world.server.replies = ["451 later"]
    runs.sweep(DUE)
    assert mail.sweep(DUE + 2 * MINUTE)["mails_queued"] == 1
    assert world.mails()[0].due_at == NOON + timedelta(hours=6)
    assert mail.sweep(NOON + timedelta(hours=6))["mails_sent"] == 1


@pytest.mark.parametrize(
    ("prefs", "comes"),
    [
        ({"cadence": "hourly"}, timedelta(hours=1)),
        ({"cadence": "daily", "digest_hour": 18}, timedelta(hours=6)),
        ({"cadence": "daily", "digest_hour": 18, "time_zone": "Asia/Kolkata"}, timedelta(minutes=30)),
        ({"cadence": "weekly", "digest_weekday": 4, "digest_hour": 7}, timedelta(days=2, hours=-5)),
    ],
)
def test_a_digest_comes_at_the_person_s_digest_time(
    world: World, prefs: dict[str, object], comes: timedelta
) -> None:
    save_preferences(user=world.coach, now=NOON, **prefs)
    world.say(world.client, "Hello")
    assert planned(world.coach) == NOON + comes
    assert runs.sweep(NOON + comes - timedelta(seconds=1))["digests_sent"] == 0
    assert runs.sweep(NOON + comes)["digests_sent"] == 1
    assert f"one {prefs['cadence']} email" in text_of(world.server.messages[0]) or prefs["cadence"] == "soon"


def test_new_preferences_count_for_messages_that_wait_already(world: World) -> None:
    save_preferences(user=world.coach, now=NOON, cadence="weekly")
    world.say(world.client, "Hello")
    save_preferences(user=world.coach, now=NOON + MINUTE, cadence="soon")
    runs.sweep(NOON + MINUTE)
    assert planned(world.coach) == DUE
    assert runs.sweep(DUE)["digests_sent"] == 1


@pytest.mark.slow
def test_a_person_gets_at_most_twenty_digests_a_day(world: World) -> None:
    world.app.config["MAX_EMAILS_PER_THREAD"] = 99
    for n in range(25):
        world.say(world.client, f"word {n}", NOON + n * DELAY)
        runs.sweep(NOON + (n + 1) * DELAY)
    assert len(world.server.messages) == 20
    assert runs.sweep(DUE + timedelta(days=1))["digests_sent"] == 1
    assert "5 new messages wait for you" in text_of(world.server.messages[-1])


def test_queries_per_recipient_stay_the_same(world: World) -> None:
    counts = []
    for threads in (1, 10):
        coach = world.user("Many Threads", "professional")
        for n in range(threads):
            person = world.user(f"Client {n}")
            thread = world.open_thread(person, coach)
            world.say(person, "Hello", thread=thread)
        with counted_queries() as count:
            load_recipient(coach.id, DUE)
        counts.append(len(count))
    assert counts[0] == counts[1] <= 5


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.each_database
def test_the_earlier_of_two_schedules_counts(world: World) -> None:
    for hours in (5, 3, 4):
        actions.schedule(user_id=world.coach.id, at=NOON + timedelta(hours=hours))
    assert planned(world.coach) == NOON + timedelta(hours=3)


def test_scheduling_is_rolled_back_with_its_transaction(world: World) -> None:
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        actions.schedule(user_id=world.coach.id, at=NOON)
        raise ZeroDivisionError
    assert planned(world.coach) is None


@pytest.mark.each_database
def test_preferences_that_change_during_a_decision_are_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch, background: Callable[..., Any]
) -> None:
    """The decision holds the claim while the other side waits for it; then the new preferences win."""
    world.say(world.client, "Is nine still fine?")
    decided, rescheduling = threading.Event(), threading.Event()
    in_a_week = NOON + timedelta(days=7)

    def is_waiting_for_the_claim() -> bool:
        with db.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

    def wait_a_week(*_: Any) -> DigestDecision:
        decided.set()
        assert rescheduling.wait(5)
        if is_postgresql():  # on SQLite the other side waits before its first statement
            wait_for(is_waiting_for_the_claim, what="the other side's UPDATE")
        return DigestDecision(wait_until=in_a_week, why="It waits for Thursday.")

    monkeypatch.setattr(DIGEST, "decide", wait_a_week)
    due = NOON + DELAY

    def change() -> None:
        decided.wait(5)
        rescheduling.set()
        actions.reschedule(world.coach.id, due)

    changing = background(change)
    assert actions.send_one(user_id=world.coach.id, now=due)
    changing.result(20)
    db.session.rollback()
    (row,) = db.session.execute(db.select(DigestSchedule.due_at, DigestSchedule.asked)).all()
    assert row.due_at == due
    assert row.asked >= 1


@pytest.mark.each_database
def test_a_mail_that_waits_obeys_what_its_reader_wishes_when_it_is_sent(world: World) -> None:
    world.say(world.client, "plum")
    planned_mail = actions.send_one(user_id=world.coach.id, now=DUE)
    assert planned_mail
    save_preferences(user=world.coach, now=DUE, time_zone="Asia/Tokyo", discreet_mails=True)
    mail.sweep(DUE)
    [message] = world.server.messages
    assert "plum" not in text_of(message), "discreet since then"
    world.say(world.client, "second", NOON + 4 * DELAY)
    actions.send_one(user_id=world.coach.id, now=NOON + 6 * DELAY)
    save_preferences(user=world.coach, now=DUE, discreet_mails=False, time_zone="America/Bogota")
    mail.sweep(NOON + 6 * DELAY)
    assert "America/Bogota" in text_of(world.server.messages[-1])
    assert "second" in text_of(world.server.messages[-1])
    world.say(world.client, "third", NOON + 8 * DELAY)
    actions.send_one(user_id=world.coach.id, now=NOON + 10 * DELAY)
    save_preferences(user=world.coach, now=DUE, cadence="off")
    mail.sweep(NOON + 10 * DELAY)
    assert len(world.server.messages) == 2
    assert world.mails()[-1].state == "skipped"
