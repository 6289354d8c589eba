"""Regular or new, since when, how many bookings: counted from bookings and messages, on either database."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat import sweeps
from wellchat.clientele.facts import sweep
from wellchat.clock import iso
from wellchat.connections.models import PairFacts
from wellchat.db import db, transaction
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import thread_json
from wellchat.subjects.actions import hide_subject, put_subject

DAY = timedelta(days=1)


@pytest.fixture
def book(talk, now):
    """book("B1", days, status): a booking of Cara with Paul that begins so many days from now."""

    def put(name, days, status="confirmed", **more):
        starts = None if days is None else now + days * DAY
        people = {"professional_id": talk.paul.id, "client_id": talk.cara.id} | more
        about = {"kind": "booking", "external_id": name, "title": f"Cut {name}"}
        return put_subject(**about, starts_at=starts, status=status, notify=False, now=now, **people)

    return put


def seen(talk, who, now):
    db.session.rollback()
    return thread_json(thread_for(who, talk.id), who, now=now)


@pytest.mark.each_database
def test_what_took_place_counts_and_what_was_called_off_does_not(app, talk, now, book):
    assert seen(talk, talk.paul, now)["standing"] == "new"
    book("B1", -400)
    book("B2", -30, "Completed")
    for number, status in enumerate(("cancelled", "No_Show", "declined", "requested")):
        book(f"C{number}", -20, status)
    book("B3", 3)
    book("B4", 1, "cancelled")
    book("B5", None, "completed")
    told = seen(talk, talk.paul, now)
    assert told["standing"] == "regular"
    assert told["facts"] == {
        "since": iso(now - 400 * DAY),
        "bookings": 3,
        "last_booking_at": iso(now - 30 * DAY),
        "next_booking_at": iso(now + 3 * DAY),
    }
    # To the client it is the same story, without a mark on themselves.
    assert seen(talk, talk.cara, now)["facts"] == told["facts"]
    assert seen(talk, talk.cara, now)["standing"] is None
    hide_subject(kind="booking", external_id="B2", now=now)
    assert seen(talk, talk.paul, now)["facts"]["bookings"] == 2


@pytest.mark.each_database
def test_a_booking_that_begins_and_ends_is_counted_by_the_worker(app, talk, now, book):
    book("B1", 1)
    assert seen(talk, talk.paul, now)["facts"]["next_booking_at"] == iso(now + DAY)
    sweep(now + timedelta(hours=1))
    assert seen(talk, talk.paul, now)["facts"]["bookings"] == 0
    later = now + DAY + timedelta(minutes=1)
    assert sweeps.run(later)["clients_counted"] == 1
    told = seen(talk, talk.paul, later)["facts"]
    assert (told["bookings"], told["next_booking_at"]) == (1, None)
    assert seen(talk, talk.paul, later)["standing"] is None
    # Known for long without a booking is not new.
    assert sweep(later + DAY) == {"clients_counted": 0}


def test_who_is_known_for_long_is_not_new(app, talk, now):
    assert seen(talk, talk.paul, now + timedelta(days=89))["standing"] == "new"
    assert seen(talk, talk.paul, now + timedelta(days=91))["standing"] is None


def test_a_booking_that_moves_to_another_client_is_taken_from_the_first(app, cast, talk, now, book):
    book("B1", -3)
    assert seen(talk, talk.paul, now)["facts"]["bookings"] == 1
    book("B1", -3, client_id=cast.olga.id)
    assert seen(talk, talk.paul, now)["facts"]["bookings"] == 0


@pytest.mark.each_database
def test_two_bookings_put_at_the_same_moment_are_both_counted_in_the_end(app, talk, now, book, background):
    """Neither transaction sees the other's booking. The worker counts once more."""
    book("B0", -9)
    barrier = threading.Barrier(2, timeout=20)

    def put(name):
        with transaction():
            if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
                barrier.wait()
            book(name, -2)

    for done in [background(lambda name=name: put(name)) for name in ("B1", "B2")]:
        done.result(timeout=30)
    sweep(now + timedelta(minutes=2))
    assert seen(talk, talk.paul, now)["facts"]["bookings"] == 3


def test_a_pair_that_nobody_counted_is_counted_when_it_is_due(app, talk, now):
    with transaction() as session:
        connection_id = thread_for(talk.paul, talk.id).thread.connection_id
        session.add(PairFacts(connection_id=connection_id, known_since=now, bookings=7, due_at=now - DAY))
    assert sweep(now) == {"clients_counted": 1}
    db.session.rollback()
    assert db.session.execute(select(PairFacts.bookings, PairFacts.due_at)).one() == (0, None)
