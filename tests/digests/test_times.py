"""Moments on people's own clocks: daylight saving both ways, half-hour zones, quiet hours over midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wellchat.digests.times import due_time
from wellchat.notifications.quiet_hours import quiet_until


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(cadence: str, written: str, zone: str, *, hour: int = 8, weekday: int = 0) -> datetime | None:
    delay = timedelta(minutes=30)
    return due_time(cadence, utc(written), delay=delay, hour=hour, weekday=weekday, zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "hour", "written", "expected"),
    [
        ("UTC", 8, "2026-11-18 07:59", "2026-11-18 08:00"),
        ("UTC", 8, "2026-11-18 08:00", "2026-11-19 08:00"),
        ("Europe/Berlin", 8, "2026-11-18 08:00", "2026-11-19 07:00"),
        ("Asia/Kolkata", 8, "2026-11-18 03:00", "2026-11-19 02:30"),
        ("Asia/Kolkata", 8, "2026-11-18 02:29", "2026-11-18 02:30"),
        ("Asia/Kathmandu", 0, "2026-11-18 12:00", "2026-11-18 18:15"),
        ("America/St_Johns", 8, "2026-07-01 00:00", "2026-07-01 10:30"),
        ("Pacific/Kiritimati", 8, "2026-11-18 17:59", "2026-11-18 18:00"),
        # 2026-03-29 02:00 does not exist in Berlin: the moment of the change stands for it
        ("Europe/Berlin", 2, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", 3, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("Europe/Berlin", 8, "2026-03-28 12:00", "2026-03-29 06:00"),
        ("Europe/Berlin", 2, "2026-03-29 02:00", "2026-03-30 00:00"),
        # 2026-10-25 02:00 comes twice: the first of the two, and not again
        ("Europe/Berlin", 2, "2026-10-24 12:00", "2026-10-25 00:00"),
        ("Europe/Berlin", 2, "2026-10-25 00:00", "2026-10-26 01:00"),
        ("Europe/Berlin", 2, "2026-10-25 01:00", "2026-10-26 01:00"),
        ("Europe/Berlin", 8, "2026-10-24 12:00", "2026-10-25 07:00"),
        ("America/New_York", 2, "2026-03-08 00:00", "2026-03-08 07:00"),
        ("America/New_York", 1, "2026-11-01 00:00", "2026-11-01 05:00"),
        # half an hour of daylight saving
        ("Australia/Lord_Howe", 2, "2026-04-04 00:00", "2026-04-04 15:30"),
        ("Australia/Lord_Howe", 2, "2026-10-03 00:00", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", 8, "2026-10-03 00:00", "2026-10-03 21:00"),
        # midnight does not exist
        ("Africa/Cairo", 0, "2026-04-23 12:00", "2026-04-23 22:00"),
    ],
)
def test_the_next_daily_digest_is_at_the_person_s_hour(
    zone: str, hour: int, written: str, expected: str
) -> None:
    assert due("daily", written, zone, hour=hour) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "weekday", "written", "expected"),
    [
        ("UTC", 0, "2026-11-18 12:00", "2026-11-23 08:00"),
        ("UTC", 2, "2026-11-18 07:00", "2026-11-18 08:00"),
        ("UTC", 2, "2026-11-18 08:00", "2026-11-25 08:00"),
        ("UTC", 1, "2026-11-18 12:00", "2026-11-24 08:00"),
        ("Europe/Berlin", 6, "2026-03-25 12:00", "2026-03-29 06:00"),
        ("Europe/Berlin", 6, "2026-10-21 12:00", "2026-10-25 07:00"),
        ("Pacific/Auckland", 0, "2026-11-22 18:59", "2026-11-22 19:00"),  # Monday there, Sunday in UTC
        ("Pacific/Honolulu", 6, "2026-11-23 17:59", "2026-11-29 18:00"),
    ],
)
def test_the_next_weekly_digest_is_at_the_person_s_weekday_and_hour(
    zone: str, weekday: int, written: str, expected: str
) -> None:
    assert due("weekly", written, zone, weekday=weekday) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "written", "expected"),
    [
        ("UTC", "2026-11-18 12:00", "2026-11-18 13:00"),
        ("UTC", "2026-11-18 12:59", "2026-11-18 13:00"),
        ("Asia/Kolkata", "2026-11-18 12:10", "2026-11-18 12:30"),
        ("Asia/Kathmandu", "2026-11-18 12:10", "2026-11-18 12:15"),
        ("Europe/Berlin", "2026-03-29 00:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 00:30", "2026-10-25 01:00"),
        ("Australia/Lord_Howe", "2026-04-04 14:40", "2026-04-04 15:30"),  # 01:40, then 01:30 once more
        ("Australia/Lord_Howe", "2026-10-03 15:10", "2026-10-03 16:00"),  # 01:40, then 02:30
    ],
)
def test_the_next_hourly_digest_is_at_the_full_local_hour(zone: str, written: str, expected: str) -> None:
    assert due("hourly", written, zone) == utc(expected)


def test_soon_means_the_delay_and_off_means_never() -> None:
    assert due("soon", "2026-11-18 12:00", "Asia/Kolkata") == utc("2026-11-18 12:30")
    assert due("off", "2026-11-18 12:00", "UTC") is None


@pytest.mark.parametrize(
    ("zone", "begins", "ends", "now", "until"),
    [
        ("UTC", "22:00", "07:00", "2026-11-18 21:59", None),
        ("UTC", "22:00", "07:00", "2026-11-18 22:00", "2026-11-19 07:00"),
        ("UTC", "22:00", "07:00", "2026-11-19 00:00", "2026-11-19 07:00"),
        ("UTC", "22:00", "07:00", "2026-11-19 06:59", "2026-11-19 07:00"),
        ("UTC", "22:00", "07:00", "2026-11-19 07:00", None),
        ("UTC", "12:00", "13:30", "2026-11-18 13:00", "2026-11-18 13:30"),
        ("UTC", "12:00", "13:30", "2026-11-18 11:00", None),
        ("UTC", "00:00", "06:00", "2026-11-18 00:00", "2026-11-18 06:00"),
        ("UTC", "22:00", "00:00", "2026-11-18 23:59", "2026-11-19 00:00"),
        ("UTC", "08:00", "08:00", "2026-11-18 09:00", None),
        ("UTC", None, "07:00", "2026-11-18 03:00", None),
        ("UTC", "22:00", None, "2026-11-18 23:00", None),
        ("Asia/Kolkata", "22:00", "07:00", "2026-11-18 16:30", "2026-11-19 01:30"),
        ("Asia/Kolkata", "22:00", "07:00", "2026-11-18 16:29", None),
        ("America/Los_Angeles", "22:00", "07:00", "2026-11-19 06:00", "2026-11-19 15:00"),
        # nights of 8 and of 10 hours
        ("Europe/Berlin", "22:00", "07:00", "2026-03-28 21:00", "2026-03-29 05:00"),
        ("Europe/Berlin", "22:00", "07:00", "2026-10-24 20:00", "2026-10-25 06:00"),
        # an end that is skipped, and one that comes twice
        ("Europe/Berlin", "22:00", "02:30", "2026-03-29 00:59", "2026-03-29 01:00"),
        ("Europe/Berlin", "22:00", "02:30", "2026-03-29 01:00", None),
        ("Europe/Berlin", "22:00", "02:30", "2026-10-25 00:29", "2026-10-25 00:30"),
        ("Europe/Berlin", "22:00", "02:30", "2026-10-25 01:10", None),
        ("Australia/Lord_Howe", "22:00", "01:45", "2026-04-04 14:44", "2026-04-04 14:45"),
        ("Australia/Lord_Howe", "22:00", "01:45", "2026-04-04 15:10", None),
    ],
)
def test_quiet_hours_end_by_the_person_s_own_clock(
    zone: str, begins: str | None, ends: str | None, now: str, until: str | None
) -> None:
    assert quiet_until(utc(now), begins, ends, ZoneInfo(zone)) == (utc(until) if until else None)
