"""Positions in a long thread: around a message or at a day, without loading what lies in between."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.cast import long_life as fill
from wellchat.db import transaction
from wellchat.messaging.models import Message
from wellchat.messaging.navigation import first_of_day, messages_around
from wellchat.messaging.queries import thread_for

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.mark.each_database
def test_messages_around_a_seq_are_at_most_the_limit(talk, queries):
    fill(talk, 1000, start=NOON)
    found, earlier = messages_around(talk.cara, talk.id, 500, limit=20)
    assert [m.seq for m in found] == list(range(490, 510))
    assert earlier
    for seq, first, last in ((1, 1, 20), (0, 1, 20), (1000, 981, 1000), (9999, 981, 1000)):
        found, earlier = messages_around(talk.cara, talk.id, seq, limit=20)
        assert [found[0].seq, found[-1].seq, len(found)] == [first, last, 20]
        assert earlier == (first > 1)
    with queries() as counted:
        messages_around(talk.cara, talk.id, 300)
    assert counted.count <= 3


@pytest.mark.each_database
def test_first_of_day_finds_the_first_message_of_the_day(talk, queries, change):
    fill(talk, 200, start=NOON)  # one an hour, the first at noon on the tenth
    assert first_of_day(talk.cara, talk.id, date(2026, 1, 10)) == 1
    assert first_of_day(talk.cara, talk.id, date(2026, 1, 11)) == 13
    assert first_of_day(talk.cara, talk.id, date(2026, 1, 1)) == 1
    assert first_of_day(talk.cara, talk.id, date(2027, 1, 1)) == 200
    change(talk.cara, time_zone="Asia/Tokyo")  # nine hours ahead: its day begins nine messages earlier
    assert first_of_day(talk.cara, talk.id, date(2026, 1, 11)) == 4
    with queries() as counted:
        first_of_day(talk.cara, talk.id, date(2026, 1, 12))
    assert counted.count == 2


def test_first_of_day_is_right_for_every_length_and_day(talk):
    """Compares the bisection with a scan of all messages, also where several have the same time."""
    for count in range(1, 12):
        with transaction() as session:
            session.execute(Message.__table__.delete())
        fill(talk, count, start=NOON, every=timedelta(hours=16))
        at = {seq: NOON + timedelta(hours=16) * (seq - 1) for seq in range(1, count + 1)}
        for day in range(8, 20):
            begins = datetime(2026, 1, day, tzinfo=UTC)
            expected = next((seq for seq, when in at.items() if when >= begins), count)
            assert first_of_day(talk.cara, talk.id, begins.date()) == expected, (count, day)


def test_an_empty_thread_has_no_first_message_of_a_day(talk, api, browse):
    assert first_of_day(talk.cara, talk.id, date(2026, 1, 1)) is None
    assert messages_around(talk.cara, talk.id, 5) == ([], False)
    answer = api(talk.cara).get(f"/api/threads/{talk.id}/messages?date=2026-01-01").json
    assert answer["messages"] == []
    page = browse(talk.cara).get(f"/threads/{talk.id}?date=2026-01-01")
    assert page.headers["Location"] == f"/threads/{talk.id}"


def test_the_messages_call_accepts_around_and_date(talk, api):
    fill(talk, 200, start=NOON)
    call = api(talk.cara).get
    around = call(f"/api/threads/{talk.id}/messages?around=100&limit=10").json
    assert [m["seq"] for m in around["messages"]] == list(range(95, 105))
    assert (around["at"], around["has_more"]) == (100, True)
    day = call(f"/api/threads/{talk.id}/messages?date=2026-01-11&limit=4").json
    assert day["at"] == 13
    assert 13 in [m["seq"] for m in day["messages"]]
    assert "at" not in call(f"/api/threads/{talk.id}/messages?after=3").json


@pytest.mark.parametrize(
    "query",
    [
        "around=-1",
        "around=x",
        "date=yesterday",
        "date=0001-01-01",
        "date=9999-12-31",
        "around=1&date=2026-01-01",
        "around=3&before=4",
    ],
)
def test_invalid_positions_are_refused(talk, api, query):
    answer = api(talk.cara).get(f"/api/threads/{talk.id}/messages?{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_the_page_opens_at_any_message_without_script(talk, browse):
    fill(talk, 1000, start=NOON)
    cara = browse(talk.cara)
    page = cara.get(f"/threads/{talk.id}?at=500").text
    seqs = [int(seq) for seq in re.findall(r'data-seq="(\d+)"', page)]
    assert seqs == list(range(475, 525))
    earlier = re.search(r'href="(/threads/[^"]*before=475)"', page)[1]
    later = re.search(r'href="(/threads/[^"]*after=524)"', page)[1]
    assert "message 474<" in cara.get(earlier).text
    assert "message 525<" in cara.get(later).text
    assert re.search(r'data-part="newer" hidden', cara.get(f"/threads/{talk.id}").text)


def test_a_date_redirects_to_its_first_message_without_script(talk, browse):
    fill(talk, 200, start=NOON)
    cara = browse(talk.cara)
    assert 'type="date" name="date"' in cara.get(f"/threads/{talk.id}").text
    answer = cara.get(f"/threads/{talk.id}?date=2026-01-11")
    assert answer.headers["Location"] == f"/threads/{talk.id}?at=13#13"
    assert cara.get(f"/threads/{talk.id}?date=nonsense").status_code == 422
    assert browse().get(f"/threads/{talk.id}?date=2026-01-11").status_code == 302


def test_the_page_opens_at_the_first_unread_message(talk, browse, change):
    fill(talk, 1000, start=NOON)
    for last_read, first, last in ((600, 576, 625), (800, 792, 1000), (1000, 951, 1000)):
        change(thread_for(talk.cara, talk.id).mine, last_read_seq=last_read)
        page = browse(talk.cara).get(f"/threads/{talk.id}").text
        seqs = [int(seq) for seq in re.findall(r'data-seq="(\d+)"', page)]
        assert (seqs[0], seqs[-1]) == (first, last)
        assert ('role="separator"' in page.partition('role="log"')[2].partition("<template")[0]) == (
            last_read < 1000
        )


def test_a_message_s_address_works_without_script(talk, browse, now):
    talk.exchange("c" * 60)
    cara = browse(talk.cara)
    far = cara.post(f"/threads/{talk.id}/messages/10/reactions", data={"add": "👍"})
    assert far.headers["Location"] == f"/threads/{talk.id}?at=10#10"
    assert 'id="10"' in cara.get(f"/threads/{talk.id}?at=10").text
    for seq, place in ((10, "?at=10#10"), (11, "#11")):  # the page opens with the last fifty, 11 to 60
        assert cara.post(f"/threads/{talk.id}/messages/{seq}/pin", data={"pinned": "1"}).location.endswith(
            place
        )
    page = cara.get(f"/threads/{talk.id}").text
    assert ('id="10"' in page, 'id="11"' in page) == (False, True)
