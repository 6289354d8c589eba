"""Invitations in mails and feeds, read again by a library that others use."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from tests.booking.calendar import hour_ahead, open_calendar
from tests.booking.test_life import booked
from wellchat.booking import actions
from wellchat.booking_notices.actions import sweep
from wellchat.calendars import feed
from wellchat.calendars.ics import Event, calendar, folded
from wellchat.db import db, transaction
from wellchat.errors import NotFound
from wellchat.mail import compose
from wellchat.mail.models import Mail

NASTY = "Grüße, \\ 50;50\r\nBEGIN:VEVENT 👩‍👩‍👧‍👦\x07 " + "καλημέρα " * 20


def parsed(content):
    return icalendar.Calendar.from_ical(content)


def event_in(content):
    (event,) = parsed(content).walk("VEVENT")
    return event


def test_words_of_people_stay_words_and_no_line_is_long_or_cut():
    now = datetime(2026, 12, 1, tzinfo=UTC)
    name = 'Maya "M" ^ Ünal\nATTENDEE:x'
    one = Event(
        "id@h", 1, now, now, now + timedelta(hours=1), NASTY, location=NASTY, url="https://h/a\r\nX:1"
    )
    content = calendar("REQUEST", [one], name=NASTY)
    assert len(parsed(content).walk("VEVENT")) == 1
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    event = event_in(content)
    assert str(event["SUMMARY"]) == NASTY.replace("\r\n", "\n").replace("\x07", "")
    assert "X" not in event
    whole = Event("id@h", 1, now, now, now + timedelta(hours=1), "x", organizer=(name, "a@example.com"))
    organizer = event_in(calendar("REQUEST", [whole]))["ORGANIZER"]
    assert organizer.params["CN"] == name
    assert "ATTENDEE" not in event_in(calendar("REQUEST", [whole]))
    assert folded("a" * 75) == b"a" * 75 + b"\r\n"
    assert folded("a" * 76) == b"a" * 75 + b"\r\n a\r\n"


def mails_of(person, now):
    """Send what is due, and return the mails to one person, the oldest first: (what, message)."""
    sweep(now)
    query = select(Mail).where(Mail.name == "appointment", Mail.user_id == person.id).order_by(Mail.id)
    found = []
    for mail in db.session.execute(query).scalars().all():
        rendered = compose.render(mail, now=now)
        found.append((mail.context["what"], rendered.content))
    return found


def part_of(content):
    whole = email.message_from_bytes(content, policy=email.policy.default)
    assert whole.get_content_type() == "multipart/alternative"
    last = list(whole.iter_parts())[-1]
    return last if last.get_content_type() == "text/calendar" else None


@pytest.mark.each_database
def test_a_mail_invites_replaces_and_cancels_one_event(app, cast, now):
    start = hour_ahead(now)
    one = booked(cast, open_calendar(cast.paul, now, place="Lindenstr. 3; II"), start, now)
    seen = {}
    for act in (None, "move", "cancel"):
        if act == "move":
            actions.move(viewer=cast.paul, booking_id=one.id, starts_at=start + timedelta(hours=4), now=now)
        if act == "cancel":
            actions.cancel(viewer=cast.cara, booking_id=one.id, now=now)
        ((what, content),) = mails_of(cast.cara, now)
        part = part_of(content)
        found = parsed(part.get_content())
        assert part.get_param("method") == str(found["METHOD"])
        assert part.get_filename() == "invite.ics" or part.get_param("name") == "invite.ics"
        ((_, same),) = mails_of(cast.cara, now + timedelta(minutes=1))
        assert part_of(same).get_content() == part.get_content(), "a retry has the same bytes"
        (event,) = found.walk("VEVENT")
        seen[what] = (str(found["METHOD"]), event)
        with transaction() as session:
            session.query(Mail).delete()
    assert {what: method for what, (method, _) in seen.items()} == {
        "booked": "REQUEST",
        "moved": "REQUEST",
        "cancelled": "CANCEL",
    }
    events = [seen[what][1] for what in ("booked", "moved", "cancelled")]
    assert len({str(event["UID"]) for event in events}) == 1
    assert [int(event["SEQUENCE"]) for event in events] == [0, 1, 2]
    assert [event.decoded("DTSTART") for event in events] == [start, *[start + timedelta(hours=4)] * 2]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert str(events[0]["LOCATION"]) == "Lindenstr. 3; II"
    assert str(events[0]["ATTENDEE"]).endswith("cara@example.com")
    assert events[0]["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert str(events[0]["ORGANIZER"]) == "mailto:wellchat@localhost"


def test_a_discreet_mail_brings_no_event(app, cast, now):
    app.config["DISCREET_MAILS"] = True
    booked(cast, open_calendar(cast.paul, now), hour_ahead(now), now)
    ((_, content),) = mails_of(cast.cara, now)
    assert b"text/calendar" not in content


def made(viewer, now, **more):
    return feed.make_feed(viewer=viewer, busy_only=False, now=now, **more)


@pytest.mark.each_database
def test_a_feed_has_the_same_bytes_until_something_changes(app, cast, now):
    start = hour_ahead(now)
    one = booked(cast, open_calendar(cast.paul, now), start, now)
    secret = made(cast.cara, now)
    first = feed.read_feed(secret, now)
    assert first == feed.read_feed(secret, now + timedelta(minutes=5))
    assert b"VTIMEZONE" not in first
    whole = parsed(first)
    assert str(whole["REFRESH-INTERVAL"].to_ical().decode()) == "PT1H"
    assert re.search(rb"REFRESH-INTERVAL;VALUE=DURATION:PT1H", first)
    (event,) = whole.walk("VEVENT")
    assert (event.decoded("DTSTART"), str(event["SUMMARY"])) == (start, "Follow-up · Paul Professional")
    actions.move(viewer=cast.paul, booking_id=one.id, starts_at=start + timedelta(hours=4), now=now)
    assert event_in(feed.read_feed(secret, now)).decoded("DTSTART") == start + timedelta(hours=4)
    actions.cancel(viewer=cast.cara, booking_id=one.id, now=now)
    assert parsed(feed.read_feed(secret, now)).walk("VEVENT") == []


def test_a_feed_of_times_alone_names_nobody(app, cast, now):
    booked(cast, open_calendar(cast.paul, now, place="Lindenstr. 3"), hour_ahead(now), now)
    found = feed.read_feed(feed.make_feed(viewer=cast.paul, busy_only=True, now=now), now)
    for word in (b"Cara", b"Follow-up", b"Linden", b"/sessions/"):
        assert word not in found


def test_the_address_is_made_once_renewed_and_dead_with_the_account(app, browse, cast, now):
    browser, stranger = browse(cast.cara), browse()
    assert "There is no address yet." in browser.get("/settings/calendar").text
    page = browser.post("/settings/calendar", data={"detail": "all"}).text
    path = re.search(r'value="[^"]*(/calendar/\w+\.ics)"', page)[1]
    assert path not in browser.get("/settings/calendar").text
    answer = stranger.get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = stranger.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = re.search(r"/calendar/\w+\.ics", browser.post("/settings/calendar", data={}).text)[0]
    assert stranger.get(path).status_code == 404
    with transaction() as session:
        session.merge(cast.cara).disabled_at = now
    assert stranger.get(other).status_code == 404
    with pytest.raises(NotFound):
        feed.read_feed("no such", now)


def test_one_appointment_is_a_file(app, browse, cast, now):
    one = booked(cast, open_calendar(cast.paul, now), hour_ahead(now), now)
    browser, path = browse(cast.cara), f"/sessions/{one.id}/calendar.ics"
    assert path in browser.get(f"/sessions/{one.id}").text
    assert str(event_in(browser.get(path).data)["UID"]).startswith(one.id)
    assert browse(cast.olga).get(path).status_code == 404
    assert browser.post("/settings/calendar/end").status_code == 303
