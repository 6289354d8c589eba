"""The pages and calls of booking, by form and without script; and who may see what."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import timedelta
from html import unescape

import pytest

from tests import outsiders
from tests.booking.calendar import clients_of, hour_ahead, open_calendar, week
from tests.booking.test_life import booked, held
from wellchat.booking import actions, ending
from wellchat.booking.models import BOOKED, CANCELLED, HELD, Booking
from wellchat.booking.refusals import Taken
from wellchat.connections.actions import connect
from wellchat.db import db, new_id
from wellchat.features import FEATURES

PACKAGES = ("availability", "booking", "calendars")
OURS = re.compile(
    r"/(api/)?(availability|services|book|bookings|sessions|people/<user_id>/(starts|services))\b"
)


def test_what_is_off_is_absent(make_app):
    """No route, command, sweep, style or script; on, they are there."""
    app = make_app()
    assert not [str(rule) for rule in app.url_map.iter_rules() if OURS.match(str(rule))]
    assert not {"service", "starts"} & set(app.cli.commands)
    features = app.extensions["features"]
    assert not [each.name for each in features.features if each.name in PACKAGES]
    assert "booking" not in features.styles
    assert not features.notification_kinds["appointment"].channels["email"]
    only = make_app(FEATURES=("salon", "-calendars"))
    assert [each.name for each in only.extensions["features"].features if each.name in PACKAGES] == [
        "availability",
        "booking",
    ]
    assert set(PACKAGES) <= set(FEATURES)


def test_booking_needs_what_it_stands_on(make_app):
    from wellchat.config import SettingsError

    with pytest.raises(SettingsError, match="booking needs availability"):
        make_app(FEATURES=("booking",))


def addresses(app):
    return [(method, rule) for method, rule in outsiders.addresses(app) if OURS.match(rule.rule)]


@pytest.mark.parametrize("who", ["olga", "rita", "ada"])
def test_what_is_not_yours_is_not_there(app, api, browse, cast, talk, now, who):
    outsider, tried = getattr(cast, who), 0
    samples = outsiders.samples_of(app, talk, now) | {"user_id": cast.paul.id}
    asked = f"?service={samples['service_id']}"
    for method, rule in addresses(app):
        values = outsiders.values_for(rule, samples)
        missing = {name: new_id() for name in values}
        client = api(outsider) if rule.rule.startswith("/api") else browse(outsider)
        more = asked if rule.rule.endswith("/starts") else ""
        paths = [outsiders.fill(rule, **found) + more for found in (values, missing)]
        theirs, nothing = (outsiders.call(client, method, rule, path, samples) for path in paths)
        assert theirs.status_code == nothing.status_code == 404, (method, rule.rule, theirs.status_code)
        assert outsiders.plain(theirs, values) == outsiders.plain(nothing, missing), (method, rule.rule)
        tried += 1
    assert tried >= 25


def test_nobody_gets_further_than_the_door(app, browse):
    client = browse()
    for rule in app.url_map.iter_rules():
        if not OURS.match(rule.rule):
            continue
        path = rule.build({name: new_id() for name in rule.arguments})[1]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method, json={} if path.startswith("/api") else None)
            if path.startswith("/api"):
                assert answer.status_code == 401, (method, path)
            else:
                assert answer.location.startswith("/sign-in"), (method, path)


@pytest.mark.parametrize("address", ["/availability", "/services", "/services/new"])
def test_clients_and_administrators_offer_nothing(app, browse, cast, address):
    for person in (cast.cara, cast.ada):
        assert browse(person).get(address).status_code == 404
    assert browse(cast.paul).get("/book").status_code == 404


# The client's way, by forms alone


def test_a_client_books_in_five_steps_moves_and_cancels(app, browse, cast, now):
    offered = open_calendar(cast.paul, now, price="75.00 EUR", late_percent=50)
    browser, start = browse(cast.cara), hour_ahead(now, days=5)
    assert f"/book/{cast.paul.id}" in browser.get("/book").text
    assert f"?service={offered.id}" in browser.get(f"/book/{cast.paul.id}").text
    day = f"/book/{cast.paul.id}?service={offered.id}&day={start.date()}"
    times = browser.get(day).text
    at = f"{start:%Y-%m-%dT%H:%M:%S}.000Z"
    assert f'value="{at}"' in times
    # in another zone the same moments
    assert f'value="{at}"' in browser.get(f"{day}&zone=UTC").text
    picked = browser.post(f"/book/{cast.paul.id}", data={"service": offered.id, "at": at})
    details = picked.location
    assert details.endswith("/details")
    assert "10 more minutes" in browser.get(details).text
    review = browser.post(details, data={"agenda": "Sleep & work"}).location
    shown = browser.get(review).text
    assert "Sleep &amp; work" in shown
    assert "After that, cancelling costs €37.50." in shown
    session = browser.post(review).location
    page = browser.get(session).text
    assert "It is booked." in page
    assert browser.get(details).location == session  # back in the browser leads on
    moved = start + timedelta(hours=3)
    moving = browser.get(f"{session}/move?day={start.date()}&zone=Asia/Tokyo").text
    assert f'value="{at}"' not in moving
    assert '<option value="Asia/Tokyo" selected>' in moving
    assert browser.post(f"{session}/move", data={"at": moved.isoformat()}).location == session
    assert "Moved" in browser.get(session).text
    cancelling = browser.get(f"{session}/cancel").text
    assert "Cancelling is free until" in cancelling
    assert browser.post(f"{session}/cancel", data={"cost": "3750"}).status_code == 409
    assert browser.post(f"{session}/cancel", data={"cost": "0", "reason": "Ill"}).location == session
    for when, count in (("upcoming", 0), ("cancelled", 1), ("past", 0)):
        assert browser.get(f"/sessions?when={when}").text.count(f'href="{session}"') == count
    assert "Ill" in browse(cast.paul).get(session).text


def test_the_menu_of_a_conversation_leads_a_client_to_booking(app, browse, talk):
    ours = f"/threads/{talk.says(talk.cara, 'Hello').thread_id}"
    assert f'href="/book/{talk.paul.id}"' in browse(talk.cara).get(ours).text
    assert 'href="/book/' not in browse(talk.paul).get(ours).text
    assert 'href="/availability" class="button button--plain"' in browse(talk.paul).get("/sessions").text


def test_a_time_that_went_meanwhile_is_said_with_the_next_ones(app, browse, cast, now):
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    mine = held(cast, offered, start, now).id
    other = clients_of(cast.paul, 1, now)[0]
    at = {"service": offered.id, "at": start.isoformat()}
    refused = browse(other).post(f"/book/{cast.paul.id}", data=at)
    assert refused.status_code == 409
    assert refused.text.count('name="at"') > 3
    later = now + timedelta(minutes=11)
    held(cast, offered, start, later, other)
    browser = browse(cast.cara)
    assert "not kept for you any more" in browser.get(f"/sessions/{mine}/details").text
    assert browser.post(f"/sessions/{mine}/review").status_code == 409
    assert browser.post(f"/sessions/{mine}/let-go").location.startswith(f"/book/{cast.paul.id}")


def test_a_request_is_accepted_and_marked_on_its_page(app, browse, cast, now):
    asked = booked(cast, open_calendar(cast.paul, now, asks=True), hour_ahead(now), now)
    path, browser = f"/sessions/{asked.id}", browse(cast.paul)
    assert "/approve" not in browse(cast.cara).get(path).text
    assert "/approve" in browser.get(path).text
    assert browser.post(f"{path}/approve").location == path
    assert browser.post(f"{path}/mark", data={"missed": "1"}).status_code == 409
    assert "It costs Cara Client nothing." in browser.get(f"{path}/cancel").text


# The professional's pages


def test_the_week_and_the_rules_are_kept_and_what_was_typed_stays(app, browse, cast):
    browser = browse(cast.paul)
    fields = {"zone": "Europe/Berlin", "step": "30", "notice_hours": "0", "horizon_days": "60"}
    fields |= {"week_starts": "0", "d0a_from": "09:00", "d0a_to": "12:00", "d0a_every": "2"}
    wrong = browser.post("/availability", data=fields | {"d1a_from": "25:00", "d1a_to": "26:00", "step": "x"})
    assert wrong.status_code == 422
    assert 'value="25:00"' in wrong.text
    assert 'id="d1-error"' in wrong.text
    assert 'id="step-error"' in wrong.text
    assert browser.post("/availability", data=fields).status_code == 303
    page = browser.get("/availability").text
    assert 'value="09:00"' in page
    assert re.search(r'name="d0a_every" value="2" checked', page)
    exception = {"kind": "off", "first": "2027-01-04", "last": "2027-01-03"}
    assert 'id="last-error"' in browser.post("/availability/exceptions", data=exception).text
    for more in (
        {"last": "2027-01-06"},
        {
            "kind": "special",
            "special_from": "10:00",
            "special_to": "11:00",
            "first": "2027-02-01",
            "last": "",
        },
        {"kind": "stay", "zone_there": "Asia/Tokyo", "last": ""},
    ):
        assert browser.post("/availability/exceptions", data=exception | more).status_code == 303
    page = browser.get("/availability").text
    assert "10:00–11:00" in page
    found = re.findall(r"/availability/exceptions/([\w-]+)/delete", page)
    assert len(found) == 3
    for each in found:
        assert browser.post(f"/availability/exceptions/{each}/delete").status_code == 303
    assert "None ahead" in browser.get("/availability").text


def test_services_are_made_changed_and_taken_away_by_form(app, browse, cast, now):
    week(cast.paul, now, [(day, 540, 600, 1) for day in range(7)])
    browser = browse(cast.paul)
    assert "You offer nothing yet" in browser.get("/services").text
    fields = {"name": "Follow-up", "minutes": "60", "before": "0", "after": "0", "price": "75 EUR"}
    fields |= {"window_hours": "24", "late_percent": "0", "asks": "1"}
    assert browser.get("/services/new").status_code == 200
    refused = browser.post("/services", data=fields | {"minutes": "3", "price": "much"})
    assert refused.status_code == 422
    assert "price-error" in refused.text
    assert 'value="much"' in refused.text
    assert browser.post("/services", data=fields).status_code == 303
    listed = browser.get("/services").text
    path = re.search(r'href="(/services/\w+)"', listed.replace("/services/new", ""))[1]
    assert 'value="75.00 EUR"' in browser.get(path).text
    assert browser.post(path, data=fields | {"name": "Longer"}).status_code == 303
    preview = browser.get("/availability?zone=Asia/Tokyo").text
    assert "Longer" in preview
    assert "17:00" in preview
    assert browser.post(f"{path}/retire").status_code == 303
    assert "Longer" not in browser.get("/services").text


# JSON


def test_a_program_books_moves_and_cancels(app, api, cast, now):
    offered, start = open_calendar(cast.paul, now, price="75.00 EUR"), hour_ahead(now)
    program = api(cast.cara)
    listed = program.get(f"/api/people/{cast.paul.id}/services").json["services"]
    assert [(each["id"], each["price"]) for each in listed] == [(offered.id, "75.00 EUR")]
    ask = f"/api/people/{cast.paul.id}/starts?service={offered.id}&from={start.date()}&days=1&zone=UTC"
    at = f"{start:%Y-%m-%dT%H:%M:%S}.000Z"
    assert {"at": at, "label": f"{start:%H:%M}"} in program.get(ask).json["starts"]
    body = {"service": offered.id, "starts_at": at, "client_key": "k"}
    first, again = program.post("/api/bookings", json=body), program.post("/api/bookings", json=body)
    assert first.status_code == again.status_code == 201
    one = first.json["booking"]
    assert (one["id"], one["state"]) == (again.json["booking"]["id"], HELD)
    assert 590 <= one["held_seconds"] <= 600
    path = f"/api/bookings/{one['id']}"
    assert program.post(f"{path}/confirm", json={"agenda": "x"}).json["booking"]["state"] == BOOKED
    other = api(clients_of(cast.paul, 1, now)[0])
    refused = other.post("/api/bookings", json=body | {"client_key": "other"})
    assert (refused.status_code, refused.content_type) == (409, "application/problem+json")
    assert len(refused.json["next"]) == 3
    moved = program.patch(path, json={"starts_at": refused.json["next"][0]})
    assert moved.json["booking"]["starts_at"] == refused.json["next"][0]
    assert program.delete(path).status_code == 409
    assert program.post(f"{path}/cancel", json={"cost": 1}).status_code == 409
    assert program.post(f"{path}/cancel", json={"reason": "Ill"}).json["booking"]["state"] == CANCELLED
    assert program.get("/api/bookings?when=cancelled").json["bookings"][0]["id"] == one["id"]
    assert program.get(path).json["booking"]["reason"] == "Ill"


def test_a_program_sets_hours_and_reads_them(app, api, cast):
    program = api(cast.paul)
    assert program.get("/api/availability").json == {"availability": None}
    hours = [{"weekday": 0, "begin": "09:00", "until": "24:00", "every": 2}]
    body = {"zone": "Europe/Berlin", "hours": hours, "step": 15}
    kept = program.put("/api/availability", json=body).json["availability"]
    assert (kept["hours"], kept["step"], kept["notice_hours"]) == (hours, 15, 12)
    assert program.get("/api/availability").json["availability"] == kept


BAD = [
    ("post", "/api/bookings", {"service": "x", "starts_at": "soon"}),
    ("post", "/api/bookings", {"service": "x" * 99, "starts_at": "2027-01-01T00:00:00Z"}),
    ("post", "/api/bookings", {"service": "x", "starts_at": "0001-01-01T00:00:00Z"}),
    ("put", "/api/availability", {"zone": "Mars/Olympus", "hours": []}),
    ("put", "/api/availability", {"zone": "UTC", "hours": [{"weekday": 7, "begin": "1", "until": "2"}]}),
    (
        "put",
        "/api/availability",
        {"zone": "UTC", "hours": [{"weekday": 1, "begin": "9:00", "until": "10:00"}]},
    ),
    (
        "put",
        "/api/availability",
        {"zone": "UTC", "hours": [{"weekday": 1, "begin": "09:00", "until": "10:00"}] * 13},
    ),
    ("get", "/api/bookings?when=never", None),
    ("get", "/api/bookings?before=yesterday", None),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_bad_input_is_a_refusal_that_says_where(app, api, cast, everything, method, path, body):
    before = everything()
    more = {"json": body} if body is not None else {}
    answer = getattr(api(cast.paul), method)(path, **more)
    assert answer.status_code in (404, 422), answer.text
    assert everything() == before


@pytest.mark.parametrize("at", ["9999-12-31T23:59:00Z", "0001-01-02T00:00:00Z", "2027-02-30", "x"])
def test_a_time_far_away_is_no_error_of_ours(app, browse, cast, now, at):
    offered = open_calendar(cast.paul, now)
    answer = browse(cast.cara).post(f"/book/{cast.paul.id}", data={"service": offered.id, "at": at})
    assert answer.status_code in (409, 422)
    days = browse(cast.cara).get(f"/book/{cast.paul.id}?service={offered.id}&day=9999-12-31")
    assert days.status_code in (200, 422)


def test_a_zone_that_does_not_exist_is_a_refusal_where_the_time_is_taken(app, browse, cast, now):
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    booked(cast, offered, start, now)
    other = clients_of(cast.paul, 1, now)[0]
    moving = booked(cast, offered, start + timedelta(hours=4), now, other)
    browser, at = browse(other), {"service": offered.id, "at": start.isoformat(), "zone": "Mars/Olympus"}
    assert browser.post(f"/book/{cast.paul.id}", data=at).status_code == 422
    assert browser.post(f"/sessions/{moving.id}/move", data=at).status_code == 422
    again = browser.post(f"/sessions/{moving.id}/move", data=at | {"zone": "Asia/Tokyo"})
    assert again.status_code == 409
    assert '<option value="Asia/Tokyo" selected>' in again.text


@pytest.mark.each_database
def test_lists_take_as_many_statements_with_more_in_them(app, browse, cast, now, queries):
    offered, browser = open_calendar(cast.paul, now), browse(cast.paul)
    counts: list[int] = []
    browser.get("/sessions")  # the first of a session puts down who is here
    for _ in range(2):
        for person in clients_of(cast.paul, 4, now) if not counts else []:
            number = db.session.query(Booking).count()
            booked(cast, offered, hour_ahead(now) + timedelta(hours=number), now, person)
        db.session.rollback()
        with queries() as counted:
            browser.get("/sessions")
        counts.append(counted.count)
        booked(cast, offered, hour_ahead(now, 9 + len(counts)), now)
        ending.sweep(now)
    assert counts[0] == counts[1]


@pytest.mark.each_database
def test_a_list_of_many_with_one_start_shows_each_once(app, api, browse, cast, now, monkeypatch):
    monkeypatch.setattr("wellchat.booking.queries.PAGE", 2)
    offered, start = open_calendar(cast.paul, now), hour_ahead(now)
    made = set()
    for person in clients_of(cast.paul, 5, now):
        one = booked(cast, offered, start, now, person)
        actions.cancel(viewer=person, booking_id=one.id, now=now)
        made.add(one.id)
    seen: list[str] = []
    before = None
    while not seen or before:
        query = {"when": "cancelled", **({"before": before} if before else {})}
        page = api(cast.paul).get("/api/bookings", query_string=query).json
        seen += [each["id"] for each in page["bookings"]]
        before = page["before"]
    assert (len(seen), set(seen)) == (5, made)
    shown = browse(cast.paul).get("/sessions?when=cancelled").text
    led = unescape(re.search(r'href="(/sessions\?when=cancelled&amp;before=[^"]+)"', shown)[1])
    assert browse(cast.paul).get(led).status_code == 200


def test_one_key_at_two_professionals_at_once_is_a_refusal(app, cast, now, monkeypatch):
    """The second looks for the key before the first is there, and the database refuses it."""
    connect(client_id=cast.cara.id, professional_id=cast.rita.id, now=now)
    offered, start = [open_calendar(one, now) for one in (cast.paul, cast.rita)], hour_ahead(now)
    monkeypatch.setattr(actions, "_by_key", lambda *_: None)
    for number, professional in enumerate((cast.paul, cast.rita)):
        ask = {"viewer": professional, "client_id": cast.cara.id, "service_id": offered[number].id}
        with pytest.raises(Taken) if number else nullcontext():
            actions.book_for(**ask, starts_at=start, client_key="k", now=now)
