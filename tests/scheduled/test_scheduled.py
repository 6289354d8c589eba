"""A message that is sent later: once, at its time, as its author, and after the checks of a send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cast import Cast, Talk
from wellchat import clock_watch
from wellchat.accounts.models import User
from wellchat.clock_watch import DISTRUST, ClockWatch
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.messaging.messages import delete_message
from wellchat.messaging.models import Message
from wellchat.notifications.models import Notification
from wellchat.safety.between import block, end_connection, unblock
from wellchat.safety.people import disable
from wellchat.scheduled import actions, sending
from wellchat.scheduled.models import ScheduledMessage
from wellchat.subjects.actions import put_subject

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def later(talk: Talk, author: User, body: str = "See you", *, after: timedelta = HOUR, **more: Any) -> str:
    given = {"client_key": body, "zone_of": "mine", "send_at": talk.now + after, "now": talk.now} | more
    one, _ = actions.schedule_message(author=author, thread_id=talk.id, body=body, **given)
    return one.id


def texts(talk: Talk) -> list[tuple[str, str | None]]:
    query = select(Message.sender_id, Message.body).where(Message.thread_id == talk.id).order_by(Message.seq)
    names = {talk.cara.id: "Cara", talk.paul.id: "Paul"}
    return [(names[row.sender_id], row.body) for row in db.session.execute(query)]


def row_of(scheduled_id: str) -> ScheduledMessage:
    return db.session.get_one(ScheduledMessage, scheduled_id, populate_existing=True)


def told(user: User) -> list[str]:
    query = select(Notification.preview).where(Notification.user_id == user.id)
    return list(db.session.execute(query.where(Notification.kind == "scheduled")).scalars())


@pytest.mark.each_database
def test_it_is_sent_once_at_its_time_as_an_answer_about_a_booking(talk: Talk) -> None:
    """As its author, who may be away; nothing a second before."""
    talk.says(talk.cara, "When?")
    booking = put_subject(
        kind="booking",
        external_id="7",
        title="Colour",
        professional_id=talk.paul.id,
        client_id=talk.cara.id,
        now=talk.now,
    )
    one = later(talk, talk.paul, reply_to=1, subject=booking)
    assert sending.send_due(talk.now + HOUR - timedelta(seconds=1)) == {
        "scheduled_sent": 0,
        "scheduled_refused": 0,
    }
    assert sending.send_due(talk.now + HOUR)["scheduled_sent"] == 1
    assert sending.send_due(talk.now + HOUR)["scheduled_sent"] == 0
    assert texts(talk) == [("Cara", "When?"), ("Paul", "See you")]
    message = db.session.get_one(Message, (talk.id, 2))
    assert (message.reply_to, message.subject_id, message.created_at) == (1, booking.id, talk.now + HOUR)
    # The words are in the message alone, which its author may delete.
    assert (row_of(one).state, row_of(one).body, row_of(one).message_seq) == ("sent", "", 2)
    # Even a row that is put back by hand makes no second message.
    with transaction() as session:
        values = {"state": "queued", "body": "See you", "due_at": talk.now}
        session.execute(update(ScheduledMessage).values(**values))
    sending.send_due(talk.now + HOUR)
    assert len(texts(talk)) == 2


@pytest.mark.each_database
def test_what_may_not_be_sent_any_more_is_kept_with_the_reason(talk: Talk, cast: Cast) -> None:
    """Whoever wrote it is told, and may send it once the reason is gone."""
    one = later(talk, talk.paul, "Are you well?")
    block(viewer=talk.cara, thread_id=talk.id, now=talk.now)
    assert sending.send_due(talk.now + HOUR) == {"scheduled_sent": 0, "scheduled_refused": 1}
    assert sending.send_due(talk.now + 2 * HOUR)["scheduled_refused"] == 0
    kept = row_of(one)
    assert (kept.state, kept.body, kept.reason) == (
        "refused",
        "Are you well?",
        "You cannot write here any more.",
    )
    assert told(talk.paul) == ["You cannot write here any more."]
    unblock(viewer=talk.cara, thread_id=talk.id, now=talk.now)
    at = talk.now + 3 * HOUR
    actions.change_scheduled(viewer=talk.paul, scheduled_id=one, body="Well?", send_at=at, now=talk.now)
    assert sending.send_due(at)["scheduled_sent"] == 1
    assert texts(talk) == [("Paul", "Well?")]


@pytest.mark.parametrize("why", ["ended", "author disabled", "receiver disabled", "paused", "too late"])
def test_the_checks_of_a_send_are_made_when_it_is_sent(why: str, talk: Talk, cast: Cast) -> None:
    one, at = later(talk, talk.cara), talk.now + HOUR
    if why == "ended":
        end_connection(viewer=talk.paul, thread_id=talk.id, now=talk.now)
    elif why == "paused":
        with transaction() as session:
            session.execute(update(User).where(User.id == talk.cara.id).values(paused_until=talk.now + DAY))
    elif why == "too late":
        at += DAY + HOUR
    else:
        person = talk.cara if why == "author disabled" else talk.paul
        disable(by=cast.ada, user_id=person.id, reason="A long reason for it", now=talk.now)
    assert sending.send_due(at)["scheduled_refused"] == 1
    assert texts(talk) == []
    assert row_of(one).body == "See you"


def test_its_author_changes_cancels_and_sends_it_at_once(talk: Talk, cast: Cast) -> None:
    first, second = later(talk, talk.cara, "One"), later(talk, talk.cara, "Two")
    message = sending.send_now(viewer=talk.cara, scheduled_id=first, now=talk.now)
    assert (message.seq, message.body) == (1, "One")
    for act in (actions.cancel_scheduled, lambda **of: sending.send_now(now=talk.now, **of)):
        with pytest.raises(Conflict):
            act(viewer=talk.cara, scheduled_id=first)
    actions.cancel_scheduled(viewer=talk.cara, scheduled_id=second)
    assert sending.send_due(talk.now + HOUR)["scheduled_sent"] == 0
    # What was sent stays deleted.
    delete_message(viewer=talk.cara, thread_id=talk.id, seq=1, now=talk.now)
    assert texts(talk) == [("Cara", None)]
    third = later(talk, talk.cara, "Three")
    for stranger in (talk.paul, cast.olga):
        with pytest.raises(NotFound):
            actions.cancel_scheduled(viewer=stranger, scheduled_id=third)


def test_a_retry_of_the_call_makes_one(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    one = later(talk, talk.cara)
    assert later(talk, talk.cara) == one
    with pytest.raises(Conflict):
        later(talk, talk.cara, "Another text", client_key="See you")
    monkeypatch.setattr(actions, "MAX_KEPT", 1)
    with pytest.raises(Invalid, match="1 messages that wait"):
        later(talk, talk.cara, "One more")
    sending.send_due(talk.now + HOUR)
    assert later(talk, talk.cara) == one
    assert sending.tidy(talk.now + timedelta(days=30)) == {"scheduled_forgotten": 0}
    assert sending.tidy(talk.now + timedelta(days=31)) == {"scheduled_forgotten": 1}


def test_a_clock_that_is_set_ahead_sends_nothing(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it was set back, or ten minutes have passed."""
    start = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    watch, second = ClockWatch(start, 5.0), timedelta(seconds=1)
    assert watch.trusts(start + 30 * second, 35.0)
    assert not watch.trusts(start + HOUR, 40.0)  # five seconds later it is an hour later
    assert not watch.trusts(start + HOUR + 10 * second, 50.0)
    assert watch.trusts(start + 55 * second, 60.0)  # set back
    assert not watch.trusts(start + 2 * HOUR, 70.0)
    assert watch.trusts(start + 2 * HOUR + DISTRUST * second, 70.0 + DISTRUST)  # it was right all the same
    assert watch.trusts(start + 7 * HOUR, 5 * 3600 + 70.0 + DISTRUST)  # nobody looked for five hours
    later(talk, talk.cara)
    monkeypatch.setattr(clock_watch, "may_act", lambda: False)
    assert sending.sweep(talk.now + HOUR)["scheduled_sent"] == 0
    monkeypatch.setattr(clock_watch, "may_act", lambda: True)
    assert sending.sweep(talk.now + HOUR)["scheduled_sent"] == 1


