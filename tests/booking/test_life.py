"""The life of a booking: held, asked for, booked, moved, cancelled, over; and what the two are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.booking.calendar import ALWAYS, hour_ahead, open_calendar, service, week
from wellchat.availability.actions import put_service
from wellchat.availability.forms import PutService
from wellchat.booking import actions, ending, terms
from wellchat.booking.models import (
    BOOKED,
    CANCELLED,
    DONE,
    HELD,
    LAPSED,
    MISSED,
    REQUESTED,
    Booking,
    BookingChange,
)
from wellchat.booking.refusals import Taken
from wellchat.booking_notices.models import Announcement
from wellchat.connections.actions import connect
from wellchat.db import db
from wellchat.errors import CannotWrite, Conflict, NotFound
from wellchat.forms import fill
from wellchat.notifications.models import Notification
from wellchat.safety.between import block
from wellchat.subjects.models import Subject

MINUTE = timedelta(minutes=1)


def held(cast, offered, start, now, who=None, **more):
    return actions.hold(viewer=who or cast.cara, service_id=offered.id, starts_at=start, now=now, **more)


def booked(cast, offered, start, now, who=None):
    who = who or cast.cara
    return actions.confirm(viewer=who, booking_id=held(cast, offered, start, now, who).id, agenda="", now=now)


def subject_of(booking):
    return db.session.execute(select(Subject).where(Subject.external_id == booking.id)).scalar_one()


def state_of(booking):
    return db.session.execute(select(Booking.state).where(Booking.id == booking.id)).scalar_one()


def planned():
    found = db.session.execute(select(Announcement.what, Announcement.due_at)).all()
    return sorted({(what, due) for what, due in found}, key=lambda each: each[1])


# Holds


@pytest.mark.each_database
def test_a_hold_is_kept_for_its_seconds_and_free_at_the_very_moment(app, cast, now):
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    mine = held(cast, offered, start, now)
    assert mine.held_until == now + timedelta(minutes=10)
    other = connected(cast, now)
    with pytest.raises(Taken):
        held(cast, offered, start, mine.held_until - timedelta(microseconds=1), other)
    taken = held(cast, offered, start, mine.held_until, other)
    assert (taken.state, state_of(mine)) == (HELD, LAPSED)
    with pytest.raises(Taken) as refused:
        actions.confirm(
            viewer=cast.cara, booking_id=mine.id, agenda="kept", now=mine.created_at + 11 * MINUTE
        )
    assert len(refused.value.next) == 3


def connected(cast, now):
    connect(client_id=cast.olga.id, professional_id=cast.paul.id, now=now)
    return cast.olga


def test_a_hold_that_ran_out_is_taken_anew_while_its_time_is_free(app, cast, now):
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    mine = held(cast, offered, start, now)
    done = actions.confirm(viewer=cast.cara, booking_id=mine.id, agenda="", now=now + timedelta(hours=1))
    assert (done.state, done.id) == (BOOKED, mine.id)


def test_a_client_holds_one_time_and_may_change_their_mind(app, cast, now):
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    first = held(cast, offered, start, now, client_key="a").id
    assert held(cast, offered, start, now, client_key="a").id == first
    # half of it is one's own
    second = held(cast, offered, start + 30 * MINUTE, now)
    assert db.session.execute(select(Booking.id)).scalars().all() == [second.id]
    actions.let_go(viewer=cast.cara, booking_id=second.id, now=now)
    assert db.session.execute(select(Booking.id)).first() is None


def test_a_hold_is_seen_by_nobody_else_and_rings_nobody(app, cast, now):
    offered = open_calendar(cast.paul, now)
    mine = held(cast, offered, hour_ahead(now), now)
    with pytest.raises(NotFound):
        actions.cancel(viewer=cast.paul, booking_id=mine.id, now=now)
    assert db.session.execute(select(Subject)).first() is None
    assert planned() == []


def test_holds_that_ran_out_are_deleted_after_a_day(app, cast, now):
    held(cast, open_calendar(cast.paul, now), hour_ahead(now), now)
    assert ending.tidy(now + timedelta(hours=1)) == {"holds": 0}
    assert ending.tidy(now + timedelta(hours=26)) == {"holds": 1}


# Booking


@pytest.mark.each_database
def test_a_booking_is_a_subject_that_both_are_told_of_and_reminded_of(app, cast, now):
    start = hour_ahead(now)
    one = booked(cast, open_calendar(cast.paul, now), start, now)
    subject = subject_of(one)
    assert (subject.kind, subject.status, subject.starts_at) == ("session", "confirmed", start)
    assert subject.ends_at == start + timedelta(hours=1)
    reminders = [("day", start - timedelta(days=1)), ("hour", start - timedelta(hours=1))]
    assert planned() == [("booked", now), *reminders]
    actions.move(viewer=cast.cara, booking_id=one.id, starts_at=start + timedelta(hours=2), now=now)
    assert subject_of(one).starts_at == start + timedelta(hours=2)
    actions.cancel(viewer=cast.paul, booking_id=one.id, now=now, reason="Ill")
    assert subject_of(one).status == "cancelled"
    assert not [what for what, _ in planned() if what in ("day", "hour")]
    changes = select(BookingChange.what, BookingChange.actor_id).order_by(BookingChange.seq)
    who = [(BOOKED, cast.cara.id), ("moved", cast.cara.id), (CANCELLED, cast.paul.id)]
    assert db.session.execute(changes).all() == who
    assert db.session.get(Booking, one.id).sequence == 2


def test_only_free_times_of_connected_people_can_be_had(app, cast, now):
    week(cast.paul, now, [(day, 540, 600, 1) for day in range(7)])
    offered, start = service(cast.paul, now), hour_ahead(now)
    eight = start.replace(hour=8)
    with pytest.raises(Taken) as refused:
        held(cast, offered, eight + 15 * MINUTE, now)
    assert refused.value.next == [eight + timedelta(days=1 + n) for n in range(3)]
    with pytest.raises(NotFound):
        held(cast, offered, eight, now, cast.olga)
    assert held(cast, offered, eight, now).state == HELD


def test_a_session_over_a_change_of_the_clock_lasts_as_long_as_it_is(app, cast):
    now = datetime(2027, 3, 20, tzinfo=UTC)
    week(cast.paul, now, ALWAYS)
    one = booked(cast, service(cast.paul, now), datetime(2027, 3, 28, 0, 30, tzinfo=UTC), now)
    assert one.ends_at == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert (one.starts_local, one.fold) == ("2027-03-28T01:30", 0)


def test_a_request_waits_takes_its_time_and_is_answered_once(app, cast, now):
    offered, start = open_calendar(cast.paul, now, asks=True), hour_ahead(now)
    asked = booked(cast, offered, start, now)
    assert asked.state == REQUESTED
    told = db.session.execute(select(Notification.user_id, Notification.kind)).all()
    assert told == [(cast.paul.id, "request")]
    with pytest.raises(Taken):
        held(cast, offered, start, now, connected(cast, now))
    with pytest.raises(NotFound):
        actions.approve(viewer=cast.cara, booking_id=asked.id, now=now)
    for _ in range(2):
        assert actions.approve(viewer=cast.paul, booking_id=asked.id, now=now).state == BOOKED
    assert subject_of(asked).status == "confirmed"
    second = booked(cast, offered, start + timedelta(hours=5), now)
    assert actions.cancel(viewer=cast.paul, booking_id=second.id, now=now).state == CANCELLED
    last = db.session.execute(select(Notification).where(Notification.user_id == cast.cara.id)).scalars()
    assert [each.title for each in last if each.kind == "request"] == ["Declined: Follow-up"]
    with pytest.raises(Conflict):
        actions.approve(viewer=cast.paul, booking_id=second.id, now=now)


def test_an_unanswered_request_ends_a_day_before(app, cast, now):
    start = hour_ahead(now)
    asked = booked(cast, open_calendar(cast.paul, now, asks=True), start, now)
    assert ending.sweep(start - timedelta(days=1, seconds=1))["requests_ended"] == 0
    assert ending.sweep(start - timedelta(days=1))["requests_ended"] == 1
    assert state_of(asked) == CANCELLED


def test_a_professional_books_outside_hours_but_never_over_another(app, cast, now):
    week(cast.paul, now, [])
    offered, start = service(cast.paul, now), hour_ahead(now)
    one = {"client_id": cast.cara.id, "service_id": offered.id, "now": now}
    made = actions.book_for(viewer=cast.paul, starts_at=start, client_key="k", **one)
    assert made.id == actions.book_for(viewer=cast.paul, starts_at=start, client_key="k", **one).id
    with pytest.raises(Taken):
        actions.book_for(viewer=cast.paul, starts_at=start + 59 * MINUTE, **one)
    with pytest.raises(NotFound):
        actions.book_for(viewer=cast.rita, starts_at=start, **one)


# Terms


def test_the_window_is_elapsed_time_over_a_change_of_the_clock(app, cast):
    now = datetime(2027, 3, 20, tzinfo=UTC)
    week(cast.paul, now, ALWAYS)
    offered = service(cast.paul, now, price="75.00 EUR", late_percent=50)
    one = booked(cast, offered, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), now)
    assert one.free_until == datetime(2027, 3, 27, 0, 30, tzinfo=UTC)
    assert terms.cost(one, cast.cara, one.free_until) == 0
    second_later = one.free_until + timedelta(seconds=1)
    assert terms.cost(one, cast.cara, second_later) == 3750
    assert terms.cost(one, cast.paul, second_later) == 0
    with pytest.raises(Conflict):  # what was shown before
        actions.cancel(viewer=cast.cara, booking_id=one.id, now=second_later, shown=0)
    done = actions.cancel(viewer=cast.cara, booking_id=one.id, now=second_later, shown=3750)
    assert (done.late, done.state) == (True, CANCELLED)


def test_moving_is_no_way_out_of_the_terms(app, cast, now):
    offered = open_calendar(cast.paul, now, price="75.00 EUR", late_percent=100)
    start = hour_ahead(now)
    one = booked(cast, offered, start, now)
    late = one.free_until + MINUTE
    with pytest.raises(Conflict):
        actions.move(viewer=cast.cara, booking_id=one.id, starts_at=start + timedelta(days=9), now=late)
    before = one.free_until
    moved = actions.move(viewer=cast.paul, booking_id=one.id, starts_at=start + timedelta(days=9), now=late)
    assert moved.free_until == before
    assert terms.cost(moved, cast.cara, late) == 7500


def test_a_booking_moves_onto_half_of_its_own_time_and_keeps_its_length(app, cast, now):
    offered, start = open_calendar(cast.paul, now, after=30), hour_ahead(now)
    one = booked(cast, offered, start, now)
    service_now = {"name": "Follow-up", "minutes": 30}
    put_service(viewer=cast.paul, form=fill(PutService, service_now), service_id=offered.id, now=now)
    moved = actions.move(viewer=cast.cara, booking_id=one.id, starts_at=start + 30 * MINUTE, now=now)
    assert moved.ends_at == start + 90 * MINUTE
    assert moved.blocks_until == start + 120 * MINUTE


def test_what_has_begun_is_marked_and_nothing_else(app, cast, now):
    one = booked(cast, open_calendar(cast.paul, now), hour_ahead(now), now)
    with pytest.raises(Conflict):
        actions.cancel(viewer=cast.paul, booking_id=one.id, now=one.starts_at)
    with pytest.raises(Conflict):
        actions.move(
            viewer=cast.paul, booking_id=one.id, starts_at=now + timedelta(days=9), now=one.starts_at
        )
    with pytest.raises(Conflict):
        actions.mark(viewer=cast.paul, booking_id=one.id, missed=True, now=one.starts_at + 9 * MINUTE)
    with pytest.raises(NotFound):
        actions.mark(viewer=cast.cara, booking_id=one.id, missed=True, now=one.ends_at)
    after = one.starts_at + 10 * MINUTE
    assert actions.mark(viewer=cast.paul, booking_id=one.id, missed=True, now=after).state == MISSED
    assert actions.mark(viewer=cast.paul, booking_id=one.id, missed=False, now=after).state == DONE
    assert subject_of(one).status == "done"


def test_what_took_place_is_done_a_quarter_of_an_hour_later(app, cast, now):
    one = booked(cast, open_calendar(cast.paul, now), hour_ahead(now), now)
    assert ending.sweep(one.ends_at + 14 * MINUTE)["bookings_done"] == 0
    assert ending.sweep(one.ends_at + 15 * MINUTE)["bookings_done"] == 1
    assert ending.sweep(one.ends_at + 15 * MINUTE)["bookings_done"] == 0
    assert state_of(one) == DONE


@pytest.mark.each_database
@pytest.mark.parametrize("who", ["cara", "paul"])
def test_two_who_are_blocked_can_only_cancel(app, cast, talk, now, who):
    """Whoever of them blocked: nothing is booked, accepted or moved any more."""
    asking, start = open_calendar(cast.paul, now, asks=True), hour_ahead(now)
    asked = booked(cast, asking, start, now)
    stands = booked(cast, service(cast.paul, now), start + timedelta(hours=4), now)
    kept = held(cast, asking, start + timedelta(hours=8), now)
    block(viewer=getattr(cast, who), thread_id=talk.id, now=now)
    for act, viewer, booking, more in (
        (actions.confirm, cast.cara, kept, {"agenda": ""}),
        (actions.approve, cast.paul, asked, {}),
        (actions.move, cast.cara, stands, {"starts_at": start + timedelta(hours=12)}),
        (actions.move, cast.paul, stands, {"starts_at": start + timedelta(hours=12)}),
    ):
        with pytest.raises(CannotWrite):
            act(viewer=viewer, booking_id=booking.id, now=now, **more)
        db.session.rollback()
    assert [state_of(each) for each in (asked, stands, kept)] == [REQUESTED, BOOKED, HELD]
    actions.cancel(viewer=cast.cara, booking_id=stands.id, now=now)
    actions.cancel(viewer=cast.paul, booking_id=asked.id, now=now)
    assert state_of(stands) == state_of(asked) == CANCELLED
