"""Many at one time of a calendar: one has it, and the database stands behind that."""

from __future__ import annotations

import os
import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from tests.booking.calendar import clients_of, hour_ahead, open_calendar
from wellchat.booking import actions
from wellchat.booking.models import BOOKED, CANCELLED, HELD, Booking
from wellchat.booking.refusals import Taken
from wellchat.db import db, new_id, table, transaction
from wellchat.errors import Conflict

# `RACE_ROUNDS=100` runs what the documentation promises; the suite runs a few.
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
PEOPLE = 16


def at_once(background, work, people):
    """work(person) of all at the same moment -> what each returned, or the refusal."""
    barrier = threading.Barrier(len(people))

    def one(person):
        barrier.wait(30)
        try:
            return work(person)
        except Conflict as refusal:
            return refusal

    # Nothing of this test's own session may be held meanwhile.
    db.session.rollback()
    return [future.result(60) for future in [background(lambda p=p: one(p)) for p in people]]


@pytest.mark.each_database
def test_of_sixteen_on_one_time_one_has_it_and_the_others_hear_of_the_next_three(app, cast, now, background):
    service = open_calendar(cast.paul, now)
    people = clients_of(cast.paul, PEOPLE, now)
    for number in range(ROUNDS):
        start = hour_ahead(now) + timedelta(hours=2 * number)

        def book(person, start=start):
            held = actions.hold(viewer=person, service_id=service.id, starts_at=start, now=now)
            return actions.confirm(viewer=person, booking_id=held.id, agenda="", now=now)

        found = at_once(background, book, people)
        assert Counter(type(each) for each in found) == {Booking: 1, Taken: PEOPLE - 1}
        refused = [each for each in found if isinstance(each, Taken)]
        free_again = [start + timedelta(minutes=60 + 30 * each) for each in range(3)]
        assert all(each.next == free_again for each in refused)
    rows = db.session.execute(select(Booking.state, Booking.starts_at)).all()
    assert Counter(rows) == {(BOOKED, hour_ahead(now) + timedelta(hours=2 * n)): 1 for n in range(ROUNDS)}


@pytest.mark.each_database
def test_what_overlaps_is_refused_by_the_database_itself(app, cast, now):
    service = open_calendar(cast.paul, now, before=10, after=20)
    start = hour_ahead(now)
    actions.hold(viewer=cast.cara, service_id=service.id, starts_at=start, now=now)
    kept = dict(db.session.execute(select(table(Booking))).one()._mapping)
    other = {"client_id": cast.olga.id, "client_key": None, "state": BOOKED, "held_until": None}

    def put(minutes, **more):
        moved = timedelta(minutes=minutes)
        times = {name: kept[name] + moved for name in ("starts_at", "ends_at", "blocks_from", "blocks_until")}
        with transaction() as session:
            row = kept | other | times | more | {"id": new_id()}
            session.execute(insert(table(Booking)).values(row))
        return row["id"]

    for minutes in (0, 30, 89, -89):
        with pytest.raises(IntegrityError, match="one_at_a_time"):
            put(minutes)
    put(0, state=CANCELLED)  # what takes no time may lie anywhere
    put(0, professional_id=cast.rita.id)
    after = put(90)  # back to back, buffers included
    with pytest.raises(IntegrityError, match="one_at_a_time"), transaction() as session:
        session.execute(
            text("UPDATE bookings SET blocks_from = :at WHERE id = :id"),
            {"at": str(kept["blocks_from"].replace(tzinfo=None)) + ".000000", "id": after},
        )


@pytest.mark.each_database
def test_requests_and_moves_do_not_meet(app, cast, now, background):
    """Two bookings moved to one time, and a hold against both: one has it."""
    service = open_calendar(cast.paul, now)
    people, start = clients_of(cast.paul, 3, now), hour_ahead(now)
    own = {}
    for number, person in enumerate(people[:2]):
        held = actions.hold(
            viewer=person, service_id=service.id, starts_at=start + timedelta(hours=3 + number), now=now
        )
        own[person.id] = actions.confirm(viewer=person, booking_id=held.id, agenda="", now=now).id

    def take(person):
        if person.id in own:
            return actions.move(viewer=person, booking_id=own[person.id], starts_at=start, now=now)
        return actions.hold(viewer=person, service_id=service.id, starts_at=start, now=now)

    found = at_once(background, take, people)
    assert Counter(type(each) for each in found) == {Booking: 1, Taken: 2}
    there = select(Booking.id).where(Booking.starts_at == start, Booking.state.in_((HELD, BOOKED)))
    assert len(db.session.execute(there).all()) == 1


@pytest.mark.each_database
def test_one_of_two_confirmations_books_and_both_say_so(app, cast, now, background):
    service = open_calendar(cast.paul, now)
    held = actions.hold(viewer=cast.cara, service_id=service.id, starts_at=hour_ahead(now), now=now)
    booking_id = held.id

    def confirm(person):
        return actions.confirm(viewer=person, booking_id=booking_id, agenda="", now=now)

    found = at_once(background, confirm, [cast.cara, cast.cara])
    assert [each.state for each in found] == [BOOKED, BOOKED]
    db.session.rollback()
    changes = db.session.execute(text("SELECT what FROM booking_changes")).scalars().all()
    assert changes == [BOOKED]
