"""Check-ins: once for each rule, person and occasion, and never to who said no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cast import Cast, Talk
from wellchat.accounts.models import User
from wellchat.check_ins import actions, planning, sending
from wellchat.check_ins.models import Birthday, CheckIn, CheckInRefusal, CheckInRule
from wellchat.check_ins.occasions import birthday_in
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.errors import Conflict, Invalid, NotFound
from wellchat.host.merge import merge_people
from wellchat.messaging.models import Message
from wellchat.notifications.preferences import save_preferences
from wellchat.safety.between import block
from wellchat.subjects.actions import put_subject
from wellchat.subjects.models import Subject

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
TEN = START.replace(hour=10)


def rule(
    talk: Talk, occasion: str = "visit", days: int = 3, body: str = "Hi {first_name}", **more: Any
) -> CheckInRule:
    given = {"name": occasion, "hour": 10, "now": START} | more
    return actions.make_rule(viewer=talk.paul, occasion=occasion, days=days, body=body, **given)


def book(talk: Talk, ref: str, at: datetime, client: User | None = None, **more: Any) -> Subject:
    return put_subject(
        kind="booking",
        external_id=ref,
        title="Colour",
        professional_id=talk.paul.id,
        client_id=(client or talk.cara).id,
        starts_at=at,
        now=START,
        **more,
    )


def sent(talk: Talk) -> list[str | None]:
    """Return what Paul's rules sent, and that it is marked."""
    query = (
        select(Message.body, Message.via)
        .where(Message.sender_id == talk.paul.id)
        .order_by(Message.created_at)
    )
    rows = db.session.execute(query).all()
    assert {row.via for row in rows} <= {"automatic"}
    return [row.body for row in rows]


def reasons_of() -> list[str | None]:
    query = select(CheckIn.reason).order_by(CheckIn.settled_at, CheckIn.id)
    return list(db.session.execute(query).scalars())


@pytest.mark.each_database
def test_three_days_after_a_visit_it_is_sent_once_at_the_hour(talk: Talk) -> None:
    """On the client's clock; the booking's name is filled in, and the message is marked."""
    rule(talk, body="Hi {first_name}, how is it after {booking}? {My name}")
    book(talk, "1", START + HOUR)
    book(talk, "2", START + 3 * HOUR, status="cancelled")
    due = TEN + 3 * DAY
    assert sending.run(due - timedelta(seconds=1))["check_ins_sent"] == 0
    assert sending.run(due + 10 * timedelta(minutes=1))["check_ins_sent"] == 1
    assert sent(talk) == ["Hi Cara, how is it after Colour? Paul Professional"]
    # Not again, also where its row and its time are put back by hand.
    with transaction() as session:
        session.execute(update(CheckInRule).values(due_at=due))
        session.execute(update(CheckIn).values(state="queued", due_at=due))
    sending.run(due + HOUR)
    assert len(sent(talk)) == 1


@pytest.mark.each_database
def test_six_weeks_after_the_last_booking_unless_another_is_planned(talk: Talk, cast: Cast) -> None:
    connect(client_id=cast.olga.id, professional_id=talk.paul.id, now=START)
    rule(talk, "last_booking", days=42)
    for client in (talk.cara, cast.olga):
        book(talk, f"first of {client.id}", START + HOUR, client)
    planned = planning.plan(talk.paul, START)
    assert [each.occasion.connection.client.name for each in planned] == ["Cara Client", "Olga Outsider"]
    book(talk, "second", START + 6 * WEEK + DAY)  # Cara's
    assert len(planning.plan(talk.paul, START)) == 1
    for moment in (TEN + 6 * WEEK + HOUR, TEN + 6 * WEEK + 2 * DAY):
        sending.run(moment)
    assert sent(talk) == ["Hi Olga"]


