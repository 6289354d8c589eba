"""A time that somebody chooses on a clock: one that is not there, or there twice, is told at choosing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wellchat.clock import moment
from wellchat.errors import Invalid
from wellchat.notifications.chosen_time import ChosenTime, both_clocks, morning

BERLIN, AUCKLAND = "Europe/Berlin", "Pacific/Auckland"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday


def chosen(now: datetime = NOW, **given: Any) -> datetime:
    return ChosenTime(**given).moment(mine=BERLIN, theirs=AUCKLAND, now=now)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"at": "2026-03-03T09:00:00+01:00"}, "2026-03-03T08:00Z"),
        ({"local_at": "2026-03-03T09:00"}, "2026-03-03T08:00Z"),
        ({"local_at": "2026-03-03T09:00", "zone": "theirs"}, "2026-03-02T20:00Z"),
        ({"when": "tomorrow"}, "2026-03-02T08:00Z"),
        ({"when": "monday", "zone": "theirs"}, "2026-03-08T20:00Z"),  # it is Monday there
        # Berlin, 29 March: from 1:59 to 3:00.
        ({"local_at": "2026-03-29T01:59"}, "2026-03-29T00:59Z"),
        ({"local_at": "2026-03-29T03:00"}, "2026-03-29T01:00Z"),
        # Berlin, 25 October: 2:00 to 2:59 twice.
        ({"local_at": "2026-10-25T02:30", "which": 1}, "2026-10-25T00:30Z"),
        ({"local_at": "2026-10-25T02:30", "which": 2}, "2026-10-25T01:30Z"),
        ({"local_at": "2026-10-25T03:00", "which": 2}, "2026-10-25T02:00Z"),
    ],
)
def test_a_time_is_on_the_clock_of_whom_it_names(given: dict[str, Any], expected: str) -> None:
    assert chosen(**given) == moment(expected)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"local_at": "2026-03-29T02:00"}, "local_at"),
        ({"local_at": "2026-03-29T02:59"}, "local_at"),
        ({"local_at": "2026-10-25T02:00"}, "which"),
        ({"local_at": "2026-09-27T02:30", "zone": "theirs"}, "local_at"),
        ({"local_at": "2026-04-05T02:30", "zone": "theirs"}, "which"),
        ({"local_at": "2026-03-01T13:00"}, "local_at"),  # now
        ({"local_at": "2027-03-03T13:00"}, "local_at"),
        ({}, "local_at"),
        ({"when": "monday", "local_at": "2026-03-03T13:00"}, "local_at"),
    ],
)
def test_a_time_that_is_not_one_moment_ahead_is_told(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        chosen(**given)
    assert list(refusal.value.errors) == [field]


def test_nine_o_clock_of_a_day_without_it_is_the_moment_of_the_change() -> None:
    """Samoa had no 30 December 2011: there the morning of that day is the next one."""
    apia = ZoneInfo("Pacific/Apia")
    found = morning("tomorrow", now=moment("2011-12-30T00:00Z"), zone=apia)
    assert found.astimezone(apia).isoformat() == "2011-12-31T00:00:00+14:00"


def test_both_clocks_are_shown() -> None:
    shown = both_clocks(moment("2026-03-02T20:00Z"), mine=BERLIN, theirs=AUCKLAND)
    assert (shown["mine"], shown["theirs"]) == ("Monday 2 March at 21:00", "Tuesday 3 March at 09:00")
    assert (shown["differs"], shown["theirs_field"]) == (True, "2026-03-03T09:00")
    assert not both_clocks(NOW, mine=BERLIN, theirs="Europe/Paris")["differs"]
