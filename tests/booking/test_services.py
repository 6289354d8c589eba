"""Services, prices and hours in the database: what they cost in statements, and the commands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.booking.calendar import service, week
from wellchat import money
from wellchat.availability import actions, queries
from wellchat.availability.forms import read_week
from wellchat.booking import actions as bookings
from wellchat.booking import rules_changed
from wellchat.booking.models import Booking
from wellchat.booking_notices.models import Announcement
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.errors import Invalid, NotFound
from wellchat.subjects.models import Subject
from wellchat.zones import VERSION


@pytest.mark.parametrize(
    ("minutes", "price", "rate", "expected"),
    [
        (50, "", "", "75.00 EUR"),  # by the installation's hour of 90.00
        (25, "", "100 JPY", "42 JPY"),  # half up: 41.67
        (25, "0 EUR", "100 JPY", "0.00 EUR"),  # somebody said so
        (60, "75.50 CHF", "", "75.50 CHF"),
    ],
)
def test_a_price_is_the_services_else_by_the_hour(app, cast, now, minutes, price, rate, expected):
    actions.set_rate(professional_id=cast.paul.id, price=rate)
    found = queries.price_of(service(cast.paul, now, minutes=minutes, price=price))
    assert money.plain(found.minor, found.currency) == expected


def test_without_any_price_there_is_none_and_not_nothing(app, cast, now):
    app.config["HOUR_PRICE"] = None
    assert queries.price_of(service(cast.paul, now)) is None


@pytest.mark.parametrize(
    "price", ["75", "75.001 EUR", "1.5 JPY", "75 XXX", "-1 EUR", "99999999999 EUR", "٧٥ EUR"]
)
def test_an_amount_that_cannot_be_is_refused_at_its_field(app, cast, now, price):
    with pytest.raises(Invalid) as refused:
        service(cast.paul, now, price=price)
    assert set(refused.value.errors) == {"price"}


def test_money_is_reckoned_without_floats():
    assert money.parse("19.99 EUR") == (1999, "EUR")
    assert money.parse("4.35 EUR") == (435, "EUR")
    assert money.share(4999, 1500) == 750
    assert money.share(1050, 500) == 53
    assert money.of_minutes(50, 9000) == 7500


def test_services_are_of_professionals_and_seen_by_their_clients(app, cast, now):
    with pytest.raises(NotFound):
        service(cast.cara, now)
    offered = service(cast.paul, now)
    assert queries.service_for(cast.cara, offered.id).id == offered.id
    for stranger in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            queries.service_for(stranger, offered.id)
    actions.retire_service(viewer=cast.paul, service_id=offered.id, now=now)
    assert queries.services_of(cast.paul.id) == []


def test_a_week_is_read_from_the_fields_of_a_page():
    fields = {"d0a_from": "09:00", "d0a_to": "12:00", "d0b_from": "13:00", "d0b_to": "24:00"}
    assert read_week(fields | {"d0b_every": "2"}) == [(0, 540, 720, 1), (0, 780, 1440, 2)]
    wrong = {"d1a_from": "9", "d1a_to": "12:00", "d2a_from": "12:00", "d2a_to": "00:00"}
    wrong |= {"d3a_from": "09:00", "d3a_to": "12:00", "d3b_from": "11:00", "d3b_to": "13:00"}
    with pytest.raises(Invalid) as refused:
        read_week(wrong)
    assert set(refused.value.errors) == {"d1", "d2", "d3"}


@pytest.mark.each_database
def test_a_month_takes_as_many_statements_with_a_thousand_hours(app, cast, now, queries):
    from wellchat.availability.queries import free

    offered, counts, found = service(cast.paul, now), [], []
    for spans in ([(0, 540, 600, 1)], [(n % 7, n, n + 60, 1) for n in range(1000)]):
        week(cast.paul, now, spans)
        since = datetime(2027, 3, 1, tzinfo=UTC)
        with queries() as counted:
            found.append(free(offered, since=since, until=since + timedelta(days=31), now=now))
        counts.append(counted.count)
    assert counts[0] == counts[1] <= 7
    assert len(found[0]) == 5 < len(found[1])


@pytest.mark.each_database
def test_what_differs_from_the_week_is_kept_and_taken_back(app, cast, now):
    week(cast.paul, now, [(day, 540, 600, 1) for day in range(7)])
    offered, first = service(cast.paul, now), date(2027, 1, 4)
    actions.set_special_day(viewer=cast.paul, day=first, spans=[(720, 840)], now=now)
    off = actions.take_days_off(viewer=cast.paul, first=date(2027, 1, 5), last=date(2027, 1, 6), now=now)
    stay = {"first": date(2027, 1, 7), "last": date(2027, 1, 7), "zone": "Asia/Tokyo"}
    actions.travel(viewer=cast.paul, now=now, **stay)

    def hours():
        since = datetime(2027, 1, 3, 23, tzinfo=UTC)
        free = queries.free(offered, since=since, until=since + timedelta(days=5), now=now)
        return [f"{each:%d %H:%M}" for each in free]

    assert hours() == ["04 11:00", "04 11:30", "04 12:00", "07 00:00", "08 08:00"]
    actions.set_special_day(viewer=cast.paul, day=first, spans=None, now=now)
    actions.take_back(viewer=cast.paul, exception_id=off.id)
    assert hours() == ["04 08:00", "05 08:00", "06 08:00", "07 00:00", "08 08:00"]
    with pytest.raises(NotFound):
        actions.take_back(viewer=cast.rita, exception_id=off.id)


def test_commands_put_a_service_and_print_its_starts(app, cast, now):
    run = app.test_cli_runner().invoke
    hours = ["sun:01:00-04:00", "--zone", "Europe/Berlin", "--notice", "0", "--horizon", "700"]
    assert run(args=["service", "hours", "paul@example.com", *hours]).exit_code == 0
    put = ["service", "put", "paul@example.com", "S", "--minutes", "60", "--price", "75.00 EUR"]
    first, again = run(args=put), run(args=put)
    assert first.output == again.output
    ask = ["starts", "paul@example.com", "--service", "S", "--from", "2027-03-28", "--zone"]
    assert run(args=[*ask, "Europe/Berlin"]).output == "01:00+01:00 01:30+01:00 03:00+02:00\n"
    as_json = json.loads(run(args=[*ask, "Europe/Berlin", "--json"]).output)
    assert as_json["starts"][2] == "2027-03-28T03:00:00+02:00"
    new_york = [*ask[:-2], "2027-03-27", "--zone", "America/New_York"]
    assert run(args=new_york).output == "20:00-04:00 20:30-04:00 21:00-04:00\n"
    assert "no service" in run(args=["starts", "paul@example.com", "--service", "X", *ask[4:], "UTC"]).output


def test_commands_book_once_say_what_is_next_and_what_cancelling_costs(app, cast, now):
    connect(client_id=cast.olga.id, professional_id=cast.paul.id, now=now)
    run = app.test_cli_runner().invoke
    hours = ["sun:01:00-04:00", "--zone", "Europe/Berlin", "--notice", "0", "--horizon", "700"]
    assert run(args=["service", "hours", "paul@example.com", *hours]).exit_code == 0
    service(cast.paul, now, name="S", price="75.00 EUR", late_percent=50)
    at = ["paul@example.com", "--service", "S", "--at", "2027-03-28T01:30", "--zone", "Europe/Berlin"]
    first = run(args=["book", "cara@example.com", *at, "--key", "k"])
    assert first.output.endswith(" ends 2027-03-28T03:30+02:00\n")
    assert run(args=["book", "cara@example.com", *at, "--key", "k"]).output == first.output
    other = run(args=["book", "olga@example.com", *at])
    assert other.exit_code == 1
    assert "taken; next: 2027-04-04T01:00+02:00" in other.output
    cancel = ["booking", "cancel", first.output.split()[0], "--by", "cara@example.com"]
    dry = [*cancel, "--dry-run", "--now"]
    assert run(args=[*dry, "2027-03-27T00:30:00Z"]).output == "free of charge\n"
    assert run(args=[*dry, "2027-03-27T00:30:01Z"]).output == "late: 50 % of 75.00 EUR = 37.50 EUR\n"
    assert run(args=[*cancel, "--now", "2027-03-27T00:30:01Z"]).exit_code == 1
    assert run(args=cancel).output == "free of charge\n"


@pytest.mark.each_database
def test_a_booking_keeps_its_wall_time_when_rules_change(app, cast):
    """As if it had been made by older rules: noon in Vancouver at eight in the evening, UTC."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    week(cast.paul, now, [(day, 0, 1440, 1) for day in range(7)], zone="America/Vancouver")
    start = {"service_id": service(cast.paul, now).id, "starts_at": datetime(2026, 12, 15, 19, tzinfo=UTC)}
    made = bookings.book_for(viewer=cast.paul, client_id=cast.cara.id, now=now, **start)
    assert rules_changed.check(now=now, dry_run=True) == (1, [])
    hour = timedelta(hours=1)
    with transaction() as session:
        old = session.get_one(Booking, made.id)
        old.zone_data, old.starts_at, old.ends_at = "2025b", old.starts_at + hour, old.ends_at + hour
        session.execute(update(Subject).values(starts_at=old.starts_at))
        old.blocks_from, old.blocks_until = old.blocks_from + hour, old.blocks_until + hour
    for dry_run in (True, False):
        ahead, (line,) = rules_changed.check(now=now, dry_run=dry_run)
        assert ahead == 1
        assert line.endswith("America/Vancouver: 2026-12-15T20:00Z -> 2026-12-15T19:00Z")
    assert rules_changed.check(now=now, dry_run=False) == (1, [])
    found = db.session.get(Booking, made.id, populate_existing=True)
    assert (found.starts_at, found.sequence, found.zone_data) == (start["starts_at"], 1, VERSION[:10])
    told = db.session.execute(select(Announcement.what)).scalars().all()
    assert told.count("moved") == 2
    output = app.test_cli_runner().invoke(args=["zones", "check", "--dry-run"]).output
    assert output.endswith(f"bookings ahead move (tzdata {VERSION})\n")