def test_a_birthday_comes_each_year_and_that_of_29_february_on_the_28th(talk: Talk) -> None:
    rule(talk, "birthday")
    actions.note_birthday(viewer=talk.cara, thread_id=talk.id, month=2, day=29)
    for year, day in ((2027, 28), (2028, 29)):
        assert birthday_in(year, 2, 29).day == day
        assert sending.run(datetime(year, 2, day, 9, 59, tzinfo=UTC))["check_ins_sent"] == 0
        assert sending.run(datetime(year, 2, day, 10, 10, tzinfo=UTC))["check_ins_sent"] == 1
        assert sending.run(datetime(year, 3, 1, 10, 10, tzinfo=UTC))["check_ins_sent"] == 0
    for month, day in ((2, 30), (4, 31), (None, 5)):
        with pytest.raises(Invalid):
            actions.note_birthday(viewer=talk.paul, thread_id=talk.id, month=month, day=day)
    actions.note_birthday(viewer=talk.paul, thread_id=talk.id, month=None, day=None)
    assert planning.plan(talk.paul, datetime(2029, 2, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("why", ["refused", "closed", "gone", "late", "by_hand"])
def test_what_holds_no_more_is_left_out_with_the_reason(why: str, talk: Talk) -> None:
    made = rule(talk)
    booking = book(talk, "1", START + HOUR)
    due = TEN + 3 * DAY
    (planned,) = planning.plan(talk.paul, START)
    assert planned.left_out is None
    if why == "by_hand":
        one = planned.occasion
        key = {"rule_id": made.id, "connection_id": one.connection.id, "occasion_key": one.key}
        actions.leave_out(viewer=talk.paul, on=True, now=START, **key)
        assert [each.left_out for each in planning.plan(talk.paul, START)] == ["by_hand"]
    else:
        sending._plan(made.id, due)  # it is put down, and what follows comes before it is sent
    if why == "refused":
        actions.refuse(viewer=talk.cara, thread_id=talk.id, on=True, now=START)
    elif why == "closed":
        block(viewer=talk.cara, thread_id=talk.id, now=START)
    elif why == "gone":
        book(talk, booking.external_id, START + HOUR, status="no_show")
    sending.run(due + (3 * DAY if why == "late" else HOUR))
    assert (sent(talk), reasons_of()) == ([], [why])
    if why == "by_hand":
        actions.leave_out(viewer=talk.paul, on=False, now=START, **key)
        assert [each.left_out for each in planning.plan(talk.paul, START)] == [None]
    else:
        key = {"rule_id": made.id, "occasion_key": planned.occasion.key}
        connection = planned.occasion.connection.id
        with pytest.raises(Conflict):
            actions.leave_out(viewer=talk.paul, connection_id=connection, on=False, now=START, **key)


def test_a_booking_that_is_moved_at_the_last_moment_has_its_check_in_later(talk: Talk) -> None:
    made = rule(talk)
    book(talk, "1", START + HOUR)
    sending._plan(made.id, TEN + 3 * DAY)
    book(talk, "1", START + 5 * DAY)
    assert sending.run(TEN + 3 * DAY + HOUR) == {"check_ins_sent": 0, "check_ins_skipped": 0}
    assert sending.run(TEN + 8 * DAY + HOUR)["check_ins_sent"] == 1


def test_a_person_gets_no_more_in_a_month_than_the_professional_allows(talk: Talk) -> None:
    """Over all rules; the preview says which are left out."""
    actions.set_limit(viewer=talk.paul, per_month=2)
    for days in (3, 4, 5, 40):
        rule(talk, days=days)
    book(talk, "1", START + HOUR)
    assert [each.left_out for each in planning.plan(talk.paul, START)] == [None, None, "limit", None]
    for days in (3, 4, 5):
        sending.run(TEN + days * DAY + HOUR)
    assert (len(sent(talk)), reasons_of()[-1]) == (2, "limit")
    assert [each.left_out for each in planning.plan(talk.paul, TEN + 6 * DAY)] == [None]
    sending.run(TEN + 40 * DAY + HOUR)
    assert len(sent(talk)) == 3


def test_quiet_hours_of_the_receiver_move_it_to_their_end(talk: Talk) -> None:
    save_preferences(user=talk.cara, now=START, quiet_from="09:00", quiet_to="13:30")
    rule(talk)
    book(talk, "1", START + HOUR)
    noon = START + 3 * DAY
    assert sending.run(noon) == {"check_ins_sent": 0, "check_ins_skipped": 0}
    assert sending.run(noon + timedelta(minutes=89))["check_ins_sent"] == 0
    assert sending.run(noon + timedelta(minutes=90))["check_ins_sent"] == 1


def test_a_rule_that_is_paused_new_or_changed_sends_nothing_of_before(talk: Talk) -> None:
    made = rule(talk)
    book(talk, "1", START + HOUR)
    actions.pause_rule(viewer=talk.paul, rule_id=made.id, paused=True, now=START)
    assert planning.plan(talk.paul, START) == []
    sending.run(TEN + 3 * DAY + HOUR)
    on = TEN + 3 * DAY + 2 * HOUR
    actions.pause_rule(viewer=talk.paul, rule_id=made.id, paused=False, now=on)
    rule(talk, now=on)
    sending.run(on + HOUR)
    assert (sent(talk), reasons_of()) == ([], [])
    actions.delete_rule(viewer=talk.paul, rule_id=made.id)
    with pytest.raises(NotFound):
        actions.rule_for(talk.paul, made.id)


def test_the_preview_takes_as_many_statements_for_many_clients(
    talk: Talk, cast: Cast, queries: Callable[[], Any]
) -> None:
    rule(talk)
    rule(talk, "birthday")
    rule(talk, "last_booking", days=20)
    book(talk, "1", START + HOUR)
    with queries() as few:
        planning.plan(talk.paul, START)
    connect(client_id=cast.olga.id, professional_id=talk.paul.id, now=START)
    for number in range(5):
        book(talk, f"more {number}", START + (number + 2) * HOUR, cast.olga)
    with queries() as many:
        assert len(planning.plan(talk.paul, START)) == 8
    assert many.count == few.count


@pytest.mark.each_database
def test_two_clients_who_are_one_have_one_of_each(talk: Talk, cast: Cast) -> None:
    """What both had with the same professional stays once: the birthday, the no, and what was sent."""
    with transaction():
        connect(client_id=cast.olga.id, professional_id=talk.paul.id, now=START)
    other = Talk(replace(cast, cara=cast.olga), START)
    rule(talk, "birthday")
    for each, client, day in ((talk, talk.cara, 3), (other, cast.olga, 4)):
        actions.note_birthday(viewer=client, thread_id=each.id, month=5, day=day)
        sending.run(datetime(2026, 5, day, 10, 10, tzinfo=UTC))
        actions.refuse(viewer=client, thread_id=each.id, on=True, now=START)
    with transaction():
        merge_people(cast.olga, talk.cara, now=START + 90 * DAY)
    (birthday,) = db.session.execute(select(Birthday)).scalars()
    assert (birthday.user_id, birthday.day) == (talk.cara.id, 3)
    assert [each.user_id for each in db.session.execute(select(CheckInRefusal)).scalars()] == [talk.cara.id]
    (one,) = db.session.execute(select(CheckIn)).scalars()
    assert (one.occasion_key, one.state) == ("birthday:2026", "sent")


def test_a_client_has_no_rules(talk: Talk) -> None:
    with pytest.raises(NotFound):
        actions.make_rule(viewer=talk.cara, name="x", occasion="visit", days=1, hour=9, body="Hi", now=START)
    with pytest.raises(NotFound):
        actions.refuse(viewer=talk.paul, thread_id=talk.id, on=True, now=START)
    with pytest.raises(Invalid):
        rule(talk, days=0)


@pytest.mark.each_database
def test_two_workers_at_once_keep_the_limit(talk: Talk, at_once: Callable[..., Any]) -> None:
    """Two rules are due for one person, who gets one check-in in a month."""
    actions.set_limit(viewer=talk.paul, per_month=1)
    for _ in range(2):
        rule(talk)
    book(talk, "1", START + HOUR)
    done = at_once(2, lambda _: sending.run(TEN + 3 * DAY + HOUR))
    assert sum(each["check_ins_sent"] for each in done) == 1
    db.session.rollback()
    assert len(sent(talk)) == 1


def test_a_client_says_no_on_the_page_of_the_professional(talk: Talk, browse: Any) -> None:
    talk.says(talk.paul, "Hello")
    page, address = browse(talk.cara), f"/people/{talk.paul.id}"
    refuse = f'action="/threads/{talk.id}/check-ins"'
    assert refuse not in page.get(address).text  # nothing is sent by a rule
    rule(talk)
    assert refuse in page.get(address).text
    assert refuse not in browse(talk.paul).get(f"/people/{talk.cara.id}").text
    page.post(f"/threads/{talk.id}/check-ins", data={"refused": "1"})
    assert "You get none: you said no." in page.get(address).text
