"""Free times over changes of the clock, breaks, buffers and limits: the pure function, row by row."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellchat.availability.free import (
    Hours,
    Rules,
    Stay,
    Taken,
    Wanted,
    free_starts,
    is_free,
    merged,
    open_pieces,
)
from wellchat.zones import MINUTE, reading

LONG_AGO = datetime(1999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def every_day(begin: str, end: str) -> list[Hours]:
    return [Hours(weekday, minute(begin), minute(end)) for weekday in range(7)]


def minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def rules_of_day(zone: str, day: str, *spans: tuple[str, str], **more) -> Rules:
    chosen = {date.fromisoformat(day): [(minute(begin), minute(end)) for begin, end in spans]}
    return Rules(zone, special=chosen, **more)


def starts(rules: Rules, wanted: Wanted, since: str, until: str, taken=(), now=LONG_AGO) -> list[datetime]:
    return free_starts(rules, wanted, taken, since=at(since), until=at(until), now=now)


# zone, day, hours, free in UTC, length/step, the clock at each start
TABLE = [
    *(
        (
            "Europe/Berlin",
            "2027-03-28",
            "01:00-04:00",
            ["00:00-02:00"],
            "60/30",
            "01:00+01 01:30+01 03:00+02",
        ),
    ),
    ("Europe/Berlin", "2027-03-28", "02:00-03:00", [], "30/30", ""),
    ("Europe/Berlin", "2027-03-28", "02:15-02:45", [], "30/30", ""),
    ("Europe/Berlin", "2027-03-28", "02:30-04:00", ["01:00-02:00"], "30/30", "03:00+02 03:30+02"),
    (
        *("Europe/Berlin", "2026-10-25", "01:00-04:00", ["23:00-03:00"], "60/30"),
        "01:00+02 01:30+02 02:00+02 02:30+02 02:00+01 02:30+01 03:00+01",
    ),
    (
        *("Europe/Berlin", "2026-10-25", "02:15-02:45", ["00:15-00:45", "01:15-01:45"], "15/15"),
        "02:15+02 02:30+02 02:15+01 02:30+01",
    ),
    (
        *("America/New_York", "2027-03-14", "13:00-18:00", ["17:00-22:00"], "60/60"),
        "13:00-04 14:00-04 15:00-04 16:00-04 17:00-04",
    ),
    (
        *("Australia/Lord_Howe", "2026-10-04", "01:00-04:00", ["14:30-17:00"], "30/30"),
        "01:00+1030 01:30+1030 02:30+11 03:00+11 03:30+11",
    ),
    ("America/Santiago", "2026-09-06", "00:00-02:00", ["04:00-05:00"], "30/30", "01:00-03 01:30-03"),
    (
        "America/Vancouver",
        "2026-12-15",
        "09:00-12:00",
        ["16:00-19:00"],
        "60/60",
        "09:00-07 10:00-07 11:00-07",
    ),
]


@pytest.mark.parametrize(("zone", "day", "hours", "free", "length", "clock"), TABLE)
def test_hours_over_a_change_of_the_clock(zone, day, hours, free, length, clock):
    rules = rules_of_day(zone, day, tuple(hours.split("-")), step=int(length.split("/")[1]))
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    pieces = merged(open_pieces(rules, noon, noon))
    assert [f"{begin:%H:%M}-{end:%H:%M}" for begin, end in pieces] == free
    wanted = Wanted(int(length.split("/")[0]))
    found = free_starts(rules, wanted, [], since=noon - DAY, until=noon + DAY, now=LONG_AGO)
    shown = [f"{each.astimezone(ZoneInfo(zone)):%H:%M%z}" for each in found]
    assert [each.removesuffix("00") if len(each) == 10 else each for each in shown] == clock.split()


CHANGES = [
    ("Europe/Berlin", "2027-03-28"),
    ("Europe/Berlin", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("America/Santiago", "2026-09-06"),
    ("America/Santiago", "2027-04-04"),
    ("Africa/Cairo", "2027-04-30"),
    ("Antarctica/Troll", "2027-03-28"),
    ("Asia/Beirut", "2027-03-28"),
    ("Africa/Casablanca", "2027-02-07"),
    ("Pacific/Apia", "2011-12-30"),
    ("Asia/Kathmandu", "2027-01-01"),
]
# `ORACLE_EXAMPLES=700` asks for more than a million minutes; the suite asks for a few thousand.
EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "4"))
spans_of_a_day = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1]),
    max_size=4,
)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 100, database=None)
@given(change=st.sampled_from(CHANGES), off=st.integers(-1, 1), spans=spans_of_a_day)
def test_a_minute_is_free_if_the_clock_shows_one_of_the_hours(change, off, spans):
    """The oracle: every minute of three days, read from the clock of the zone."""
    zone, day = ZoneInfo(change[0]), date.fromisoformat(change[1]) + off * DAY
    rules = Rules(change[0], special={day: spans})
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - 14 * 60 * MINUTE
    pieces = merged(open_pieces(rules, begin, begin + 2 * DAY))
    for number in range(52 * 60):
        moment = begin + number * MINUTE
        within = any(first <= moment < last for first, last in pieces)
        assert within == any(a <= reading(moment, day, zone) < b for a, b in spans), moment


def test_hours_until_midnight_go_on_with_those_after_it():
    week = [Hours(0, minute("22:00"), 1440), Hours(1, 0, minute("02:00"))]
    found = starts(Rules("Europe/Berlin", week), Wanted(60), "2027-01-04T20:00Z", "2027-01-05T04:00Z")
    assert at("2027-01-04T23:30+01:00") in found
    assert found[-1] == at("2027-01-05T01:00+01:00")
    # where there is no midnight, four hours by the clock are three
    santiago = [Hours(5, minute("22:00"), 1440), Hours(6, 0, minute("02:00"))]
    noon = at("2026-09-06T12:00Z")
    ((begin, end),) = merged(open_pieces(Rules("America/Santiago", santiago), noon, noon))
    assert end - begin == timedelta(hours=3)


def test_every_second_week_goes_by_an_anchor_over_the_end_of_a_year():
    """ISO weeks 52, 53, 1, 2: by parity two odd ones would follow each other."""
    rules = Rules("Europe/Berlin", [Hours(0, 600, 660, 2, date(2026, 12, 23))])
    found = starts(rules, Wanted(60), "2026-12-14T00:00Z", "2027-01-30T00:00Z")
    assert [f"{each:%m-%d}" for each in found] == ["12-21", "01-04", "01-18"]


def test_a_special_day_beats_the_week_and_a_day_off_beats_both():
    day, rest = date(2027, 1, 5), (date(2027, 1, 6), date(2027, 1, 7))
    special = {day: [(600, 660)], rest[0]: [(600, 660)]}
    rules = Rules("Europe/Berlin", every_day("09:00", "10:00"), special=special, days_off=[rest])
    found = starts(rules, Wanted(60), "2027-01-04T00:00Z", "2027-01-09T00:00Z")
    assert [f"{each:%d %H}" for each in found] == ["04 08", "05 09", "08 08"]


def test_a_stay_goes_by_the_clock_there_and_its_days_are_dates():
    stay = Stay(date(2027, 1, 5), date(2027, 1, 5), "Asia/Tokyo")
    rules = Rules("Europe/Berlin", every_day("09:00", "10:00"), stays=[stay])
    found = starts(rules, Wanted(60), "2027-01-04T00:00Z", "2027-01-07T00:00Z")
    assert [f"{each:%d %H}" for each in found] == ["04 08", "05 00", "06 08"]


def test_a_day_off_ends_with_its_last_local_moment():
    """In Cairo the clock jumps over midnight: the day off is 23 hours, and nothing of the 29th is lost."""
    whole = every_day("00:00", "24:00")
    off = (date(2027, 4, 30), date(2027, 4, 30))
    noon = at("2027-04-30T12:00Z")
    pieces = merged(open_pieces(Rules("Africa/Cairo", whole, days_off=[off]), noon, noon))
    gap = next((a[1], b[0]) for a, b in pairwise(pieces))
    assert gap == (at("2027-04-29T22:00Z"), at("2027-04-30T21:00Z"))


def taken(start: str, minutes: int, before: int = 0, after: int = 0, blocks: bool = True) -> Taken:
    begin = at(start)
    return Taken(begin, begin - before * MINUTE, begin + (minutes + after) * MINUTE, blocks)


def test_buffers_of_both_count_and_may_lie_outside_the_hours():
    rules = rules_of_day("UTC", "2027-01-05", ("02:00", "05:00"), step=15)
    one = taken("2027-01-05T02:00Z", 30, before=15, after=30)
    found = starts(rules, Wanted(30, before=15), "2027-01-05T00:00Z", "2027-01-06T00:00Z", [one])
    assert found[0] == at("2027-01-05T03:15Z")
    alone = starts(rules, Wanted(30, before=60, after=60), "2027-01-05T00:00Z", "2027-01-06T00:00Z")
    assert (alone[0], alone[-1]) == (at("2027-01-05T02:00Z"), at("2027-01-05T04:30Z"))


def test_back_to_back_is_free():
    rules = rules_of_day("UTC", "2027-01-05", ("09:00", "12:00"), step=60)
    one = taken("2027-01-05T10:00Z", 60)
    found = starts(rules, Wanted(60), "2027-01-05T00:00Z", "2027-01-06T00:00Z", [one])
    assert [each.hour for each in found] == [9, 11]


def test_limits_count_by_the_day_and_week_of_the_start():
    rules = Rules("Europe/Berlin", every_day("09:00", "11:00"), step=60, most_per_day=2, most_per_week=3)
    # half past eleven at night is of the day on which it begins, and what is over counts
    there = [taken("2027-01-04T23:30+01:00", 60), taken("2027-01-04T08:00+01:00", 30, blocks=False)]
    found = starts(rules, Wanted(60), "2027-01-04T00:00Z", "2027-01-06T00:00Z", there)
    assert [f"{each:%d %H}" for each in found] == ["05 08", "05 09"]
    more = [*there, taken("2027-01-06T09:00+01:00", 60)]
    assert starts(rules, Wanted(60), "2027-01-04T00:00Z", "2027-01-11T00:00Z", more) == []
    sunday = Rules(**{**vars(rules), "week_starts": 6})
    assert starts(sunday, Wanted(60), "2027-01-10T00:00Z", "2027-01-11T00:00Z", more) != []


def test_notice_is_elapsed_time_and_the_horizon_is_days():
    hours = every_day("00:00", "24:00")
    rules = Rules("Europe/Berlin", hours, notice=timedelta(hours=24), horizon_days=2)
    now = at("2027-03-27T10:00+01:00")
    found = starts(rules, Wanted(30), "2027-03-27T00:00Z", "2027-04-02T00:00Z", now=now)
    # a day of 23 hours lies between
    assert found[0] == at("2027-03-28T11:00+02:00")
    assert found[-1] == at("2027-03-29T23:30+02:00")


def test_the_list_and_the_decision_are_one():
    rules = Rules("Europe/Berlin", every_day("09:00", "12:00"), step=20, most_per_day=3)
    there = [taken("2027-03-28T10:00+02:00", 45, 10, 5), taken("2027-03-27T09:00+01:00", 30)]
    since = at("2027-03-26T00:00Z")
    found = free_starts(rules, Wanted(40, 5, 5), there, since=since, until=since + 4 * DAY, now=LONG_AGO)
    minutes = [since + number * 5 * MINUTE for number in range(4 * 288)]
    assert [m for m in minutes if is_free(rules, Wanted(40, 5, 5), there, m, LONG_AGO)] == found
    assert not is_free(rules, Wanted(40, 5, 5), there, found[0] + timedelta(seconds=1), LONG_AGO)
