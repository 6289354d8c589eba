"""The page of hours and welcome, the note above the field, and the JSON of office hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wellchat import clock
from wellchat.automatic_messages import actions
from wellchat.automatic_messages.forms import Texts
from wellchat.automatic_messages.models import AutomaticMessages, CouponWelcome
from wellchat.db import db
from wellchat.subjects.actions import put_subject

PAGE = "/settings/automatic"
NIGHT = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
HOURS = [[["09:00", "17:00"]]] * 5 + [[], []]
WEEK = {"d0a_from": "09:00", "d0a_to": "12:00", "d0b_from": "13:00", "d0b_to": "00:00"}


def test_what_is_set_up_is_kept_and_shown_again(browse, cast):
    page = browse(cast.paul)
    off = {
        "off0_from": "2099-12-24",
        "off0_to": "2099-12-26",
        "off1_from": "2099-05-01",
        "off3_from": "2001-01-01",
    }
    texts = {"welcome": "Hello {First Name}\r\n", "away": "Back {back}"}
    assert page.post(PAGE, data=WEEK | off | texts).status_code == 303
    kept = db.session.get(AutomaticMessages, cast.paul.id)
    assert kept.hours == [[["09:00", "12:00"], ["13:00", "00:00"]], [], [], [], [], [], []]
    assert kept.days_off == [["2099-05-01", "2099-05-01"], ["2099-12-24", "2099-12-26"]]
    assert (kept.welcome, kept.away) == ("Hello {First Name}", "Back {back}")
    shown = page.get(PAGE).text
    for value in ("13:00", "2099-12-26", "Hello {First Name}", "Back {back}"):
        assert value in shown
    assert page.post(PAGE, data={}).status_code == 303
    db.session.expire_all()
    assert db.session.get(AutomaticMessages, cast.paul.id) is None


REFUSED = {
    "half a time": ({"d1a_from": "09:00"}, "Fill in both times"),
    "no time": ({"d1a_from": "9 am", "d1a_to": "10:00"}, "four digits"),
    "backwards": ({"d1a_from": "17:00", "d1a_to": "09:00"}, "The end comes before the beginning."),
    "overlapping": (
        {"d1a_from": "09:00", "d1a_to": "12:00", "d1b_from": "11:00", "d1b_to": "13:00"},
        "These times overlap.",
    ),
    "no date": ({"off0_from": "tomorrow"}, "Write a date such as"),
    "days off backwards": ({"off0_from": "2099-02-01", "off0_to": "2099-01-01"}, "The end comes before"),
    "days off without a beginning": ({"off0_to": "2099-01-01"}, "Write a date such as"),
    "days off for ever": ({"off0_from": "2099-01-01", "off0_to": "9999-12-31"}, "a year at most"),
    "unknown placeholder": (WEEK | {"away": "I am {at} home"}, "There is no placeholder {at}."),
    "when back, in a welcome": ({"welcome": "See you {back}"}, "There is no placeholder {back}."),
    "an answer outside no hours": ({"away": "Away"}, "Fill in your hours first"),
    "too long": ({"welcome": "x" * 2001}, "2000"),
}


@pytest.mark.parametrize(("typed", "reason"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_is_refused_with_its_reason_and_kept_in_the_form(
    browse, cast, everything, typed, reason
):
    page, before = browse(cast.paul), everything()
    answer = page.post(PAGE, data=typed)
    assert answer.status_code == 422
    assert reason in answer.text
    assert next(iter(typed.values()))[:1000] in answer.text
    assert everything() == before


def test_the_page_is_for_professionals_alone(browse, cast, now):
    for who in (cast.cara, cast.ada):
        page = browse(who)
        assert page.get(PAGE).status_code == 404
        assert page.post(PAGE, data={"welcome": "Hi"}).status_code == 404
        assert "/settings/automatic" not in page.get("/settings").text
    assert "/settings/automatic" in browse(cast.paul).get("/settings").text


def test_a_coupon_gets_a_welcome_of_its_own(browse, cast, now):
    put = {"professional_id": cast.paul.id, "now": now}
    coupon = put_subject(kind="coupon", external_id="c", title="Ten % off", **put)
    lead = put_subject(kind="lead", external_id="l", title="A lead", client_id=cast.cara.id, **put)
    page, address = browse(cast.paul), f"{PAGE}/coupons/{coupon.id}"
    assert "Ten % off" in page.get(PAGE).text
    assert page.post(address, data={"body": "Hi {first_name}"}).status_code == 303
    assert db.session.get(CouponWelcome, coupon.id).body == "Hi {first_name}"
    refused = page.post(address, data={"body": "Hi {nobody}"})
    assert (refused.status_code, "Hi {nobody}" in refused.text) == (422, True)
    for who in (cast.rita, cast.cara):
        assert browse(who).post(address, data={"body": "Mine"}).status_code == 404
    assert page.post(f"{PAGE}/coupons/{lead.id}", data={"body": "Hi"}).status_code == 404
    page.post(address, data={"body": " "})
    db.session.expire_all()
    assert db.session.get(CouponWelcome, coupon.id) is None


def set_up(cast, hours=HOURS, now=NIGHT):
    actions.set_up(viewer=cast.paul, texts=Texts(), hours=hours, days_off=[], now=now)


def test_a_client_reads_when_somebody_is_back_before_they_write(browse, talk, cast, change, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    set_up(cast)
    change(cast.cara, time_zone="Asia/Tokyo", zone_known=True, locale="en")
    note = 'role="note"'
    page = browse(cast.cara).get(f"/threads/{talk.id}").text
    assert "Paul Professional is back today at 18:00. You can write all the same." in page
    assert note not in browse(cast.paul).get(f"/threads/{talk.id}").text
    change(cast.cara, time_zone="America/Los_Angeles", locale="fr")
    assert note in browse(cast.cara).get(f"/threads/{talk.id}").text


def test_the_json_says_the_same(api, talk, cast, change, monkeypatch):
    change(cast.cara, locale="en")
    call, path = api(cast.cara), f"/api/threads/{talk.id}/office-hours"
    assert call.get(path).json == {"office_hours": None}
    set_up(cast)
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    assert call.get(path).json["office_hours"] == {
        "open": False,
        "closes_at": None,
        "back_at": "2026-12-01T09:00:00.000Z",
        "sentence": "Paul Professional is back today at 09:00.",
    }
    monkeypatch.setattr(clock, "now", lambda: NIGHT + timedelta(hours=8))
    assert call.get(path).json["office_hours"] == {
        "open": True,
        "closes_at": "2026-12-01T17:00:00.000Z",
        "back_at": "2026-12-02T09:00:00.000Z",
        "sentence": "Paul Professional is back tomorrow at 09:00.",
    }
    monkeypatch.setattr(clock, "now", lambda: NIGHT + timedelta(days=3, hours=18))
    sentence = call.get(path).json["office_hours"]["sentence"]
    assert sentence == "Paul Professional is back on Monday 7 December at 09:00."
    assert api(cast.paul).get(path).json == {"office_hours": None}


@pytest.mark.each_database
def test_the_page_of_a_thread_pays_only_where_hours_are_set(browse, talk, cast, queries, make_app):
    page, counts = browse(cast.cara), []
    page.get(f"/threads/{talk.id}")
    for hours in ([], HOURS):
        if hours:
            set_up(cast, now=clock.now())
        with queries() as counted:
            assert page.get(f"/threads/{talk.id}").status_code == 200
        counts.append(counted.count)
    assert counts[1] == counts[0] + 2  # what is set up, and the thread with the person


@pytest.mark.each_database
def test_what_was_said_automatically_is_marked_on_the_page(browse, talk, cast, now):
    from wellchat.messaging.messages import send_message
    from wellchat.messaging.models import AUTOMATIC

    send_message(sender=cast.paul, thread_id=talk.id, body="Away", client_key="a", now=now, via=AUTOMATIC)
    page = browse(cast.cara).get(f"/threads/{talk.id}").text
    assert 'data-via="automatic"' in page
