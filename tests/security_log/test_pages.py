"""The pages of the security log: whose they are, what they show, what leaves them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests.audit.conftest import events
from tests.browsing import Browser
from tests.cast import Cast, Talk
from wellchat.accounts.personal_data import erase_person
from wellchat.accounts.session_models import UserSession
from wellchat.audit.actions import record
from wellchat.audit.models import OPERATOR, SYSTEM
from wellchat.audit.sealing import seal
from wellchat.db import transaction

Browse = Callable[..., Browser]


@pytest.mark.each_database
def test_only_who_has_the_duty_sees_it(
    app: Flask, cast: Cast, browse: Browse, change: Any, now: datetime
) -> None:
    for who in (cast.cara, cast.paul):
        assert browse(who).get("/oversight/audit").status_code == 404
        assert browse(who).post("/oversight/audit/export").status_code in (303, 404)
        assert "/oversight/audit" not in browse(who).get("/settings").text
    for roles, status in (("owner", 200), ("auditor", 200), ("support", 404), ("moderator", 404), ("", 404)):
        change(cast.ada, admin_roles=roles)
        assert browse(cast.ada).get("/oversight/audit").status_code == status, roles


@pytest.mark.each_database
def test_it_names_people_and_filters(
    app: Flask, talk: Talk, cast: Cast, browse: Browse, now: datetime
) -> None:
    record(
        "access.refused", now=now, actor_id=talk.cara.id, person_id=talk.paul.id, about=("thread", talk.id)
    )
    record("limit.reached", now=now - timedelta(days=3), actor_id=talk.paul.id, outcome="refused")
    record("person.exported", now=now - timedelta(days=9), actor_kind=OPERATOR, person_id=cast.olga.id)
    ada = browse(cast.ada)
    page = ada.get("/oversight/audit").text
    for words in ("Cara Client", "Paul Professional", "The operator", "Olga Outsider", f"thread {talk.id}"):
        assert words in page

    def count(query: str) -> int:
        answer = ada.get(f"/oversight/audit?{query}")
        assert answer.status_code == 200, query
        return answer.text.count("list__row")

    today, before = now.date(), (now - timedelta(days=3)).date()
    assert count("") == 3
    assert count("person=paul@example.com") == 2
    assert count(f"person={talk.cara.id}") == 1
    assert count("kind=limit.reached") == 1
    assert count("severity=high") == 0
    assert count("outcome=refused") == 1
    assert count(f"since={before}") == 2
    assert count(f"until={before}") == 2
    assert count(f"since={before}&until={before}") == 1
    assert count(f"about=thread:{talk.id}") == 1
    assert count(f"since={today}&kind=person.exported") == 0
    assert "Nothing in the security log matches" in ada.get("/oversight/audit?severity=high").text


def test_a_person_who_is_looked_for_stands_in_no_address(
    app: Flask, cast: Cast, talk: Talk, browse: Browse, now: datetime
) -> None:
    for minutes in range(60):
        at = now - timedelta(minutes=minutes)
        record("access.refused", now=at, actor_id=talk.cara.id, person_id=talk.paul.id)
    ada, paul = browse(cast.ada), browse(talk.paul)
    for path in ("/oversight/audit", "/oversight/emails"):
        form = {"person": "paul@example.com", "kind": "access.refused", "state": "sent"}
        answer = ada.post(path, data=form)
        assert (answer.status_code, "paul" in answer.location) == (303, False)
        page = ada.get(answer.location)
        assert page.status_code == 200
        assert 'value="paul@example.com"' in page.text
        # Nor in the address of the page that follows, which holds the same filters.
        assert not re.search(r'href="[^"]*paul@', page.text)
        assert paul.post(path, data=form).status_code == 404
    listed = ada.get(ada.post("/oversight/audit", data={"person": "paul@example.com"}).location).text
    earlier = re.search(r'href="([^"]+)"[^>]*>Earlier ones', listed)
    assert earlier
    assert "list__row" in ada.get(earlier[1]).text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("person=nobody@example.com", "Nobody here has this address."),
        ("person=sam", "Write a whole email address, or an id."),
        ("kind=no.kind", "There is no such kind."),
        ("about=x", "kind:id"),
        ("before=x", "There is no such page"),
        ("since=soon", "such as 2026-01-31"),
        ("severity=x", "Choose one of"),
        ("until=9999-12-31", "There is no such day."),
        ("person=%00", "NUL"),
        ("before=%ff", "There is no such page"),
    ],
)
def test_a_filter_that_cannot_be_says_so(
    app: Flask, cast: Cast, browse: Browse, query: str, words: str
) -> None:
    answer = browse(cast.ada).get(f"/oversight/audit?{query}")
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.each_database
def test_pages_follow_each_other_and_cost_the_same_however_long_the_log(
    app: Flask, cast: Cast, browse: Browse, now: datetime, queries: Any
) -> None:
    people = [cast.cara.id, cast.paul.id, cast.olga.id]

    def write(start: int, count: int) -> None:
        for number in range(start, start + count):
            at = now - timedelta(seconds=number)
            record("access.refused", now=at, actor_id=people[number % 3], detail={"n": number})

    ada = browse(cast.ada)
    write(0, 60)
    ada.get("/oversight/audit")
    with queries() as few:
        first = ada.get("/oversight/audit").text
    write(60, 140)
    with queries() as many:
        first = ada.get("/oversight/audit").text
    assert few.count == many.count
    seen, page = [], first
    while True:
        seen += [int(part.partition("<")[0].partition(",")[0]) for part in page.split("n: ")[1:]]
        following = page.partition('class="mail-more"')[2].partition('href="')[2].partition('"')[0]
        if not following:
            break
        page = ada.get(following.replace("&amp;", "&")).text
    assert seen == [*range(200)]


@pytest.mark.each_database
def test_a_download_is_streamed_and_on_record(
    app: Flask, talk: Talk, cast: Cast, browse: Browse, now: datetime
) -> None:
    for number in range(1200):
        record("access.refused", now=now - timedelta(seconds=number), actor_kind=SYSTEM, detail={"n": number})
    record("limit.reached", now=now, actor_id=talk.cara.id)
    ada = browse(cast.ada)
    answer = ada.post("/oversight/audit/export", data={"form": "jsonl", "kind": "access.refused"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="security-log.jsonl"'
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["detail"]["n"] for row in rows] == [*range(1199, -1, -1)]
    answer = ada.post("/oversight/audit/export", data={"form": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["kind"] for row in table} == {"access.refused", "limit.reached", "audit.exported"}
    assert "Cara" not in answer.text
    assert len(events("audit.exported")) == 2
    assert ada.post("/oversight/audit/export", data={"form": "xml"}).status_code == 422
    assert len(events("audit.exported")) == 2


def test_a_download_asks_again_who_is_there(app: Flask, cast: Cast, browse: Browse) -> None:
    ada = browse(cast.ada)
    with transaction() as session:
        session.execute(update(UserSession).values(proved_at=None))
    answer = ada.post("/oversight/audit/export", data={"form": "csv"})
    assert answer.status_code == 303
    assert answer.location.startswith("/prove")
    assert events("audit.exported") == []


# One's own


@pytest.mark.each_database
def test_people_see_what_happened_with_their_own_account(
    app: Flask, talk: Talk, cast: Cast, browse: Browse, now: datetime
) -> None:
    cara = talk.cara
    assert "Nothing has happened" in browse(cara).get("/settings/activity").text
    record("person.exported", now=now, actor_id=cara.id)
    record("person.exported", now=now, actor_kind=OPERATOR, person_id=cara.id)
    record("access.refused", now=now, actor_id=cara.id)  # not for the person
    record("person.exported", now=now, actor_id=talk.paul.id)
    record("person.exported", now=now - timedelta(days=91), actor_id=cara.id)
    page = browse(cara).get("/settings/activity").text
    assert page.count("list__row") == 2
    assert "Personal data exported" in page
    assert "Done by the operator" in page


def test_the_device_of_somebody_else_is_not_shown(
    app: Flask, talk: Talk, cast: Cast, browse: Browse, now: datetime
) -> None:
    def act(actor: str | None, person: str | None, address: str) -> None:
        with app.test_request_context(
            "/", environ_base={"REMOTE_ADDR": address}, headers={"User-Agent": "Firefox/1 Windows"}
        ):
            app.preprocess_request()
            record("person.exported", now=now, actor_id=actor, person_id=person)

    act(cast.ada.id, talk.cara.id, "198.51.100.7")
    act(talk.cara.id, None, "192.0.2.7")
    act(None, talk.cara.id, "203.0.113.7")
    page = browse(talk.cara).get("/settings/activity").text
    assert "192.0.2.0/24" in page
    assert "203.0.113.0/24" in page
    assert "198.51.100.0/24" not in page
    assert "Not done by you" in page
    assert "Ada Admin" not in page


@pytest.mark.each_database
def test_who_was_erased_has_no_name_there(
    app: Flask, talk: Talk, cast: Cast, browse: Browse, now: datetime
) -> None:
    record("access.refused", now=now, actor_id=talk.cara.id)
    erase_person(user_id=talk.cara.id, now=now)
    seal(now)
    page = browse(cast.ada).get("/oversight/audit").text
    assert page.count("Somebody who is gone") >= 2
    assert "Cara" not in page
    assert "Account erased" in page
