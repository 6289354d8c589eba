"""The journey of two people: what is on it, in pages of 1,000, for the two alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.attachments.files import send, take
from tests.cast import long_life
from wellchat.clientele import journey as journeys
from wellchat.clientele.journey import drawing, journey
from wellchat.clock import iso
from wellchat.db import db, new_id, table, transaction
from wellchat.errors import NotFound
from wellchat.subjects.models import Subject

DAY = timedelta(days=1)


def put_bookings(talk, count, start, every=DAY, status="completed"):
    rows = [
        {
            "id": new_id(),
            "kind": "booking",
            "external_id": f"{start}{number}",
            "title": f"Cut {number}",
            "professional_id": talk.paul.id,
            "client_id": talk.cara.id,
            "status": status,
            "starts_at": start + number * every,
            "created_at": start,
            "updated_at": start,
        }
        for number in range(count)
    ]
    with transaction() as session:
        session.execute(insert(table(Subject)), rows)


@pytest.mark.each_database
def test_it_tells_first_message_bookings_pictures_and_breaks(app, api, talk, now):
    begun = now - 400 * DAY
    long_life(talk, 2, start=begun, every=90 * DAY)
    send(talk, talk.cara, [take(talk.cara, now), take(talk.cara, now)])
    put_bookings(talk, 1, begun + DAY)
    put_bookings(talk, 1, begun + 2 * DAY, status="cancelled")
    told = api(talk.paul).get(f"/api/people/{talk.cara.id}/journey").json
    assert [entry["kind"] for entry in told["entries"]] == [
        "break", "pictures", "break", "booking", "booking", "first_message",
    ]  # fmt: skip
    by_kind = {entry["kind"]: entry for entry in told["entries"]}
    assert by_kind["first_message"]["at"] == iso(begun)
    assert by_kind["pictures"]["pictures"] == 2
    assert by_kind["booking"]["called_off"] is False
    assert [e["since"] for e in told["entries"] if e["kind"] == "break"] == [
        iso(begun + 90 * DAY),
        iso(begun),
    ]
    # To the other one it is the same.
    assert api(talk.cara).get(f"/api/people/{talk.paul.id}/journey").json == told


@pytest.mark.each_database
def test_pages_of_a_long_way_have_no_gap_and_as_many_statements(app, talk, now, queries, monkeypatch):
    monkeypatch.setattr(journeys, "MAX_ENTRIES", 10)
    put_bookings(talk, 5, now - 50 * DAY)
    with queries() as few:
        journey(talk.paul, talk.cara.id)
    put_bookings(talk, 12, now - 90 * DAY)
    put_bookings(talk, 4, now - 30 * DAY, every=timedelta())  # at one moment
    seen, before, pages = [], None, 0
    while True:
        with queries() as many:
            page = journey(talk.paul, talk.cara.id, before=before)
        assert many.count == few.count
        seen += [(entry.at, entry.key) for entry in page.entries]
        pages += 1
        if (before := page.following) is None:
            break
    assert (len(seen), pages) == (21, 3)
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 21


def test_only_the_two_see_it(app, api, browse, cast, talk, now):
    for who in (cast.olga, cast.rita, cast.ada):
        with pytest.raises(NotFound):
            journey(who, talk.cara.id)
    bad = api(talk.paul).get(f"/api/people/{talk.cara.id}/journey?before=nonsense")
    assert bad.status_code == 422


def test_the_page_draws_the_line_with_its_list(app, browse, talk, now):
    page, path = browse(talk.paul), f"/people/{talk.cara.id}/journey"
    assert "Nothing yet" in page.get(path).text
    talk.exchange("c")
    put_bookings(talk, 3, now - 900 * DAY, every=300 * DAY)
    put_bookings(talk, 1, now + 5 * DAY, status="confirmed")
    db.session.rollback()
    shown = page.get(path).text
    assert shown.count('journey__booking"') == 4 + 1  # and the legend
    assert shown.count('<li class="list__row">') == 5
    assert "journey__now" in shown


def test_a_single_moment_is_no_line(now):
    assert drawing([], now) is None
    assert drawing([journeys.Entry(now, "a", "first_message", {})], now) is None
