"""The page on which a conversation starts: whom it lists, in which order, page by page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from wellchat.accounts.actions import create_user
from wellchat.connections.actions import connect
from wellchat.db import transaction
from wellchat.messaging.contacts import contacts
from wellchat.messaging.messages import send_message
from wellchat.messaging.threads import open_thread
from wellchat.safety.between import end_connection


def clients_of(person, count, now):
    """Each second one has written, the later the more recently."""
    with transaction():
        for i in range(count):
            name = f"{chr(ord('z') - i % 26)}oe {i:03}"
            client = create_user(email=f"c{i}@example.com", name=name, role="client", now=now)
            connect(client_id=client.id, professional_id=person.id, now=now)
            if i % 2 == 0:
                thread_id, _ = open_thread(viewer=client, with_id=person.id, now=now)
                at = now + timedelta(minutes=i)
                send_message(sender=client, thread_id=thread_id, body="Hi", client_key="k", now=at)


def all_of(viewer, limit, **asked):
    found, before = [], None
    while True:
        page, before = contacts(viewer, limit=limit, before=before, **asked)
        found += page
        if before is None:
            return found


@pytest.mark.each_database
def test_the_last_contact_comes_first_then_the_others_by_name_in_pages_without_a_gap(app, cast, now):
    clients_of(cast.rita, 11, now)
    expected = [f"{chr(ord('z') - i)}oe {i:03}" for i in (10, 8, 6, 4, 2, 0, 9, 7, 5, 3, 1)]
    for limit in (1, 2, 4, 50):
        assert [person["name"] for person in all_of(cast.rita, limit)] == expected
    assert [bool(person["thread_id"]) for person in all_of(cast.rita, 50)] == [True] * 6 + [False] * 5
    assert [p["name"] for p in all_of(cast.rita, 2, words="OE 00")] == [n for n in expected if n < "zoe 010"
                                                                        and "00" in n]  # fmt: skip
    assert all_of(cast.rita, 2, words="100%") == all_of(cast.paul, 2, words="_____") == []


@pytest.mark.each_database
def test_who_cannot_be_written_to_is_there_only_with_something_to_read(app, cast, talk, now):
    def names(viewer):
        return [person["name"] for person in contacts(viewer, limit=9)[0]]

    connect(client_id=cast.olga.id, professional_id=cast.paul.id, now=now)
    silent, _ = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    talk.says(cast.cara, "Hello")
    end_connection(viewer=cast.cara, thread_id=talk.id, now=now)
    end_connection(viewer=cast.olga, thread_id=silent, now=now)
    assert names(cast.paul) == ["Cara Client"]
    assert names(cast.cara) == names(cast.olga) == ["Paul Professional"]


def test_the_page_costs_the_same_for_three_people_and_for_three_hundred(app, cast, now, browse, queries):
    page = browse(cast.rita)
    page.get("/new")
    with queries() as few:
        page.get("/new")
    clients_of(cast.rita, 120, now)
    with queries() as many:
        shown = page.get("/new").text
    assert few.count == many.count
    seen = re.findall(r"\woe \d{3}</span>|\woe \d{3}</p>", shown)
    while following := re.search(r'href="(/new\?before=[^"]+)"', shown):
        shown = page.get(following[1]).text
        seen += re.findall(r"\woe \d{3}</span>|\woe \d{3}</p>", shown)
    assert len(seen) == len(set(seen)) == 120
    assert page.get("/new?before=nonsense").status_code == 422
    # What was looked for goes on to the next page.
    led = page.post("/new", data={"q": "oe"}).headers["Location"]
    rest = page.get(unescape(re.search(r'href="(/new\?before=[^"]+)"', page.get(led).text)[1])).text
    assert rest.count("oe ") > 20
    assert "Paul" not in rest


def test_more_of_a_searched_inbox_is_of_the_search(app, cast, now, browse, api):
    clients_of(cast.rita, 8, now)
    led = browse(cast.rita).post("/", data={"q": "oe 004"}).headers["Location"]
    sealed = led.partition("?")[2]
    found = api(cast.rita).get(f"/api/threads?{sealed}&limit=30").json["threads"]
    assert [each["other"]["name"] for each in found] == ["voe 004"]
