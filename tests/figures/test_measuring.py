"""Each day is measured once, by an index, whoever else measures, and what comes late follows a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from tests.figures.conftest import Practice, at, gather
from wellchat.accounts.actions import update_profile
from wellchat.accounts.personal_data import erase_person
from wellchat.db import db, insert, is_postgresql, table, transaction
from wellchat.figures import histogram, measuring, reading, series
from wellchat.figures.models import FigureDay, FigurePair, FigureSeries
from wellchat.messaging.messages import delete_message, send_message
from wellchat.messaging.models import AUTOMATIC, Thread


@pytest.fixture
def small(app: Flask) -> Practice:
    """Three days of Pia and her clients."""
    found = gather()
    for line in ("10-23T08:00 1>pia", "10-23T09:00 pia>1", "10-24T21:30 2>pia", "10-25T00:30 pia>2"):
        found.say(line)
    found.book("10-24T10:00 1>pia confirmed 10-23T00:00")
    return found


LATER = at("10-27T00:00")  # 25 October is over in Berlin, and 26 October, in New York not


def of_pia(practice: Practice) -> dict[date, dict[str, Any]]:
    rows = select(FigureDay.day, FigureDay.numbers).join(FigureSeries).where(
        FigureSeries.professional_id == practice.pia.id
    )  # fmt: skip
    return {day: numbers for day, numbers in db.session.execute(rows)}  # noqa: C416 - rows, not pairs


@pytest.mark.each_database
def test_many_workers_measure_each_day_once(small: Practice, at_once: Callable[..., Any]) -> None:
    series.begin_missing(LATER)
    at_once(4, lambda _: measuring.measure(LATER, 100))
    measuring.measure(LATER + measuring.LEASE, 100)  # what a lost race left claimed
    found = of_pia(small)
    assert sorted(found) == [date(2026, 10, day) for day in (23, 24, 25, 26)]
    assert found[date(2026, 10, 25)]["messages_professional"] == 1
    assert "messages_client" not in found[date(2026, 10, 25)]
    messages = "messages_client", "messages_professional"
    assert sum(day.get(name, 0) for day in found.values() for name in messages) == 4
    assert found[date(2026, 10, 26)]["talked"] == 2
    assert measuring.measure(LATER + measuring.LEASE, 100) == 0


@pytest.mark.each_database
def test_what_goes_out_by_itself_is_no_answer_of_a_person(small: Practice) -> None:
    away = at("10-24T21:31")
    thread_id = db.session.execute(
        select(Thread.id).where(
            Thread.client_id == small.clients["2"].id, Thread.professional_id == small.pia.id
        )
    ).scalar_one()
    send_message(
        sender=small.pia, thread_id=thread_id, body="Back on Monday", client_key="a", via=AUTOMATIC, now=away
    )
    series.begin_missing(LATER)
    measuring.measure(LATER, 100)
    found = of_pia(small)
    assert "messages_professional" not in found[date(2026, 10, 24)]
    assert "answers_professional" not in found[date(2026, 10, 24)]
    # The answer is that of three hours later.
    answers = found[date(2026, 10, 25)]["answers_professional"]
    assert [place for place, count in enumerate(answers) if count] == [
        int(histogram.class_of(3 * 3600)) - histogram.LOWEST
    ]


@pytest.mark.each_database
def test_a_crash_leaves_a_claim_that_ends_and_a_slow_worker_writes_nothing(small: Practice) -> None:
    series.begin_missing(LATER)
    slow = measuring.take(LATER)
    assert slow is not None
    counted = measuring.count(slow)
    others = [measuring.take(LATER) for _ in range(3)]
    assert all(each is None or each.zone != slow.zone or each.day != slow.day for each in others)
    again = measuring.take(LATER + measuring.LEASE)
    while again is not None and (again.zone, again.day) != (slow.zone, slow.day):
        again = measuring.take(LATER + measuring.LEASE)
    assert again is not None
    assert measuring.settle(again, measuring.count(again), LATER) == len(again.series)
    before = db.session.execute(select(func.count()).select_from(FigureDay)).scalar_one()
    assert measuring.settle(slow, counted, LATER) == 0
    assert db.session.execute(select(func.count()).select_from(FigureDay)).scalar_one() == before


@pytest.mark.each_database
def test_what_comes_late_follows_the_stated_rule(small: Practice) -> None:
    series.begin_missing(LATER)
    measuring.measure(LATER, 100)
    before = of_pia(small)
    assert before[date(2026, 10, 24)]["bookings_held"] == 1
    # Not to have come is set the day after, and a booking of yesterday is put today.
    small.book("10-24T10:00 1>pia no_show 10-23T00:00")
    small.book("10-25T10:00 2>pia completed 10-27T00:00")
    thread = db.session.execute(select(Thread).where(Thread.client_id == small.clients["1"].id)).scalar_one()
    delete_message(viewer=small.clients["1"], thread_id=thread.id, seq=1, now=LATER)
    measuring.measure(LATER + timedelta(days=1), 100)
    after = of_pia(small)
    assert after[date(2026, 10, 24)]["bookings_missed"] == 1
    assert "bookings_held" not in after[date(2026, 10, 24)]
    assert after[date(2026, 10, 25)]["bookings_held"] == 1
    assert after[date(2026, 10, 23)] == before[date(2026, 10, 23)]
    # Measured again, a deleted message still counts: its row and its time are there.
    series.begin_again(None, LATER + timedelta(days=1))
    assert of_pia(small) == {}
    measuring.measure(LATER + timedelta(days=1), 100)
    assert of_pia(small) == after


@pytest.mark.each_database
def test_figures_begin_anew_in_another_zone_and_go_with_their_person(small: Practice) -> None:
    series.begin_missing(LATER)
    measuring.measure(LATER, 100)
    update_profile(user_id=small.pia.id, name="Pia", time_zone="America/New_York", bio=None)
    series.begin_missing(LATER)
    measuring.measure(LATER, 100)
    # 25 October 00:30 UTC is the evening before in New York.
    assert of_pia(small)[date(2026, 10, 24)]["messages_professional"] == 1
    pairs = select(func.count()).select_from(FigurePair).where(FigurePair.series_id.is_not(None))
    waiting = select(FigureSeries.waiting).where(FigureSeries.professional_id.is_(None))
    client = small.clients["1"]
    assert client.id in str(db.session.execute(waiting).scalars().all())
    erase_person(user_id=client.id, now=LATER)
    assert client.id not in str(db.session.execute(waiting).scalars().all())
    erase_person(user_id=small.pia.id, now=LATER)
    assert of_pia(small) == {}
    assert db.session.execute(pairs).scalar_one() == 0
    assert series.begin_missing(LATER) == 0


@pytest.mark.each_database
def test_a_day_is_read_by_indexes_on_its_time(app: Flask) -> None:
    start, end = at("10-24T00:00"), at("10-25T00:00")
    assert "ix_messages_created_at" in plan(reading.messages_between(start, end))
    days = dict.fromkeys(("silent", "silent_before", "active", "waits", "month"), start)
    assert "ix_figure_pairs_seen" in plan(reading.moment_query(["x"], **days))
    bookings = plan(reading.bookings_between(start, end), given=MANY_BOOKINGS)
    assert "ix_subjects_starts_at" in bookings
    # Before a booking: by its professional and time.
    assert "ix_subjects_professional_id_starts_at" in bookings


# With no rows, or with the statistics that another test has left, one index is as good as another.
MANY_BOOKINGS = (
    "SET LOCAL session_replication_role = replica",
    "INSERT INTO subjects (id, kind, external_id, title, professional_id, client_id, starts_at, created_at,"
    " updated_at) SELECT lpad(n::text, 13, 'x'), 'booking', n::text, 'A', 'p' || n % 500, 'c' || n % 5,"
    " moment, moment, moment FROM generate_series(1, 5000) n,"
    " LATERAL (SELECT timestamptz '2026-07-01' + n * interval '1 hour' AS moment) times",
    "ANALYZE subjects",
)
LARGE = (
    ("subjects", "ix_subjects_starts_at", "1000000 10"),
    ("subjects", "ix_subjects_professional_id_starts_at", "1000000 500 1"),
    ("subjects", "ix_subjects_client_id", "1000000 500"),
    ("connections", None, "100000"),
    ("threads", None, "100000"),
)


def plan(query: Any, given: Sequence[str] = ()) -> str:
    """How the database reads with many rows; on PostgreSQL with what `given` puts there, too."""
    dialect: Any = postgresql.dialect() if is_postgresql() else sqlite.dialect()
    statement = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    connection = db.session.connection()
    if is_postgresql():
        for each in (*given, "SET LOCAL enable_seqscan = off"):
            connection.execute(text(each))
    else:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("DELETE FROM sqlite_stat1")
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", list(LARGE))
        connection.exec_driver_sql("ANALYZE sqlite_schema")  # which reads them
    explain = "EXPLAIN" if is_postgresql() else "EXPLAIN QUERY PLAN"
    found = connection.exec_driver_sql(f"{explain} {statement}").all()
    db.session.rollback()
    # A connection keeps the statistics that it has read.
    db.engine.dispose()
    return "\n".join(" ".join(map(str, row)) for row in found)


@pytest.mark.each_database
def test_a_page_takes_as_many_statements_whatever_there_is(
    small: Practice, browse: Any, queries: Any
) -> None:
    series.begin_missing(LATER)
    browser = browse(small.pia)
    counts = [_statements(browser, queries)]
    ids = db.session.execute(select(FigureSeries.id)).scalars().all()
    first = date(2023, 1, 1)
    numbers = {"messages_client": 3, "messages_professional": 4, "answers_professional": [1] * 93}
    rows = [
        {"series_id": id_, "day": first + timedelta(days=day), "numbers": numbers}
        for id_ in ids
        for day in range(10_000 // len(ids))
    ]
    with transaction():
        db.session.connection().execute(insert(table(FigureDay)).on_conflict_do_nothing(), rows)
    counts.append(_statements(browser, queries))
    assert counts[0] == counts[1]


def _statements(browser: Any, queries: Any) -> int:
    browser.get("/figures?from=2023-06-01&to=2026-10-25")
    with queries() as counted:
        assert browser.get("/figures?from=2023-06-01&to=2026-10-25").status_code == 200
    return int(counted.count)