Api = Callable[[User], Any]


def test_the_calls(talk: Talk, api: Api, cast: Cast) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.id == talk.paul.id).values(time_zone="America/New_York"))
        session.execute(update(User).where(User.id == talk.cara.id).values(time_zone="Europe/Berlin"))
    cara = api(talk.cara)
    path = f"/api/threads/{talk.id}/scheduled"
    made = cara.post(path, json={"body": " Hi ", "client_key": "k", "when": "monday", "zone": "theirs"})
    assert made.status_code == 201
    one = made.json["scheduled"]
    assert (one["body"], one["state"], one["zone"]) == (" Hi ", "scheduled", "theirs")
    assert one["their_time"][10:16] == "T09:00"
    assert one["my_time"][10:16] in ("T14:00", "T15:00")
    assert cara.post(path, json={"body": " Hi ", "client_key": "k", "when": "monday"}).status_code == 200
    assert cara.get("/api/scheduled").json["scheduled"] == [one]
    assert cara.get(f"/api/scheduled?thread={talk.id}").json["scheduled"] == [one]
    for body, field in (
        ({"attachments": ["x"], "when": "monday", "body": ""}, "attachments"),
        ({"body": " \n", "when": "monday"}, "body"),
        ({"body": "x"}, "local_at"),
        ({"body": "x", "at": "2020-01-01T00:00:00Z"}, "local_at"),
        ({"body": "x", "at": "2026-01-01T00:00:00"}, "at"),
        ({"body": "x", "local_at": "9999-12-31T23:59"}, "local_at"),
        ({"body": "x", "local_at": "0001-01-01T00:00"}, "local_at"),
        ({"body": "x", "local_at": 5}, "local_at"),
        ({"body": "x", "when": "monday", "reply_to": 9}, "reply_to"),
    ):
        refused = cara.post(path, json={"client_key": "other"} | body)
        assert (refused.status_code, list(refused.json["errors"])) == (422, [field]), body
    address = f"/api/scheduled/{one['id']}"
    changed = cara.patch(address, json={"body": "Hello"}).json["scheduled"]
    assert (changed["body"], changed["at"]) == ("Hello", one["at"])
    assert cara.patch(address, json={"body": ""}).status_code == 422
    assert cara.patch(address, json={"when": "tomorrow"}).json["scheduled"]["my_time"][10:16] == "T09:00"
    assert cara.post(f"{address}/send").json["message"]["body"] == "Hello"
    assert cara.get(address).json["scheduled"]["message_seq"] == 1
    assert cara.patch(address, json={"body": "Again"}).status_code == 409
    assert cara.delete(address).status_code == 409
    assert cara.get("/api/scheduled").json["scheduled"] == []
