"""Office hours as moments: weekly times of one zone, over clock changes, days off and midnight."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from wellchat.automatic_messages.hours import OfficeHours, moment_of

WORKDAYS = [[["09:00", "12:30"], ["13:30", "17:00"]]] * 5 + [[], []]
SUNDAY: list[list[list[str]]] = [[]] * 6


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# (hours, days off, zone, moment) -> open, opens at, closes at; all in UTC.
CASES = {
    "at work": (WORKDAYS, [], "Europe/Berlin", "2026-12-01T08:00", (True, None, "2026-12-01T11:30")),
    "the end is outside": (
        *(WORKDAYS, [], "Europe/Berlin", "2026-12-01T11:30"),
        (False, "2026-12-01T12:30", None),
    ),
    "over a weekend": (WORKDAYS, [], "Europe/Berlin", "2026-12-04T16:00", (False, "2026-12-07T08:00", None)),
    "over days off": (
        *(WORKDAYS, [["2026-12-24", "2027-01-01"]], "Europe/Berlin", "2026-12-23T17:00"),
        (False, "2027-01-04T08:00", None),
    ),
    "on a day off": (
        *(WORKDAYS, [["2026-12-01", "2026-12-01"]], "Europe/Berlin", "2026-12-01T09:00"),
        (False, "2026-12-02T08:00", None),
    ),
    "summer begins in between": (
        *(WORKDAYS, [], "Europe/Berlin", "2026-03-27T17:00"),
        (False, "2026-03-30T07:00", None),
    ),
    "it begins in the hour that is left out": (
        *([*SUNDAY, [["02:30", "04:00"]]], [], "Europe/Berlin", "2026-03-29T00:00"),
        (False, "2026-03-29T01:00", None),
    ),
    "all of it is left out": (
        *([*SUNDAY, [["02:10", "02:50"]]], [], "Europe/Berlin", "2026-03-29T00:00"),
        (False, "2026-04-05T00:10", None),
    ),
    "it begins in the hour that comes twice": (
        *([*SUNDAY, [["02:30", "04:00"]]], [], "Europe/Berlin", "2026-10-25T00:29"),
        (False, "2026-10-25T00:30", None),
    ),
    "it ends in the hour that comes twice": (
        *([*SUNDAY, [["01:00", "02:30"]]], [], "Europe/Berlin", "2026-10-25T00:45"),
        (True, None, "2026-10-25T01:30"),
    ),
    "the day begins at one o'clock": (
        *([*SUNDAY[:-1], [["00:00", "06:00"]], []], [], "Asia/Beirut", "2026-03-28T20:00"),
        (False, "2026-04-03T21:00", None),
    ),
    "over midnight, by two entries": (
        *([[["20:00", "00:00"]], [["00:00", "02:00"]], *[[]] * 5], [], "UTC", "2026-11-30T23:00"),
        (True, None, "2026-12-01T02:00"),
    ),
    "never closed": (
        *([[["00:00", "00:00"]]] * 7, [], "UTC", "2026-11-30T23:00"),
        (True, None, "2026-12-08T00:00"),
    ),
    "away for longer than anybody asks": (
        *(WORKDAYS, [["2026-01-01", "2028-12-31"]], "UTC", "2026-12-01T09:00"),
        (False, None, None),
    ),
    "the other side of the date line": (
        *([[["09:00", "10:00"]], *[[]] * 6], [], "Pacific/Kiritimati", "2026-11-29T18:59"),
        (False, "2026-11-29T19:00", None),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_office_hours(case) -> None:
    week, off, zone, at, (is_open, opens, closes) = case
    found = OfficeHours.stored(week, off, zone).at(utc(at))
    assert (found.is_open, found.opens_at, found.closes_at) == (
        is_open,
        opens and utc(opens),
        closes and utc(closes),
    )


@pytest.mark.parametrize("year", [2026, 2027])
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago"]
)
def test_what_is_said_is_what_happens(zone: str, year: int) -> None:
    """At each hour around every clock change: who is said to be back at a moment is back then."""
    hours = OfficeHours.stored([[["00:15", "02:45"], ["23:30", "00:00"]]] * 7, [], zone)
    place = ZoneInfo(zone)
    for quarter in range(0, 365 * 96, 4):
        at = datetime.fromtimestamp(utc(f"{year}-01-01T00:00").timestamp() + quarter * 900, UTC)
        ahead = datetime.fromtimestamp(at.timestamp() + 86_400, UTC)
        if at.astimezone(place).utcoffset() == ahead.astimezone(place).utcoffset():
            continue
        state = hours.at(at)
        turn = state.closes_at if state.is_open else state.opens_at
        assert turn is not None
        assert turn > at
        assert hours.at(turn).is_open is not state.is_open
        just_before = datetime.fromtimestamp(turn.timestamp() - 1, UTC)
        assert hours.at(just_before).is_open is state.is_open


def test_a_time_that_is_left_out_is_the_moment_of_the_change() -> None:
    gap = moment_of(datetime.fromisoformat("2026-03-29T02:30"), ZoneInfo("Europe/Berlin"))
    assert gap == utc("2026-03-29T01:00")
