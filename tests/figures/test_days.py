"""Days, times and what is kept back: the parts that need no database."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from statistics import median_low

import pytest

from wellchat.clock import moment
from wellchat.errors import Invalid
from wellchat.figures import histogram, withheld
from wellchat.figures.days import Span, day_of, start_of
from wellchat.figures.ranges import Range, span_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 23),  # has no midnight
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5),
        ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z", 24),
    ],
)
def test_a_day_ends_at_its_own_midnight(zone: str, day: str, begins: str, hours: float) -> None:
    first = date.fromisoformat(day)
    start, end = start_of(first, zone), start_of(first + timedelta(days=1), zone)
    assert (start, end - start) == (moment(begins), hours * HOUR)
    assert day_of(start, zone) == first
    assert day_of(start - timedelta(microseconds=1), zone) == first - timedelta(days=1)


def test_spans_are_compared_with_as_many_days_or_months_before() -> None:
    def before(first: str, last: str) -> tuple[str, str]:
        found = Span(date.fromisoformat(first), date.fromisoformat(last)).before
        return found.first.isoformat(), found.last.isoformat()

    assert before("2026-03-01", "2026-03-31") == ("2026-02-01", "2026-02-28")
    assert before("2026-01-01", "2026-03-31") == ("2025-10-01", "2025-12-31")
    assert before("2026-03-02", "2026-03-31") == ("2026-01-31", "2026-03-01")
    year = Span(date(2026, 1, 15), date(2026, 12, 31))
    pieces = list(year.pieces())
    assert (pieces[0].last, pieces[-1].first, len(pieces)) == (date(2026, 1, 31), date(2026, 12, 1), 12)
    assert sum(each.length for each in pieces) == year.length
    weeks = list(Span(date(2026, 11, 1), date(2026, 12, 31)).pieces())
    assert [each.first.day for each in weeks[:3]] == [1, 2, 9]  # 1 November 2026 is a Sunday
    assert len(list(year.whole_months())) == 11


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from": "2026-02-30", "to": "2026-03-01"}, "from"),
        ({"from": "2026-03-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2020-01-01", "to": "2026-03-01"}, "to"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
        ({"preset": "everything"}, "preset"),
    ],
)
def test_days_that_cannot_be_shown_are_refused_at_their_field(given: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        span_of(Range.model_validate(given), date(2026, 11, 12))
    assert list(refusal.value.errors) == [field]


def test_presets_end_yesterday() -> None:
    today = date(2026, 11, 1)
    found = {name: span_of(Range(preset=name), today) for name in ("7", "month", "last_month", "year")}
    assert {name: (each.first.isoformat(), each.last.isoformat()) for name, each in found.items()} == {
        "7": ("2026-10-25", "2026-10-31"),
        "month": ("2026-10-01", "2026-10-31"),
        "last_month": ("2026-10-01", "2026-10-31"),
        "year": ("2026-01-01", "2026-10-31"),
    }


def test_a_median_of_many_days_is_right_to_the_stated_bound() -> None:
    random = Random(7)
    for _ in range(200):
        days = [
            [random.lognormvariate(8, 2.5) + 2 for _ in range(random.randrange(1, 9))]
            for _ in range(random.randrange(1, 20))
        ]
        # A time of more than 128 days is in the highest class.
        kept = [[min(each, 1.1e7) for each in day] for day in days]
        each_day = [histogram.add({histogram.class_of(time): 1} for time in day) for day in kept]
        found = histogram.quantile(histogram.add(each_day), 0.5)
        true = median_low(time for day in kept for time in day)
        assert found is not None
        assert abs(found - true) <= true * histogram.ERROR + 1
        within = sum(time <= histogram.DAY for day in kept for time in day)
        assert histogram.within_a_day(histogram.add(each_day)) == within


def test_no_total_and_no_difference_is_about_fewer_than_five_people() -> None:
    random = Random(11)
    for crowd in (4, 6, 30):
        waiting: dict[str, object] = {}
        shown, behind, everything = [], [], 0
        since: set[str] = set()
        for _ in range(300):
            wrote = [f"p{random.randrange(crowd)}" for _ in range(random.randrange(4))]
            everything += len(wrote)
            since |= set(wrote)
            added = {"messages": len(wrote)} if wrote else {}
            released, waiting = withheld.release(waiting, added, {"messages": set(wrote)})
            if "messages" in released:
                shown.append(released["messages"])
                behind.append(since)
                since = set()
        # Every number that can be had is a sum of these cells, whole ones: so is total minus shown.
        assert all(len(people) >= withheld.MIN_PEOPLE for people in behind)
        left = waiting["messages"]["value"] if waiting else 0  # type: ignore[index]
        assert sum(shown) + left == everything
        assert bool(shown) == (crowd >= withheld.MIN_PEOPLE)
