"""Services, prices and hours in the database: what they cost in statements, and the commands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.booking.calendar import service, week
from wellchat import money
from wellchat.availability import actions, queries
from wellchat.availability.forms import read_week
from wellchat.errors import Invalid, NotFound


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
